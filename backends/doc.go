// Package backends says what is remembered, and what a store of it promises.
//
// Two kinds of row exist. A [User] may log in, and has roles. A [Session] is one
// login of one user on one device; a cookie and a Bearer token are only two ways of
// naming it. Logging out, the list of devices, the idle and the absolute timeout and
// revocation are therefore written once and mean the same for both.
//
// # Contracts
//
//   - [Store] is what a guarded request and a login need. Every backend has it.
//   - [Rotator] is for sessions with refresh tokens.
//   - [Directory] lists and ends the sessions of a user, or of everyone.
//   - [Values] remembers small values for a session; [Key] gives them a type.
//   - [Sweeper] removes what is dead. The application decides when; see [Sweep].
//   - [Feed] tells of changes, for those who remember what they were answered.
//   - [Users] is for backends that keep the users too. An application that has a
//     users table of its own does not need it.
//
// backends/memory and backends/postgres implement all of them, and backends/cache, around
// either, all but the last. A store of your own is one when backends/backendtest says so.
//
// # Rules that hold for every store
//
// The time is an argument, never read from a clock: two stores that are asked the
// same thing at the same instant give the same answer. Times are kept with a
// precision of a microsecond or better, and come back in UTC.
//
// A session that has ended never lives again: no change makes a row live that was not, and
// nothing inserts a row that an update did not find. What has expired may still be marked as
// ended, so that a clock that is set back does not revive it.
//
// A store keeps no secret. It is given the SHA-256 of a session cookie's secret and
// looks rows up by that.
//
// All methods may be called concurrently. What they return is the caller's own: changing it
// changes nothing in the store. With a context that has ended they return an error that says
// nothing about the session or the user.
package backends
