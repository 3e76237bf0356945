package parity_test

var public = []row{
	{name: "a public page", method: "GET /login", want: answer{Status: 200, Kind: html}},
	{name: "home, anonymous", method: "GET /", want: passed(200, html), text: "Hello stranger"},
	{name: "home, with a cookie", with: "cookie of ann", method: "GET /", want: passed(200, html), text: "Hello ann"},
	{name: "home, with a token", with: "token of root", method: "GET /", want: passed(200, html), text: "Hello root"},
	{name: "home, with a wrong token", with: "garbage token", method: "GET /", want: refused(401, invalid), text: "invalid-credentials"},
	{name: "home, with an ended cookie", with: "ended cookie", method: "GET /", want: passed(200, html), text: "Hello stranger"},
	{name: "home, with an ended cookie in a browser", with: "ended cookie, browser", method: "GET /", want: passed(200, html), text: "Hello stranger"},
	{name: "home, with the token of another scheme", with: "other scheme", method: "GET /", want: passed(200, html), text: "Hello stranger"},
}

var guarded = []row{
	{name: "anonymous", method: "GET /account", want: refused(401, realm), text: "no-credentials"},
	{name: "anonymous browser", with: "browser", method: "GET /account?tab=keys", want: toLogin("%2Faccount%3Ftab%3Dkeys")},
	{name: "cookie", with: "cookie of ann", method: "GET /account", want: passed(200, typeJSON), text: `"subject":"ann","roles":["user"],"method":"cookie"`},
	{name: "token", with: "token of ann", method: "GET /account", want: passed(200, typeJSON), text: `"subject":"ann","roles":["user"],"method":"bearer"`},
	{name: "a token decides, and not the cookie", with: "cookie of ann, token of root", method: "GET /account", want: passed(200, typeJSON), text: `"subject":"root"`},
	{name: "a wrong token decides as well", with: "cookie of ann, forged token", method: "GET /account", want: refused(401, invalid)},
	{name: "another scheme is no token", with: "cookie of ann, other scheme", method: "GET /account", want: passed(200, typeJSON), text: `"subject":"ann"`},

	{name: "garbage cookie", with: "garbage cookie", method: "GET /account", want: refused(401, realm), text: "invalid-credentials"},
	{name: "forged cookie", with: "forged cookie", method: "GET /account", want: refused(401, realm), text: "invalid-credentials"},
	{name: "ended cookie", with: "ended cookie", method: "GET /account", want: refused(401, realm), text: "session-revoked"},
	{name: "garbage token", with: "garbage token", method: "GET /account", want: refused(401, invalid), text: "invalid-credentials"},
	{name: "forged token", with: "forged token", method: "GET /account", want: refused(401, invalid), text: "invalid-credentials"},
	{name: "ended token", with: "ended token", method: "GET /account", want: refused(401, invalid), text: "session-revoked"},
	{name: "ended token in a browser", with: "ended token, browser", method: "GET /account", want: toLogin("%2Faccount")},

	{name: "two tokens", with: "token of ann, token of root", method: "GET /account", want: refused(400, realm+`, error="invalid_request"`), text: "malformed-request"},
	{name: "two tokens, twice the same", with: "token of ann, token of ann", method: "GET /account", want: refused(400, realm+`, error="invalid_request"`)},
	{name: "a token is announced and missing", with: "no token", method: "GET /account", want: refused(400, realm+`, error="invalid_request"`)},

	{name: "a write with a cookie", with: "cookie of ann", method: "POST /notes", body: "text=tea", want: passed(201, typeJSON), text: `"by":"ann","text":"tea"`},
	{name: "a write with a token", with: "token of root", method: "POST /notes", body: "text=keys", want: passed(201, typeJSON), text: `"by":"root","text":"keys"`},
	{name: "an anonymous write", method: "POST /notes", body: "text=x", want: refused(401, realm)},
	{name: "an anonymous write of a form, late, leads to the login page", with: "browser", method: "POST /notes", body: "text=x", want: toForm},
	{name: "a path with a parameter", with: "cookie of ann", method: "GET /notes/1", want: passed(200, typeJSON), text: `"id":1,`},
}

