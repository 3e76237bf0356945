// Package parity has tests only: they build the programs in examples/stdmux, chi, echo and
// gin, start them, send the same requests to all of them, and ask for the same answers: those
// that are written in the tables here.
package parity
