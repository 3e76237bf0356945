// Package parity has only tests: they build and start the programs in examples/stdmux, chi, echo and
// gin, send the same requests to all of them, and require the same answers, which are in the tables
// here.
package parity
