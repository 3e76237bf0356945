// Package clients tests the quickstart with other OAuth and JWT libraries, of Go, Node and Python,
// against a server process, over HTTP. It has only tests:
//
//	go test ./examples/clients
//
// A test is skipped where its tool is missing: npm for the libraries in node/, a python3
// with PyJWT and cryptography (Debian: python3-jwt, python3-cryptography) for python/. With
// CI=true it fails instead. The scripts run by themselves, too, with a quickstart that was started
// with -refresh-overlap 1ns -leeway 1ns:
//
//	npm ci && node client.mjs http://127.0.0.1:8080 ES256
//	python3 verify.py http://127.0.0.1:8080 ES256
package clients
