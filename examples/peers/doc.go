// Package peers compares what a guarded request costs here, by hand, and with
// alexedwards/scs. It has no code but a benchmark:
//
//	go test -run '^$' -bench . -benchmem ./examples/peers
//
// All of them keep sessions in memory and find the user behind a cookie. They do not
// promise the same: scs's cookie is not signed and its memory store is not hashed, and it
// writes the session back after each request when an idle timeout is set.
package peers
