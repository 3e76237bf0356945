//go:build race

package dbsc_test

const raced = true
