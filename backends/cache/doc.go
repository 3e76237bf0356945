// Package cache puts a memory before a backend, so that a guarded request needs no round
// trip, and says by when a revocation holds all the same.
//
//	store, err := cache.New(cache.Config{Store: backend}) // give it to cookie and jwtauth
//	go store.Follow(ctx, report)                          // as long as the server runs
//	users := store.Users(backendUsers)                    // to change users in this process
//
// # The bound
//
// A change is a session that was ended, superseded or authenticated again, a user whose
// roles or password changed, or who was disabled or deleted. It holds
//
//   - in the process that makes it: when the call returns;
//   - in every other one: when the backend's feed tells of it, which takes milliseconds;
//   - and everywhere, whatever breaks: at most Config.MaxLag after it was committed.
//
// The last one is a property of what is believed, not of a timer that must fire. Something
// that was read is believed if it was read at most MaxLag ago; or if the feed has been heard
// without a gap since it was read, and has said at most MaxLag ago that it is up to date.
// When the feed is cut, by a network that swallows packets, a server that was paused or
// killed, a pooler that loses notifications, that second condition becomes false by itself,
// and the backend is asked again. If it cannot be asked either, the error says so, and the
// guard answers 503.
//
// While the feed is heard a busy session is answered from memory for as long as its idle
// deadline allows, and not only for MaxLag. Nothing is sent for mere activity.
//
// # Activity
//
// Extend reaches the row as without a cache: at most once in the renewal interval. A process
// that did not hear of the activity at another one believes a session older than it is. It
// therefore never says by itself that a session has ended: it asks.
//
// # What is remembered
//
// Sessions and users as they were read, and which cookies and tokens were verified, with what
// they claim: all of it under SHA-256 hashes, never under a credential. Entries and bytes are
// bounded; what is used least goes first (W-TinyLFU, by github.com/maypok86/otter). Answers
// that refuse are not remembered: whoever presents something bad costs what they cost without
// a cache, and simultaneous questions about one session are one question.
package cache
