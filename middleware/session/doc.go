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
// # Acting as another user
//
// A member of the support team may have to see what a customer sees. A [middleware.Login] with an Actor
// opens a session of the customer for that:
//
//	id, _ := middleware.FromContext(r.Context()) // who is about to act
//	cookies.Login(w, r, middleware.Login{Subject: customer.ID, Actor: &id})
//
// It is no login of the customer, and says so: the Actor of its identities, events and devices, and the
// claim act of its tokens, name who acts. It counts in no limit and ends no other session. It lasts half
// an hour at most, and no longer than the policy's idle timeout or the actor's own session; activity
// does not prolong it. No refresh token and no re-authentication belongs to it, and it passes neither
// [middleware.Fresh] nor [middleware.HasAMR]: put them before what only the customer may do. It passes
// [middleware.Bound] only with a token that is bound to a key.
//
// It ends with the actor: when the actor's own session does, or the actor is disabled, deleted, or gets
// another version, as with a new password or other roles. That is looked up for each of its requests,
// so a revocation is noticed as soon as one of its own, and requests of other sessions cost what they
// did. Logging out of it leads back to the actor's own session. The customer sees it in the list of
// devices, and may end it there.
//
// Who may act as whom is for the application to decide before: with a rule on the route, and a look at
// the roles of the customer. The actor has the customer's, be they more than the actor's own. A user
// cannot act from a session in which they act already, nor without a session of ours.
//
// # Errors
//
// The methods return errors of package middleware, which a guard's Refuse turns into a status:
// ErrInvalidCredentials and the errors that wrap it, ErrTooManySessions, ErrInvalidArgument for
// a mistake of the application, and ErrUnavailable if the store could not be asked.
package session
