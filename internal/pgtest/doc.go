// Package pgtest gives tests a real PostgreSQL.
//
// The server is private: it runs from a temporary directory, is reached through a Unix
// socket that only this user (and root) can open, and is gone when the test process is,
// however that ends. It is started at first use, once for a test process:
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
//	func TestSomething(t *testing.T) {
//		pool := pgtest.Pool(t)
//		schema := pgtest.Schema(t)
//		...
//	}
//
// The programs initdb and postgres are looked for in PATH, then where Debian keeps them.
// If the environment variable INGA_TEST_DATABASE_URL is set, that database is used instead;
// its user must be allowed to create schemas. Without either the test is skipped, or fails
// if CI=true.
//
// A test of its own kind, an outage say, has [Start].
//
// Nothing here is durable or safe for data that anyone needs.
package pgtest