var roles = []row{
	{name: "administration, anonymous", method: "GET /admin", want: refused(401, realm), text: "no-credentials"},
	{name: "administration, anonymous browser", with: "browser", method: "GET /admin", want: toLogin("%2Fadmin")},
	{name: "administration, wrong role in a cookie", with: "cookie of ann", method: "GET /admin", want: refused(403, ""), text: "forbidden"},
	{name: "administration, wrong role in a browser", with: "cookie of ann, browser", method: "GET /admin", want: refused(403, ""), text: "forbidden"},
	{name: "administration, wrong role in a token", with: "token of ann", method: "GET /admin", want: refused(403, realm+`, error="insufficient_scope"`), text: "forbidden"},
	{name: "administration, with a cookie", with: "cookie of root", method: "GET /admin", want: passed(200, typeJSON), text: "Welcome, root."},
	{name: "administration, with a token", with: "token of root", method: "GET /admin", want: passed(200, typeJSON), text: "Welcome, root."},
	{name: "administration, ended token", with: "ended token", method: "GET /admin", want: refused(401, invalid)},
}

var logins = []row{
	{name: "login", method: "POST /login", body: "name=ann&password=ann-likes-tea", want: loggedIn("/")},
	{name: "login, and back", method: "POST /login", body: "name=ann&password=ann-likes-tea&next=%2Faccount%3Ftab%3Dkeys", want: loggedIn("/account?tab=keys")},
	{name: "login, and not to another host", method: "POST /login", body: "name=ann&password=ann-likes-tea&next=https%3A%2F%2Fevil.example", want: loggedIn("/")},
	{name: "login, and not to a host without scheme", method: "POST /login", body: "name=ann&password=ann-likes-tea&next=%2F%2Fevil.example", want: loggedIn("/")},
	{name: "login, and not to what browsers take for a host", method: "POST /login", body: "name=ann&password=ann-likes-tea&next=%2F%5Cevil.example", want: loggedIn("/")},
	{name: "login with a wrong password", method: "POST /login", body: "name=ann&password=wrong&next=%2Faccount", want: answer{Status: 401, Kind: html}, text: `value="/account"`},
	{name: "login of nobody", method: "POST /login", body: "name=nobody&password=wrong", want: answer{Status: 401, Kind: html}, text: "Wrong name or password."},
	{name: "login in the query is no login", method: "POST /login?name=ann&password=ann-likes-tea", body: "next=/", want: answer{Status: 401, Kind: html}},
	{name: "login by GET is the form", method: "GET /login?name=ann&password=ann-likes-tea&next=/x", want: answer{Status: 200, Kind: html}, text: `value="/x"`},
	{name: "login for a token", method: "POST /login/token", body: "name=ann&password=ann-likes-tea", want: answer{Status: 200, Kind: typeJSON, Cache: noStore}, text: `"token_type":"Bearer"`},
	{name: "login for a token with a wrong password", method: "POST /login/token", body: "name=ann&password=wrong", want: refused(401, realm), text: "invalid-credentials"},
}

func loggedIn(location string) answer {
	return answer{Status: 303, Location: location, Cookie: sessionCookie + " | " + deviceCookie, Cache: noStore}
}

