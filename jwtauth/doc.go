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
// [middleware.Authenticator] that a guard asks. Package oauth has the OAuth endpoints, package
// tokencookie carries both tokens in cookies that no script can read, and package foreign
// verifies the tokens of other issuers.
//
// # A token names a session
//
// The token is signed, lives for minutes, and holds the public ID of a session (the claim sid). A
// request passes if the token is good, the session is live, and its user may still log in. A
// logout, an idle timeout, a disabled user or a role that was removed therefore takes effect with
// the next request, and not when the token expires. Roles are those of the user in the store.
// There is no list of revoked tokens that a respelled signature could get past.
//
// With package backends/cache as the store, a token that was verified before costs no signature
// and no round trip. How soon a revocation takes effect is then up to the cache.
//
// # What is refused
//
// The algorithm belongs to the key and never to the token: each [Key] has one. A token is refused
// that has another alg, another typ than at+jwt (RFC 9068), an unknown kid, a crit or b64 header,
// a key of its own (jwk, jku, x5u, x5c; nothing is ever fetched), no exp, a time that is not a
// sane number, another issuer or audience, a name twice or in another case (SUB, ſub), base64
// that is not canonical, or more than 8 KiB. golang-jwt, which computes the signatures and
// compares times, issuer and audience, leaves several of these to its callers. What this package
// issues is held to the same rules. A token in the query or in the body of a request is not
// looked at: URLs end up in logs.
//
// A token can be read by anyone who sees it: custom claims are no place for secrets.
//
// # Tokens that are bound to a key
//
// A plain token works for anyone who has a copy, until it expires or its session ends. With [Config].DPoP
// a client that proves a key when it logs in gets tokens that are bound to that key, by RFC 9449: each
// request, and each refresh, then needs a proof that the client made for it. Package dpop checks the
// proofs, and says what they do not stop.
//
// What a thief can do with a copy of
//
//   - a plain access token: all that its user can, for its minutes (Config.AccessTTL and Leeway), or until
//     the session ends; where sessions slide, for as long as the session lives;
//   - a plain refresh token: all that its user can, until the user's own client presents it: then it is
//     theft, and the session ends;
//   - a bound access token, a bound refresh token, both, or a proof that was used: nothing that a handler
//     behind the guard would see, with any of these alone or together. Sent as Bearer, with no proof or
//     with that of another key they get 401, and the session goes on undisturbed. A thief can end the
//     session at the revocation endpoint of package oauth: RFC 7009 asks for the token alone;
//   - a proof that was not used yet, read together with the token on its way: the one request that it is
//     for, once, and only before it arrives or is too old (dpop.Config.Window and Leeway);
//   - the key as well: all that its user can. Clients should make keys that cannot be exported.
//
// A step-up route can demand the proof: see [middleware.Bound]. The row of the session has the public key,
// the list of devices shows since when it is bound, and each refusal is an event.
//
// # Sliding
//
// With sliding.Handler inside the guard, a session in use is extended, and the response brings a
// new token; see [Tokens.Renew]. Clients should take the token from every response that has one,
// except that to a request from before they last logged in or authenticated again, and count its
// lifetime from the moment it arrived, because their clock may be wrong. Earlier tokens stay good
// until they expire; all of them end with the session. A client is given a new token at least
// once in half the lifetime of one; if it is silent for longer than that lifetime it needs a
// refresh token, or logs in again.
//
// # Refresh tokens
//
// With Config.RefreshKeys a login returns a refresh token too, which a client exchanges for an
// access token and the next refresh token with [Tokens.Refresh], or at the token endpoint of
// package oauth.
//
// Clients share tokens between processes, and lose responses. A refresh token that is newer than 40
// seconds (RefreshOverlap and Leeway) is answered again and not replaced, so that clients which
// refresh one right after the other do not invalidate each other's. A client that missed a response
// asks again with the former token, however much later, as long as its successor has not been used.
// Once both are in use, the former one is good for 40 seconds after it was replaced. An older one
// is theft: the session ends with all its tokens, and the events of the registry say so. A client
// that presents a token less than RefreshOverlap after it was replaced is never taken for a thief,
// as long as the clocks of the servers differ by no more than Leeway. A token that is forged, cut,
// foreign, or of another Issuer or Audience is refused without asking the store, and ends nothing.
//
// No token is stored: the row has the hash of a secret and a number. Neither a copy of the
// database nor the key alone can make a token.
//
// # For a session that a cookie opened
//
// [Tokens.Grant] issues an access token for a page that package cookie logged in and that calls
// another service. It names the session of the cookie and ends with it. Authenticating again needs the
// cookie, and voids the token.
//
// # Rotating keys
//
// All of Config.Keys verify, the first one signs. Add the new key at the end, in all processes,
// and wait until those who verify have fetched the public keys again (five minutes); then put it
// first; then, when the tokens of the old one have expired, drop the old one. No one is logged
// out. Dropping a key refuses its tokens at once.
package jwtauth
