// Package cache caches a backend and bounds how long a revocation can go unnoticed.
//
//	store, err := cache.New(cache.Config{Store: backend}) // pass it on instead of backend
//	go store.Follow(ctx, report)                          // as long as the server runs
//	users := store.Users()                                // change users through it
//
// A guarded request whose session is cached needs no round trip.
//
// # How soon a change holds
//
// A change is a session that was ended, superseded or authenticated again, or a user whose
// roles or password changed, or who was disabled or deleted. It holds
//
//   - in the process that makes it: when the call returns;
//   - in other processes: as a rule within milliseconds, when the backend's feed reports it;
//   - in all of them: at most Config.MaxLag after it was committed, if the feed works or is
//     known not to;
//   - in any case: at most Config.MaxAge after it was committed.
//
// The bounds are checked on every read; they do not rely on a timer. A session is believed if
// it was read at most MaxLag ago, or if the feed has been connected since before it was read
// and has confirmed at most MaxLag ago that it is up to date. A feed that is cut off, by a
// network that drops packets or a paused server, stops confirming, and the backend is asked
// again. If the backend cannot be asked either, Find returns its error, and the guard answers
// 503. A feed that goes on where it was interrupted reports what was missed, and what is cached
// of other users is believed as before.
//
// A feed can also confirm and yet be incomplete: a trigger is missing, or a view depends on the
// time. That is what MaxAge is for. Ages are measured on the wall clock and on the monotonic
// clock, and the larger counts, so neither a machine that slept nor a clock that was set back
// makes the cache believe a session for longer.
//
// A backend without a [backends.Feed] can be cached too: every session is then read again after
// MaxLag.
//
// # Activity
//
// Extend reaches the row as it does without a cache, at most once in a renewal interval. The
// feed does not report activity, so the cached idle deadline may be earlier than that of the
// row. The cache therefore never refuses a session by itself: it asks the backend.
//
// # What is cached
//
// One entry for each session: the session, its user, the hash of its secret, and up to four
// credentials that packages cookie and jwtauth have verified, by their SHA-256. No entry holds
// a secret or a credential. Entries and bytes are bounded; the least valuable entries are
// evicted (W-TinyLFU, by github.com/maypok86/otter).
//
// Refusals are not cached: a bad credential costs what it costs without a cache. Simultaneous
// look-ups of one session are one call of the backend.
package cache
