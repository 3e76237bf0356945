// Package oauth has the OAuth 2.0 endpoints of the tokens of package jwtauth: refresh (RFC 6749),
// revocation (RFC 7009), introspection (RFC 7662), and the public keys (RFC 7517).
//
//	endpoints, err := oauth.New(oauth.Config{Tokens: tokens})
//
//	mux.Handle("POST /token", endpoints.TokenHandler())
//	mux.Handle("POST /revoke", endpoints.RevokeHandler())
//	mux.Handle("POST /introspect", services.Handler(endpoints.IntrospectHandler())) // behind a guard
//	mux.Handle("GET /.well-known/jwks.json", endpoints.JWKSHandler())
//
// Where tokens are bound to a key (package dpop), a refresh needs a proof of that key, introspection says
// which key it is, and [Endpoints.Refuse] answers the application's own grants.
//
// Clients are public: what they say of themselves, in a client_id or an Authorization header,
// proves nothing and is not looked at. There is no authorization endpoint: users log in at the
// application.
package oauth
