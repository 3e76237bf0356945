package jwtauth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

func TestAScriptAuthenticatesASocketByTheSubprotocol(t *testing.T) {
	// RFC 6455, sections 4.1 and 11.3.4: the header may be split over lines. T is the token.
	s := tokentest.NewSpy(storetest.Memory(t))
	tokens := tokentest.New(t, s, tokentest.WithRefresh)
	d := tokentest.NewDevice(t, tokentest.App(t, tokens), "1")
	h := tokentest.Guarded(t, jwtauth.WebSocket(tokens))
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
		{"after another protocol", "websocket", []string{"graphql-transport-ws, inga.bearer, T"}, 200},
		{"before another protocol", "websocket", []string{"inga.bearer, T, chat"}, 200},
		{"between others, on three lines", "websocket", []string{"chat", "inga.bearer, T", "soap, wamp"}, 200},
		{"empty elements", "websocket", []string{",inga.bearer,, T,"}, 200},
		{"two tokens: the first counts", "websocket", []string{"inga.bearer, T, x"}, 200},
		{"the token not right after it", "websocket", []string{"inga.bearer, chat, T"}, 401},
		{"the token first", "websocket", []string{"T, inga.bearer"}, 400},
		{"the token alone", "websocket", []string{"T"}, 401},
		{"no token", "websocket", []string{"inga.bearer"}, 400},
		{"ours twice", "websocket", []string{"inga.bearer, T, inga.bearer, T"}, 400},
		{"ours twice, one token", "websocket", []string{"inga.bearer, inga.bearer, T"}, 400},
		{"an empty token", "websocket", []string{"inga.bearer, "}, 400},
		{"a wrong token", "websocket", []string{"inga.bearer, x"}, 401},
		{"a refresh token", "websocket", []string{"inga.bearer, R"}, 401},
	} {
		s.Take()
		r := httptest.NewRequest("GET", "/", nil)
		if row.upgrade != "" {
			r.Header.Set("Upgrade", row.upgrade)
		}
		for _, line := range row.offered {
			line = strings.NewReplacer("T", d.Token, "R", d.Refresh).Replace(line)
			r.Header.Add("Sec-WebSocket-Protocol", line)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != row.status {
			t.Errorf("%s: status %d, want %d: %s", row.name, w.Code, row.status, w.Body)
		}
		if asked := s.Take(); (asked != nil) != (row.status == 200) {
			t.Errorf("%s: the store was asked %v", row.name, asked)
		}
		if strings.Contains(w.Body.String(), d.Token) {
			t.Errorf("%s: the token is echoed", row.name)
		}
	}
}

func TestASocketIsOneOfSeveralWays(t *testing.T) {
	// CS-8: what a script sends on purpose is not ambient, and its origin does not matter;
	// the cookie that comes along is another matter.
	tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh)
	k := tokentest.NewCookies(t, tokens)
	b := tokentest.NewBrowser(t, tokentest.CookieApp(t, k))
	b.Login("2")
	d := tokentest.NewDevice(t, tokentest.App(t, tokens), "1")
	b.App = tokentest.CookieApp(t, k, tokens, jwtauth.WebSocket(tokens))
	upgrade, foreign := tokentest.Header("Upgrade", "websocket"), tokentest.Origin("cross-site", "https://evil.example")
	offer := tokentest.Header("Sec-WebSocket-Protocol", jwtauth.Subprotocol+", "+d.Token)
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
		w := b.Do("GET", "/me", row.edit...)
		if w.Code != row.status {
			t.Errorf("%s: status %d, want %d", row.name, w.Code, row.status)
			continue
		}
		if row.status != 200 {
			continue
		}
		if id := tokentest.IdentityOf(t, w); id.Subject != row.subject {
			t.Errorf("%s: user %s, want %s", row.name, id.Subject, row.subject)
		}
	}
}

func TestASocketThatIsRefusedIsChallenged(t *testing.T) {
	// RFC 9110, section 15.5.2.
	h := tokentest.Guarded(t, jwtauth.WebSocket(tokentest.New(t, storetest.Memory(t))))
	for _, offered := range []string{"chat", "inga.bearer, x"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Upgrade", "websocket")
		r.Header.Set("Sec-WebSocket-Protocol", offered)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Header().Get("WWW-Authenticate"); w.Code != 401 || got != `Bearer realm="inga"` {
			t.Errorf("%s: got %d with %q, want 401 with a challenge", offered, w.Code, got)
		}
	}
}

func TestATokenInTheQueryOpensNoSocket(t *testing.T) {
	// SID-7.
	tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh)
	d := tokentest.NewDevice(t, tokentest.App(t, tokens), "1")
	app := tokentest.Guarded(t, middleware.FirstOf(tokens, jwtauth.WebSocket(tokens)))
	c := tokentest.NewClient(t, app)
	for _, name := range []string{"token", "access_token", "inga.bearer"} {
		c.Status("GET", "/?"+name+"="+d.Token, 401, tokentest.Header("Upgrade", "websocket"))
	}
}

func FuzzWebSocketProtocol(f *testing.F) {
	tokens := tokentest.Fixed(f)
	token := tokentest.Sign(tokentest.GoodHeader, tokentest.FixedClaims)
	for _, line := range []string{"inga.bearer, T", "inga.bearer,T", "inga.bearer", "inga.bearer, T, T", "T", ",", " inga.bearer\t, T", "chat", "a, inga.bearer, T, b", "inga.bearer, inga.bearer, T", "inga.bearer,,T"} {
		f.Add(strings.ReplaceAll(line, "T", token), "")
	}
	f.Add("inga.bearer", token)
	h := tokentest.Guarded(f, jwtauth.WebSocket(tokens))
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
		// The elements that are not empty, with a comma at each end: ours once, and the token after.
		list := ","
		for item := range strings.SplitSeq(all, ",") {
			if item = strings.Trim(item, " \t"); item != "" {
				list += item + ","
			}
		}
		good := strings.Count(strings.ReplaceAll(list, ",", ",,"), ",inga.bearer,") == 1 && strings.Contains(list, ",inga.bearer,"+token+",")
		if good != (w.Code == 200) || w.Code != 200 && w.Code != 400 && w.Code != 401 {
			t.Fatalf("%q, %q: status %d", first, second, w.Code)
		}
	})
}
