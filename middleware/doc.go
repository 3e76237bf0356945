// Package middleware guards http.Handlers: it finds out who made a request, and decides
// whether it may pass.
//
// Three small interfaces do the work. An [Authenticator] says who it is: package cookie and
// package jwtauth have theirs, and [FirstOf] asks several. An [Authorizer] objects, or does
// not: [HasRole], [HasScope], or a function of yours. A [Guard] asks the first, then the
// second, and passes the request on with an [Identity] in its context, or refuses it.
//
//	guard, err := middleware.New(middleware.Config{
//		Authenticator: middleware.FirstOf(tokens, sessions),
//		Roles:         []string{"user", "admin"},
//	})
//	admin, err := guard.Require(middleware.HasRole("admin"))
//
//	mux.Handle("/account", guard.Handler(account)) // anybody who is logged in
//	mux.Handle("/admin/", admin.Handler(panel))    // administrators
//	mux.Handle("/{$}", guard.Optional(home))       // everybody; handlers see who it is
//
// Every method that takes and returns an http.Handler fits whatever takes such functions:
// chi's Use and With, echo's WrapMiddleware, [Chain].
//
// # Refusals
//
//	no credential                                     401, a bare challenge
//	expired, revoked, malformed or wrong credential   401, error="invalid_token" if a token was sent
//	authenticated too long ago, or not well enough    401, error="insufficient_user_authentication"
//	a request that contradicts itself                 400, error="invalid_request"
//	a rule objects, or a cross-origin write           403
//	the backend cannot be asked                       503, Retry-After
//
// An outage is never a 401: nobody is logged out by it, and nobody is let in. The body is
// that of RFC 9457 unless a [Denier] of yours writes another, or [LoginRedirect] sends
// browsers to a login page. Its type tells a client how its session ended: expired, revoked,
// superseded by a newer login, stolen. Other reasons are logged and not sent.
//
// # What else there is for a route
//
// [Fresh] and [HasAMR] are rules for what a session left open should not reach. Being active
// makes nothing fresh; authenticating again does.
//
// [EndWithSession] cancels the context of a request when its session ends, for event streams
// and WebSockets, which otherwise outlive it.
//
// [Proxies] finds the address of a client behind proxies that the application names; nobody
// else's headers are believed.
//
// # Events
//
// An [EventHook] is told of logins, logouts, renewals, theft, revocations with their reason and
// actor, limits and denials: the same hook in every Config is an audit trail. Without one,
// package cookie and package jwtauth log what happens; see [LogEvents].
//
// # Guards inside guards
//
// A guard may stand inside another one: a router's group, say, and one route of it. The
// inner guard does not ask again what its own authenticator has answered for this request,
// so a request costs one lookup however many guards it passes. It relies on nothing else: an
// identity that another authenticator established, or the laxer rules of the guard
// outside, mean nothing to it.
//
// # What it does not do
//
// No ResponseWriter is wrapped: streaming, hijacking, and whatever else the server's own
// writer can do, works as without a guard. And a guard guards what it wraps: a route that is
// registered beside it is open.
package middleware
