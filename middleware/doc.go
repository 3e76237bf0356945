// Package middleware guards http.Handlers: it authenticates requests and decides which of them
// may pass. A [Guard] refuses a request, or passes it on with an [Identity] in its context. Three
// small interfaces do the work:
//
//   - An [Authenticator] establishes who made a request. Packages cookie and jwtauth have
//     theirs, and [FirstOf] combines several.
//
//   - An [Authorizer] decides whether that identity may pass: [HasRole], [HasScope], [Fresh], or
//     a function of your own.
//
//   - A [Denier] writes the response to a refused request: [Problem] by default, or
//     [LoginRedirect].
//
// A guard is made once, and others of it by adding rules:
//
//	guard, err := middleware.New(middleware.Config{
//		Authenticator: middleware.FirstOf(tokens, cookies),
//		Roles:         []string{"user", "admin"},
//	})
//	admin, err := guard.Require(middleware.HasRole("admin"))
//
//	mux.Handle("/account", guard.Handler(account)) // any user who is logged in
//	mux.Handle("/admin/", admin.Handler(panel))    // administrators only
//	mux.Handle("/{$}", guard.Optional(home))       // anonymous visitors too
//
// All middleware here has the type func(http.Handler) http.Handler, which chi's Use and With,
// echo's WrapMiddleware, and [Chain] take.
//
// # Refusals
//
//	no credential                                     401, a bare challenge
//	expired, revoked, malformed or wrong credential   401, error="invalid_token" if a token was sent
//	a bound session without the proof of its key      401, error="invalid_token" if a token was sent
//	authenticated too long ago, or not well enough    401, error="insufficient_user_authentication"
//	a request that contradicts itself                 400, error="invalid_request"
//	a rule objects, or a cross-origin write           403
//	too many tries at a password or code              429, Retry-After
//	an error of a handler that says so                404, 409, 422; see [Guard.Refuse]
//	a mistake in the application                      500
//	the backend cannot be asked                       503, Retry-After
//
// An outage is never a 401: it logs no user out, and lets no one in. The body is that of RFC
// 9457, unless the [Denier] writes another. Its type tells a client how a session ended: it
// expired, was revoked, was superseded by a newer login, or was stolen. The reason in detail is
// logged and never sent.
//
// # Sensitive and long-running routes, events
//
// [Fresh] and [HasAMR] are rules for routes that a session left open should not reach. [When]
// demands a second factor of the users who have one. Until that is given they need no session: see
// ExampleValue_halfLogin in package cookie (example_value_test.go).
// [EndWithSession] keeps event streams and WebSockets from outliving their session. One
// [EventHook] for the guard and for the registry of package session makes an audit trail, which counts
// credentials that are not good, too: see [EventRefused]. [AllEvents] makes one hook of several.
//
// # Guards inside guards
//
// A guard may be inside another one: on a router's group, say, and on one route of it. The inner
// guard does not authenticate again if its own authenticator has done so for this request, with
// the same method, host, and headers Cookie, Authorization and Sec-WebSocket-Protocol, in which a
// script sends a token. Nothing else of the outer guard counts:
// neither an identity that another authenticator established, nor the outer guard's rules.
//
// # Order
//
// What answers or changes requests goes outside the guard: a method override, say, which could
// otherwise make a write of a read that the guard let pass, and above all CORS. A browser sends a
// preflight without credentials, and the guard would refuse it:
//
//	http.ListenAndServe(addr, cors.New(options).Handler(guard.Handler(api))) // github.com/rs/cors
//
// A page of another origin that CORS allows to write with the cookie must be among the
// TrustedOrigins of package cookie or tokencookie, too: CORS lets a page read the answer, and does
// not say that it may act for the user.
//
// Guards wrap no ResponseWriter, so that streaming and hijacking work as without a guard. And a
// guard protects the handler that it wraps: a route that is registered beside it is open.
package middleware
