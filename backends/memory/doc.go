// Package memory keeps users and sessions in the memory of one process.
//
// It is for tests, for examples, and for an application that runs as a single process and may
// lose all sessions when it restarts. Nothing bounds it but memory: a session takes some three
// hundred and fifty bytes, with a tenth of its user, until [Store.Sweep] removes it. The space
// is then used for new sessions, and not returned.
//
// A session needs its user in the store. An application with a table of users creates each of them
// with [Store.Users] as well, and checks passwords there. A Version is the store's own, and not that
// of the table.
package memory
