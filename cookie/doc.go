// Package cookie proves a session by a cookie.
//
//	sessions, err := session.New(session.Config{
//		Store:  memory.New(),
//		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
//	})
//	cookies, err := cookie.New(cookie.Config{
//		Sessions: sessions,
//		Keys:     [][]byte{key}, // 32 random bytes
//	})
//
// [Cookies.Login] opens a session once the application knows who the user is, [Cookies.Logout]
// ends it, and in between *Cookies is the [middleware.Authenticator] that a guard asks.
//
// # What is in the cookie
//
// 256 random bits and the public ID of the session, signed with HMAC-SHA-256 by
// gorilla/securecookie. The ID finds the session, and the bits prove it: the store holds their
// SHA-256 and nothing else, so that a copy of the database opens no session. A cookie that none
// of our keys signed is refused without asking the store. [Cookies.Logout] needs only the ID, so
// that a browser that has not seen yet that the secret has changed can log out.
//
// Its name is __Host-session, and it is Secure, HttpOnly, SameSite=Lax, with the path / and
// no domain (OWASP ASVS 5.0, section 3.3). New refuses combinations that browsers would
// drop without a word. The browser keeps it until the session's deadline, or, with
// Login.BrowserSession, until it is closed.
//
// # Before, beside and without a session
//
// A [Value] keeps something small in a sealed cookie of its own: a cart's ID, a notice after a
// logout, a language, a device that is known, the half of a login whose second factor is still
// missing. It needs no store, so that visitors, and robots, cost no row. Setting one checks no
// origin: for the forms of visitors, put [http.CrossOriginProtection] in front.
//
// # Logging in again
//
// Logging in again in the same browser replaces the session that it had, and no other.
//
// With package backends/cache as the store, a cookie that was verified before costs no round
// trip and no signature. How soon a revocation takes effect is then up to the cache.
//
// # Acting as another user
//
// A user who acts as another one (Login.Actor; see package middleware/session) has two cookies: their
// own, and __Host-session-acting, which lasts as long as that session does, and counts only beside the
// one that began it. When the browser drops it, or [Cookies.Logout] ends it, requests are the user's own
// again: a form that is sent after that changes their own account, so a page should say whose it is. If
// the session was ended otherwise, or the store has lost it, requests are refused until its user logs out
// of it.
//
// # Copies of the cookie
//
// A copy of the cookie is as good as the cookie, unless Config.Bind binds the sessions to the device of
// their browser, where the browser can do that: then a copy is good for minutes. See package
// middleware/dbsc.
//
// # Requests from elsewhere
//
// A browser sends the cookie along with requests that another site makes it send. Unsafe
// methods, and WebSocket handshakes, must therefore pass [http.CrossOriginProtection], as
// must logging in and out; they get 403 otherwise. Safe methods log no one in or out. Of browsers
// that send no Sec-Fetch-Site, the scheme of the Origin counts too if this server ends TLS; behind a
// proxy that does, Strict-Transport-Security must keep your host from being reached without. With
// Referrer-Policy no-referrer on your pages, such browsers send "Origin: null" with your own forms, which
// are refused then: use strict-origin, or same-origin. This stops forged requests; it does not stop
// scripts that run in pages of your own origin. The one exception is a login that another site sends
// back: package middleware/callback checks that this browser began it.
//
// # Late answers
//
// By default only the answers to a login and a re-authentication bring a cookie: sliding moves the
// deadline in the row. If such an answer comes after a logout, its cookie opens nothing; and if it
// comes after a newer login in the same browser, it takes the place of the newer cookie, and the
// user has to log in again. No refusal clears the cookie, because the refused request may be the
// older one. See Config.Reissue for the other choice and its price.
package cookie
