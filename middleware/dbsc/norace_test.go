//go:build !race

package dbsc_test

// raced says whether the race detector watches. It takes things out of pools.
const raced = false
