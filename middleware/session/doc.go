// Package session is the registry of sessions: where they are opened, extended and ended,
// whichever credential proves them.
//
//	sessions, err := session.New(session.Config{
//		Store:  memory.New(),
//		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
//	})
//	cookies, err := cookie.New(cookie.Config{Sessions: sessions, Keys: keys})
//	devices, err := devices.New(sessions)
//
// The store, the policy, the limit and the events are configured here, once, for cookies, tokens
// and the list of devices.
//
// # Another way of proving
//
// A [Method] is one way of proving a session. The packages cookie and jwtauth use theirs, and
// an application can add its own (API keys, client certificates, passkeys), whose sessions have
// the same limit, events and list of devices. An authenticator that embeds the Method inherits
// [middleware.Renewer] and [middleware.SessionWatcher] from it. Its own Authenticate
//
//   - parses its credential, which should hold the ID of the session and a [backends.Secret];
//   - returns [middleware.ErrNoCredentials] if there is none of its kind, and
//     [middleware.ErrInvalidCredentials] if it cannot be one;
//   - calls [Method.Authenticate] otherwise.
//
// See the example of API keys (example_apikey_test.go). A login's Policy says how long a key
// lives; with an Idle of a year, set its Interval too.
//
// # Errors
//
// The methods return errors of package middleware, which a guard's Refuse turns into a status:
// ErrInvalidCredentials and the errors that wrap it, ErrTooManySessions, ErrInvalidArgument for
// a mistake of the application, and ErrUnavailable if the store could not be asked.
package session
