// Package cookie proves a session by a cookie.
//
//	sessions, err := cookie.New(cookie.Config{
//		Store:  memory.New(),
//		Keys:   [][]byte{key}, // 32 random bytes
//		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
//	})
//
// [Sessions.Login] opens a session once the application knows who the user is, and
// [Sessions.Logout] ends it. In between, *Sessions is the [middleware.Authenticator] that a
// guard asks.
//
// # What is in the cookie
//
// 256 random bits and the public ID of the session, signed with HMAC-SHA-256 by
// gorilla/securecookie. The store holds the SHA-256 of the bits and nothing else, so that a copy
// of the database opens no session. A cookie that none of our keys signed is refused without
// asking the store. The ID opens nothing: it is for [Sessions.Logout], by a browser that has
// not seen yet that the secret has changed.
//
// Its name is __Host-session, and it is Secure, HttpOnly, SameSite=Lax, with the path / and
// no domain (OWASP ASVS 5.0, section 3.3). New refuses combinations that browsers would
// drop without a word.
//
// # How many, and who knows
//
// Config.Limit bounds the sessions of a user, and Config.Events hears of each that begins,
// ends or is refused. Logging in again in the same browser takes the place of the session that
// it had, and of no other.
//
// With package backends/cache as the store a cookie that comes again costs no round trip and
// no signature: that it was verified is remembered, by a hash, for as long as its session can
// be vouched for. By when a revocation holds then is the cache's to say.
//
// # Requests from elsewhere
//
// A browser sends the cookie along with requests that another site makes it send. Unsafe
// methods, and WebSocket handshakes, must therefore pass [http.CrossOriginProtection], as
// must logging in and out; they get 403 otherwise. Safe methods log nobody in or out. This
// stops forged requests; it does not stop scripts that run in pages of your own origin.
//
// # Late answers
//
// By default the cookie is sent at login and when the user proves again who they are, and
// never in between: sliding moves the deadline in the row. A response that was on its way
// while its browser logged out and in again therefore cannot bring the old cookie back. An
// answer to a new proof brings a cookie, and if it comes after a logout it opens nothing. No
// refusal clears the cookie either, for the refused request may be the older one. See
// Config.Reissue for the other choice and its price.
package cookie
