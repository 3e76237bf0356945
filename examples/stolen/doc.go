// Package stolen holds tests of bound sessions: a thief has a copy of all that a browser or a program sends,
// but not its key, and tries it at two servers with one store.
package stolen
