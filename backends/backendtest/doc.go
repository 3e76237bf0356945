// Package backendtest checks that a store keeps the contracts of package backends.
//
// # Writing a store
//
// A store needs the five methods of [backends.Store]. Most of their rules are methods of
// package backends that a store calls rather than repeats: [backends.Session.Validate] says what
// a row may hold, Live whether it may be used, Due and Touch what activity does to it, and
// [backends.Limit.Evict] which sessions make room for a new one. What is left to the store is to
// keep rows, and to make each method one atomic step: a map behind a mutex is a store, and the
// example of this package is one of about a hundred lines.
//
// # Testing it
//
// Call [Run] from a test, and run it with -race:
//
//	func TestStore(t *testing.T) {
//		backendtest.Run(t, func(t *testing.T) backendtest.Harness {
//			s := mystore.New() // empty
//			return backendtest.Harness{Store: s, PutUser: s.putUser, DropUser: s.dropUser}
//		})
//	}
//
// A session belongs to a user, so the suite must be able to add users: through
// [Harness].PutUser and DropUser, or through the store itself if it is a [backends.UserStore].
//
// The name of each subtest is a promise in words. The subtests of an optional contract, such as
// [backends.Rotator], run if the store supports it as [backends.Supports] reports; a line of the
// log names the contracts that were left out. A method with a mistake in its signature leaves out
// a contract too, so let the compiler check it:
//
//	var _ backends.Rotator = (*Store)(nil)
//
// The time is an argument of every method and begins in the year 2031, so a store that reads a
// clock fails. All times are whole microseconds, the precision that every store must have. No
// result depends on the speed of the machine: calls that are to happen at the same time wait for
// each other, and where the suite waits for a report of the store it is patient.
package backendtest
