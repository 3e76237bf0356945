package jwtauth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

func TestAScriptAuthenticatesASocketByTheSubprotocol(t *testing.T) {
	// RFC 6455, sections 4.1 and 11.3.4: the header may be split over lines. T is the token.
	s := newSpy(storetest.Memory(t))
	tokens := newTokens(t, s, withRefresh)
	d := newDevice(t, refreshApp(t, tokens), "1")
	h := guarded(t, tokens.WebSocket())
	for _, row := range []struct {
		name    string
		upgrade string
		offered []string
		status  int
	}{
		{"as one line", "websocket", []string{"inga.bearer, T"}, 200},
		{"without a space", "websocket", []string{"inga.bearer,T"}, 200},
		{"with much space", "websocket", []string{" inga.bearer \t,  T\t"}, 200},
		{"as two lines", "websocket", []string{"inga.bearer", "T"}, 200},
		{"in capitals", "WebSocket", []string{"inga.bearer, T"}, 200},
		{"no upgrade", "", []string{"inga.bearer, T"}, 401},
		{"another upgrade", "h2c", []string{"inga.bearer, T"}, 401},
		{"nothing offered", "websocket", nil, 401},
		{"an empty offer", "websocket", []string{""}, 401},
		{"another protocol", "websocket", []string{"chat, T"}, 401},
		{"ours in capitals: protocols have case", "websocket", []string{"INGA.bearer, T"}, 401},
		{"the token first", "websocket", []string{"T, inga.bearer"}, 401},
		{"the token alone", "websocket", []string{"T"}, 401},
		{"no token", "websocket", []string{"inga.bearer"}, 400},
		{"two tokens", "websocket", []string{"inga.bearer, T, T"}, 400},
		{"two tokens on two lines", "websocket", []string{"inga.bearer, T", "T"}, 400},
		{"another protocol besides", "websocket", []string{"inga.bearer, T, chat"}, 400},
		{"an empty item", "websocket", []string{"inga.bearer,, T"}, 400},
		{"an empty token", "websocket", []string{"inga.bearer, "}, 401},
		{"a wrong token", "websocket", []string{"inga.bearer, x"}, 401},
		{"a refresh token", "websocket", []string{"inga.bearer, R"}, 401},
	} {
		s.take()
		r := httptest.NewRequest("GET", "/", nil)
		if row.upgrade != "" {
			r.Header.Set("Upgrade", row.upgrade)
		}
		for _, line := range row.offered {
			line = strings.NewReplacer("T", d.token, "R", d.refresh).Replace(line)
			r.Header.Add("Sec-WebSocket-Protocol", line)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != row.status {
			t.Errorf("%s: status %d, want %d: %s", row.name, w.Code, row.status, w.Body)
		}
		if asked := s.take(); (asked != nil) != (row.status == 200) {
			t.Errorf("%s: the store was asked %v", row.name, asked)
		}
		if strings.Contains(w.Body.String(), d.token) {
			t.Errorf("%s: the token is echoed", row.name)
		}
	}
}

func TestASocketIsOneOfSeveralWays(t *testing.T) {
	// CS-8: what a script sends on purpose is not ambient, and its origin does not matter;
	// the cookie that comes along is another matter.
	tokens := newTokens(t, storetest.Memory(t), withRefresh)
	k := newCookies(t, tokens)
	b := newBrowser(t, newCookieApp(t, k))
	b.login("2")
	d := newDevice(t, refreshApp(t, tokens), "1")
	b.app = newCookieApp(t, k, tokens, tokens.WebSocket())
	upgrade, foreign := header("Upgrade", "websocket"), origin("cross-site", "https://evil.example")
	offer := header("Sec-WebSocket-Protocol", jwtauth.Subprotocol+", "+d.token)
	for _, row := range []struct {
		name    string
		edit    []func(*http.Request)
		status  int
		subject string
	}{
		{"subprotocol", []func(*http.Request){upgrade, offer}, 200, "1"},
		{"subprotocol, foreign origin", []func(*http.Request){upgrade, offer, foreign}, 200, "1"},
		{"cookie", []func(*http.Request){upgrade}, 200, "2"},
		{"cookie, foreign origin", []func(*http.Request){upgrade, foreign}, 403, ""},
		{"no handshake", []func(*http.Request){offer}, 200, "2"},
	} {
		w := b.do("GET", "/me", row.edit...)
		if w.Code != row.status {
			t.Errorf("%s: status %d, want %d", row.name, w.Code, row.status)
			continue
		}
		if row.status != 200 {
			continue
		}
		if id := identityOf(t, w); id.Subject != row.subject {
			t.Errorf("%s: user %s, want %s", row.name, id.Subject, row.subject)
		}
	}
}

func TestATokenInTheQueryOpensNoSocket(t *testing.T) {
	// SID-7.
	tokens := newTokens(t, storetest.Memory(t), withRefresh)
	d := newDevice(t, refreshApp(t, tokens), "1")
	app := guarded(t, middleware.FirstOf(tokens, tokens.WebSocket()))
	c := client{t: t, app: app}
	for _, name := range []string{"token", "access_token", "inga.bearer"} {
		c.status("GET", "/?"+name+"="+d.token, 401, header("Upgrade", "websocket"))
	}
}

func FuzzWebSocketProtocol(f *testing.F) {
	tokens := fixedTokens(f)
	token := sign(goodHeader, fixedClaims)
	for _, line := range []string{"inga.bearer, T", "inga.bearer,T", "inga.bearer", "inga.bearer, T, T", "T", ",", " inga.bearer\t, T", "chat"} {
		f.Add(strings.ReplaceAll(line, "T", token), "")
	}
	f.Add("inga.bearer", token)
	h := guarded(f, tokens.WebSocket())
	f.Fuzz(func(t *testing.T, first, second string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Upgrade"] = []string{"websocket"}
		r.Header["Sec-Websocket-Protocol"] = []string{first}
		all := first
		if second != "" {
			r.Header["Sec-Websocket-Protocol"] = []string{first, second}
			all += "," + second
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		ours, presented, ok := strings.Cut(all, ",")
		good := ok && strings.TrimSpace(ours) == "inga.bearer" && strings.TrimSpace(presented) == token
		if good != (w.Code == 200) || w.Code != 200 && w.Code != 400 && w.Code != 401 {
			t.Fatalf("%q, %q: status %d", first, second, w.Code)
		}
	})
}
