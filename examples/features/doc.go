// Package features is a shop with what most applications need around a login, each feature in a file
// of its own, to be copied. README.md lists them, and how many lines of each have to do with inga.
// There are no pages, only what their handlers decide: a line of text stands for each.
//
// The shop has a users table of its own, with bigint IDs, and roles in tables beside it: schema.sql.
// Its tests run all of it on a real PostgreSQL, over HTTP, with cookie jars:
//
//	go test ./examples/features
package features
