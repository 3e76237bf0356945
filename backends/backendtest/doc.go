// Package backendtest says whether a store keeps the promises of package backends.
//
// Call [Run] from a test of the store:
//
//	func TestStore(t *testing.T) {
//		backendtest.Run(t, func(t *testing.T) backendtest.Harness {
//			return backendtest.Harness{Store: mystore.New()}
//		})
//	}
//
// The name of every subtest is a promise in words. What a store must do for the
// optional contracts [backends.Directory], [backends.Sweeper] and [backends.Users] is
// tested when it has their methods, and shown as skipped when it has not.
//
// The time is an argument of every call, and the suite takes it from a date of its own:
// it never sleeps, and a store that reads a clock fails. All times are whole
// microseconds, the precision that every store must have. Run it with -race.
package backendtest
