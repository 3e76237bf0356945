// Package backends defines what is stored, and the contracts of the stores.
//
// There are two kinds of row. A [User] may log in and has roles. A [Session] is one login of
// one user on one device. A cookie and a Bearer token are two ways of naming a session, so
// logging out, the list of devices, both timeouts and revocation are written once and mean the
// same for both.
//
// # Contracts
//
// [Store] is what a guarded request and a login need: five methods, and all that a backend must
// have. The other contracts are optional, and [Supports] tells whether a store has one:
//
//   - [Rotator] adds refresh tokens.
//   - [SessionLister] lists and ends the sessions of a user, or of everyone.
//   - [Values] remembers small values for a session. [ValueKey] gives them a type.
//   - [Claims] gives a name to the first that asks: for what is used once.
//   - [Binder] binds a session to the key of a device.
//   - [Attempts] counts and slows tries at a secret.
//   - [Sweeper] removes dead rows. The application decides when; see [Sweep].
//   - [Feed] reports changes, so that caches can invalidate.
//   - [UserFinder] and [UserStore] are for backends that can find, or also keep, users.
//
// The packages memory, postgres and redis below this one implement all of them, and package cache puts
// a cache before any store. A store of your own is correct if it passes package backendtest.
//
// # Rules for every store
//
// Every credential carries the ID of its session, so a session is found by its ID alone. A
// store keeps no secret and has no index of secrets: it is given the SHA-256 of one, and
// compares.
//
// The time is an argument and never read from a clock: two stores that are asked the same thing
// at the same instant give the same answer. Times are kept with a precision of a microsecond or
// better, and returned in UTC.
//
// What a row may hold is decided by the Validate methods of this package, which every store
// calls. A value that one store refuses is refused by all, with [ErrInvalidArgument].
//
// A session that has ended never lives again: no change makes a row live that was not, and
// nothing inserts a row that an update did not find. An expired session may still be marked as
// ended, so that a clock that is set back does not revive it.
//
// All methods may be called concurrently. What they return belongs to the caller: changing it
// changes nothing in the store. With a context that has ended they return an error that says
// nothing about the session or the user, unless an argument decides the answer by itself: an ID
// that no store accepts, or a value that is not valid.
package backends
