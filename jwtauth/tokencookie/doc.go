// Package tokencookie carries the tokens of package jwtauth in two cookies that no script can
// read, for browser applications that are built around tokens.
//
//	cookies, err := tokencookie.New(tokencookie.Config{Tokens: tokens}) // with RefreshKeys
//	guard, err := middleware.New(middleware.Config{Authenticator: middleware.FirstOf(tokens, cookies)})
//
// # The refresh cookie is the session
//
// The refresh token is in a cookie that lasts as long as the session can, and it proves the
// session in every request. The access token is in a second cookie. While it is good it spares
// the computation of the claims; when it has expired, or is missing, nothing is lost, and a
// sliding renewal sets a new one. An access cookie without the refresh cookie of its session is
// ignored.
//
// So the response of a page may be late, cut by a time limit, or have its cookies replaced by the
// application's own: no request depends on them. One that arrives after a logout or a newer login
// brings at most an access cookie that opens nothing.
//
// Only the answers to [Cookies.Login], [Cookies.Reauthenticate] and [Cookies.Refresh] bring a
// refresh cookie. After a logout it opens nothing. If one of them arrives after that of a newer
// login or re-authentication in the same browser, it takes the place of the newer one, and the
// user has to log in again; after that of a newer refresh, its cookie is good for as long as
// jwtauth accepts a token that was replaced, and is theft then. A page should let a refresh that
// it has begun come to its end first, or abort it after some seconds: browsers take no cookie from
// an answer that was aborted.
//
// # Refresh
//
// [Cookies.Refresh] replaces the refresh token, so that a copy of the cookie is noticed as theft;
// see jwtauth.Tokens.Refresh. A page that calls it once in a while is enough, from any number of
// tabs: they need not agree on which does. No other request replaces it.
//
// # Copies of the cookies
//
// With Config.Bind, browsers that can do it bind their sessions to the device, and a copy of the cookies
// is good for minutes only: see package middleware/dbsc. Without a proof [Cookies.Refresh] replaces no
// refresh token.
//
// # Requests from other sites
//
// Browsers send cookies along with requests that other sites make. Unsafe methods and WebSocket
// handshakes must pass [http.CrossOriginProtection], as must logging in and out.
package tokencookie
