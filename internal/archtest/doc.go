// Package archtest holds tests of the architecture: which package may import which, how large
// files and types may get, and what must be documented.
package archtest