var crossOrigin = []row{
	{name: "another site's form with a cookie", with: "cookie of ann, page elsewhere", method: "POST /notes", body: "text=x", want: refused(403, ""), text: "cross-origin"},
	{name: "another site's script with a cookie", with: "cookie of ann, script of other", method: "POST /notes", body: "text=x", want: refused(403, ""), text: "cross-origin"},
	{name: "our own page with a cookie", with: "cookie of ann, own page", method: "POST /notes", body: "text=own", want: passed(201, typeJSON), text: `"text":"own"`},
	{name: "another site's script with a token", with: "token of ann, page elsewhere", method: "POST /notes", body: "text=api", want: passed(201, typeJSON), text: `"text":"api"`},
	{name: "another site's link with a cookie", with: "cookie of ann, script of other", method: "GET /account", want: passed(200, typeJSON), text: `"subject":"ann"`},
	{name: "another site's form logs nobody in", with: "page elsewhere", method: "POST /login", body: "name=ann&password=ann-likes-tea", want: refused(403, ""), text: "cross-origin"},
	{name: "another site's form logs nobody out", with: "cookie of ann, page elsewhere", method: "POST /logout", want: refused(403, ""), text: "cross-origin"},
	{name: "and the session lives", with: "cookie of ann", method: "GET /account", want: passed(200, typeJSON)},
}

var routing = []row{
	{name: "no such path", method: "GET /nothing", want: answer{Status: 404, Kind: anyKind}},
	{name: "no such path, with a cookie", with: "cookie of ann", method: "GET /nothing", want: answer{Status: 404, Kind: anyKind}},
	{name: "no such path, with a wrong token", with: "garbage token", method: "GET /nothing", want: answer{Status: 404, Kind: anyKind}},
	{name: "no such method", method: "DELETE /account", want: answer{Status: 405, Kind: anyKind}},
	{name: "OPTIONS", method: "OPTIONS /account", want: answer{Status: 405, Kind: anyKind}, but: map[string]int{"echo": 204}},
	{name: "OPTIONS with a cookie", with: "cookie of ann", method: "OPTIONS /account", want: answer{Status: 405, Kind: anyKind}, but: map[string]int{"echo": 204}},
	{name: "HEAD of a public page", method: "HEAD /login", want: answer{Status: 200, Kind: html}},
	{name: "HEAD, anonymous", method: "HEAD /account", want: refused(401, realm)},
	{name: "HEAD, anonymous browser", with: "browser", method: "HEAD /account", want: toLogin("%2Faccount")},
	{name: "HEAD with a cookie", with: "cookie of ann", method: "HEAD /account", want: passed(200, typeJSON)},
	{name: "HEAD with a wrong role", with: "token of ann", method: "HEAD /admin", want: refused(403, realm+`, error="insufficient_scope"`)},
	{name: "no handshake where a WebSocket is", with: "cookie of ann", method: "GET /ws", want: passed(426, "text/plain")},
}

var failures = []row{
	{name: "an error with a status", with: "cookie of ann", method: "GET /notes/0", want: passed(404, problem), text: `"status":404`},
	{name: "an error without one", with: "cookie of ann", method: "GET /bug", want: passed(500, problem), text: `"status":500`},
	{name: "a panic", with: "cookie of ann", method: "GET /bug?kind=panic", want: passed(500, anyKind)},
	{name: "nobody gets as far as the error", method: "GET /bug", want: refused(401, realm)},
}

// They come last: the sessions end.
var logouts = []row{
	{name: "logout by GET is none", with: "cookie of ann", method: "GET /logout", want: answer{Status: 405, Kind: anyKind}},
	{name: "logout with a cookie", with: "last cookie", method: "POST /logout", want: loggedOut(noSessionCookie)},
	{name: "logged out", with: "last cookie", method: "GET /account", want: refused(401, realm), text: "session-revoked"},
	{name: "logout again", with: "last cookie", method: "POST /logout", want: loggedOut(noSessionCookie)},
	{name: "logout of nobody", method: "POST /logout", want: loggedOut(noSessionCookie)},
	{name: "logout with a token", with: "last token", method: "POST /logout", want: loggedOut("")},
	{name: "logged out of the token", with: "last token", method: "GET /account", want: refused(401, invalid), text: "session-revoked"},
	{name: "others are still logged in", with: "cookie of ann", method: "GET /account", want: passed(200, typeJSON)},
}

func loggedOut(cookie string) answer {
	a := answer{Status: 303, Location: "/", Cookie: cookie}
	if cookie != "" {
		a.Cache = noStore
	}
	return a
}
