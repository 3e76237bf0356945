//go:build race

package parity_test

var buildFlags = []string{"-race"}
