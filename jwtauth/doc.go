// Package jwtauth proves a session by an access token: a JWT in the Authorization header.
//
//	key, err := jwtauth.HS256(secret) // 32 random bytes; or ES256, EdDSA, RS256, PS256
//	tokens, err := jwtauth.New(jwtauth.Config{
//		Sessions: sessions, // the registry, from package middleware/session
//		Keys:     []jwtauth.Key{key},
//		Issuer:   "https://app.example",
//		Audience: "https://api.app.example",
//	})
//
// [Tokens.Login] opens a session once the application knows who the user is, and returns its
// tokens. [Tokens.Logout] ends the session. In between, *Tokens is the
// [middleware.Authenticator] that a guard asks.
//
// # A token names a session
//
// The token is signed, lives for minutes, and holds the public ID of a session (the claim sid). A
// request passes if the token is good, the session is live, and its user may still log in. A
// logout, an idle timeout, a disabled user or a role that was removed therefore takes effect with
// the next request, and not when the token expires. Roles are those of the user in the store.
// There is no list of revoked tokens that a respelled signature could get past.
//
// # What is refused
//
// The algorithm belongs to the key and never to the token: each [Key] has one. A token is refused
// that has another alg, another typ than at+jwt (RFC 9068), an unknown kid, a crit or b64 header,
// a key of its own (jwk, jku, x5u, x5c; nothing is ever fetched), no exp, a time that is not a
// sane number, another issuer or audience, a name twice or in another case (SUB, ſub), base64
// that is not canonical, or more than 8 KiB. golang-jwt, which computes the signatures and
// compares times, issuer and audience, leaves several of these to its callers. Claims are handed
// out only after all of it is verified. What this package issues is held to the same rules.
//
// A token in the query or in the body of a request is not looked at: URLs end up in logs.
//
// # With a cache
//
// With package backends/cache as the store, a token that was verified before costs no signature
// and no round trip: the cache remembers its hash until it expires or its session ends. How soon
// a revocation takes effect is then up to the cache.
//
// # Sliding
//
// With sliding.Handler inside the guard, a session in use is extended, and the response brings a
// new token in the header Access-Token, with its lifetime in seconds in Access-Token-Expires-In.
// It names the same session and never outlives the absolute deadline. Clients should take the
// token from every response that has one, except that to a request from before they last logged
// in or authenticated again, and count its lifetime from the moment it arrived, because their
// clock may be wrong. Earlier tokens stay good until they expire; all of them end with the
// session.
//
// A session of tokens is extended as often as the policy says, and at least once in half the
// lifetime of a token, so that a client that keeps sending requests always has a good one. A
// client that is silent for longer than that lifetime needs a refresh token, or logs in again.
//
// # Authenticating again
//
// [Tokens.Reauthenticate] gives a session a new start once its user has authenticated again, for
// routes that require that (middleware.Fresh). Earlier tokens no longer open anything:
// another holder of one of them did not authenticate.
//
// # Refresh tokens
//
// With Config.RefreshKeys a login returns a refresh token too, and a client that was silent for
// longer exchanges it ([Tokens.Refresh], or the token endpoint of package oauth) for an access
// token and the next refresh token.
//
// Clients share tokens between processes, and lose responses. A refresh token that is newer than
// 40 seconds (RefreshOverlap and Leeway) is answered again and not replaced, so that clients which
// refresh one right after the other do not invalidate each other's. A client that missed a
// response asks again with the former token, however much later, as long as its successor has not
// been used. Once both are in use, the former one is good for another 40 seconds. An older one is
// theft: the session ends with all its tokens, and the events of the registry say so. A client
// that presents a token less than RefreshOverlap after it was replaced is never taken for a thief,
// as long as the clocks of the servers differ by no more than Leeway. A token that is forged, cut,
// foreign, or of another Issuer or Audience is refused without asking the store, and ends nothing.
//
// No token is stored: the row has the hash of a secret and a number. Neither a copy of the
// database nor the key alone can make a token.
//
// # Other ways to carry tokens
//
// Package oauth has the OAuth endpoints: refresh, revocation, introspection and the public keys.
// Package tokencookie carries both tokens in cookies that no script can read. [WebSocket] reads
// the token that a script offers as a subprotocol. Package foreign verifies the tokens of other
// issuers.
//
// # Rotating keys
//
// All of Config.Keys verify, the first one signs. Add the new key at the end, in all processes,
// and wait until those who verify have fetched the public keys again (five minutes); then put it
// first; then, when the tokens of the old one have expired, drop the old one. No one is logged
// out. Dropping a key refuses its tokens at once.
//
// # What it does not do
//
// A stolen token works until it expires or its session ends: it is not bound to a client. A token
// can be read by anyone who sees it: custom claims are no place for secrets.
package jwtauth
