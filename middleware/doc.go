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
//	a request that contradicts itself                 400, error="invalid_request"
//	a rule objects, or a cross-origin write           403
//	the backend cannot be asked                       503, Retry-After
//
// An outage is never a 401: nobody is logged out by it, and nobody is let in. The body is
// that of RFC 9457 unless a [Denier] of yours writes another, or [LoginRedirect] sends
// browsers to a login page. Reasons are logged and not sent.
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
// writer can do, works as without a guard. A response that takes long is not interrupted
// when its session ends. And a guard guards what it wraps: a route that is registered
// beside it is open.
package middleware
