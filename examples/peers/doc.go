// Package peers compares what sessions in memory cost here, by hand, and with
// alexedwards/scs: a guarded request, the CPU time of a server that answers it, and a million
// sessions that are stored; and guarded requests with their sessions in Redis or PostgreSQL. It has no
// code but benchmarks:
//
//	go test -run '^$' -bench Guarded -benchmem ./examples/peers
//	go test -run '^$' -bench Server -benchtime 100x ./examples/peers
//	go test -run '^$' -bench Memory -benchtime 1x ./examples/peers
//	go test -run '^$' -bench Stored -benchmem ./examples/peers
//
// They do not do the same work. Here a cookie is signed, and a row holds the hash of a secret,
// the client and the times of its policy; scs holds the values of the session, and writes them
// back after each request when an idle timeout is set; by hand there is only what the request
// of the benchmark needs.
package peers
