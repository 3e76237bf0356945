// Package dbsc binds the sessions of browsers to their device, by the protocol Device Bound Session
// Credentials (https://w3c.github.io/webappsec-dbsc/): a copy of the cookies is good for minutes only.
//
//	cookies, err := cookie.New(cookie.Config{Sessions: sessions, Keys: keys, Bind: session.Bind{Path: "/dbsc/"}})
//	bound, err := dbsc.New(cookies)
//	mux.Handle("/dbsc/", bound)
//
// The same works with the cookies of package jwtauth/tokencookie.
//
// # What happens
//
// The response to a login offers to bind the session. A browser that can do it makes a key pair, whose
// private part never leaves the device, and registers the public part: it is in the row of the session
// then. Beside the cookie of the session the browser now has a bound cookie that lives for Bind.Life,
// 10 minutes by default. Before that ends, or when a request needs it, the browser proves its key and
// gets another one. Pages and scripts notice nothing, and no request fails.
//
// A request of a bound session without a good bound cookie is refused with 401 and
// [middleware.ErrUnproved], and there is a [middleware.EventUnproved]. The session is not ended: a thief
// who tries must not log the owner out. Nor can a thief end it by the Logout of these cookies, or by logging
// in as another user. (The revocation endpoint of package oauth takes any token of the session, one out of
// a token cookie included: RFC 7009. Its token endpoint opens nothing to a refresh token of a bound session,
// but one that was replaced is theft there, unless Config.DPoP of package jwtauth has it ask for a proof
// first.) The check costs no query: the session, cached or not, says to which
// key it is bound.
//
// A session in which the user of a bound one acts as another user is not bound itself. Its cookie counts
// only beside the other, so that a copy of both opens and ends as little as a copy of that.
//
// # What it stops, and what it does not
//
// A copy of all cookies opens nothing once the bound cookie is over: after Bind.Life and a twentieth of
// it (10 minutes and 30 seconds by default), plus the difference between the clocks of the servers. It
// can neither bind the session, nor bind it again: that takes the response to a login or a
// re-authentication, which is in no cookie, and a bound session is not bound a second time until its
// user authenticates again.
//
// In these minutes the thief is the user. What the thief opens then outlives them: an event stream or a
// WebSocket lasts as long as the session, see [middleware.EndWithSession]; an access token that is issued
// for the session, see Tokens.Grant of package jwtauth, lasts as long as its own life, and can log the user
// out after that; and tokens for acting as another user, see Tokens.Login there, last half an hour.
//
// It stops nothing that runs on the device itself and can use the key, such as malware, nor a script in
// one of the site's own pages. A session is not protected before it is bound, which takes a moment, and
// requests without a proof pass for ten seconds after that: the browser sent them before it had the
// bound cookie. In another process whose cache has read the session before it was bound, they pass as
// long as that is believed: see package backends/cache.
//
// # Which browsers
//
// Chrome on Windows (from 145) and on macOS (from 147) with a hardware key. Others have none, are not
// bound, and notice nothing. [session.Bind].Unbound lets sessions that are not bound end earlier, and
// the rule middleware.Bound refuses them.
//
// # When the key is lost
//
// A profile that is copied to another computer, or that was reset, has the cookies and no key. Its
// requests are refused with 401, and the user logs in again. The former session stays in the list of
// devices until then, or until it is idle for too long.
//
// A browser proves a key six times in nine minutes at most, for all bound sessions of a site together.
// If that is used up, its requests come without the bound cookie, and are refused, until it may again.
// With one binding and a Life of 10 minutes, it proves the key once in eight minutes.
//
// # Mounting
//
// The [Handler] is for every POST below the path. In other routers "/dbsc/" is a single address, and
// browsers would bind nothing; there it is
//
//	r.Method("POST", "/dbsc/*", bound)           // chi
//	e.POST("/dbsc/*", echo.WrapHandler(bound))   // echo
//	engine.POST("/dbsc/*path", gin.WrapH(bound)) // gin
//
// The path must be reached at the origin of the pages, without a redirect. Nothing may answer in place
// of the [Handler]: no guard, no limiter, no protection against cross-origin requests. A refresh that a
// link from another site causes carries no SameSite cookie, and the handler needs none: it checks the
// proof of the key. A request costs a look-up, and a good proof one claim and one update more, each of them
// only with an identifier that the server made. What a cache has read before the login is read again.
//
// Sessions are bound for one origin. Config.Domain and DangerouslyAllowHTTP of the cookies are mistakes
// together with Bind.
package dbsc
