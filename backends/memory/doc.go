// Package memory keeps users and sessions in the memory of one process.
//
// It is for tests, for examples, and for an application that runs as a single process
// and may log everybody out when it restarts. Nothing bounds it but memory: a session
// costs some five hundred bytes until [Store.Sweep] removes it.
package memory
