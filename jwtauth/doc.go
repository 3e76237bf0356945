// Package jwtauth proves a session by an access token: a JWT in the Authorization header.
//
//	key, err := jwtauth.HS256(secret) // 32 random bytes; or ES256, EdDSA, RS256, PS256
//	tokens, err := jwtauth.New(jwtauth.Config{
//		Store:    memory.New(),
//		Keys:     []jwtauth.Key{key},
//		Issuer:   "https://app.example",
//		Audience: "https://api.app.example",
//		Policy:   sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
//	})
//
// [Tokens.Login] opens a session once the application knows who the user is, and answers
// with a token. [Tokens.Logout] ends the session. In between, *Tokens is the
// [middleware.Authenticator] that a guard asks.
//
// # A token names a session
//
// The token is signed, lives for minutes, and holds the public ID of a session (the claim
// sid). A request passes if the token is good and the session lives, and its user may
// still log in. So logging out, an idle session, a disabled user, a role that was taken
// away hold from the next request on, and not from the end of the token. Roles are the
// user's in the store. No list of revoked tokens exists that a respelled signature could
// get past.
//
// # What is refused
//
// The algorithm belongs to the key, and never to the token: each [Key] has one. A token is
// refused that has another alg, another typ than at+jwt (RFC 9068), an unknown kid, a crit
// or b64 header, a key of its own (jwk, jku, x5u, x5c; nothing is ever fetched), no exp, a
// time that is no sane number, another issuer or audience, a name twice or in another case
// (SUB, ſub), base64 that is not canonical, or more than 8 KiB. golang-jwt, which computes
// the signatures and compares times, issuer and audience, leaves several of these to its
// callers. Claims are handed out once all of it is verified.
//
// A token in the query or in the body of a request is not looked at: URLs end up in logs.
//
// # With a cache
//
// With package backends/cache as the store, a token that comes again costs no signature and no
// round trip: that it was verified is remembered, by a hash of its text, until it expires or
// its session ends. By when a revocation holds then is the cache's to say.
//
// # Sliding
//
// With sliding.Handler inside the guard, a session in use is extended, and the response
// brings a new token in the header Access-Token, with its lifetime in seconds beside it in
// Access-Token-Expires-In. It names the same session and never outlives the absolute
// deadline. Take the token from every response that has one, and measure its lifetime
// from the moment it came: the client's clock may be wrong. Tokens that were issued before
// stay good until they expire; all of them die with the session.
//
// A session of tokens is extended as often as the policy says, and at least once in half
// the lifetime of a token, so that a client that keeps sending requests always has a good
// one. A client that is silent for longer than that lifetime needs a refresh token, or logs
// in again.
//
// # Authenticating again
//
// [Tokens.Reauthenticate] gives a session a new start once its user has proved again who they
// are, for routes that ask for that (middleware.Fresh). The tokens of before open nothing any
// more: whoever else had them did not prove anything.
//
// # Refresh tokens
//
// With Config.RefreshKeys a login answers with a refresh token too, and a client that was
// silent for longer exchanges it at [Tokens.TokenHandler] (RFC 6749) for an access token and
// the next refresh token. Each is good once; the backend is asked once.
//
// Clients share tokens between tabs, and lose answers. However many bring the same refresh
// token within ten seconds of its exchange, all get the same successor, and as long as nobody
// has used the access token that came with it, within a minute. A token older than that is
// theft: the session ends, its access tokens with it, and Config.Events is told. A token that
// is forged, cut or foreign is refused without asking the backend, and ends nothing.
//
// No token is stored: the row has the hash of a secret and a number. Neither a copy of the
// database nor the key alone makes a token. [Tokens.RevokeHandler] (RFC 7009) ends the session
// of either kind of token, [Tokens.IntrospectHandler] (RFC 7662) says whether one is good.
//
// # Tokens in cookies, and for WebSockets
//
// [Cookies] carries both tokens in cookies that no script can read. Its Handler, outside the
// guard, exchanges the refresh token within the request that brings an access token too late.
// [Tokens.WebSocket] reads the token that a script offers as a subprotocol.
//
// # Rotating keys
//
// All of Config.Keys verify, the first one signs. Add the new key at the end, everywhere,
// and wait until those who verify have fetched the JWKS again (five minutes); then put it
// first; then, when the tokens of the old one have expired, drop the old one. Nobody is
// logged out. Dropping a key refuses its tokens at once.
//
// Tokens that somebody else issues are the matter of package jwtauth/foreign.
//
// # What it does not do
//
// Whoever has a token can use it until it expires or its session ends: it is not bound to a
// client. Whoever sees a token can read it: custom claims are no place for secrets.
package jwtauth
