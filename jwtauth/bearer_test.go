package jwtauth_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/middleware"
)

// placeholder stands for a good token in the table of headers.
const placeholder = "TOKEN"

// headers are Authorization headers, and what they get.
var headers = []struct {
	name      string
	values    []string
	status    int
	challenge string
}{
	// ER-1: no credentials, no error code.
	{"none", nil, 401, `Bearer realm="inga"`},
	{"empty", []string{""}, 401, `Bearer realm="inga"`},
	{"another scheme", []string{"Basic YW5uOnNlY3JldA=="}, 401, `Bearer realm="inga"`},
	{"another scheme with our token", []string{"Token TOKEN"}, 401, `Bearer realm="inga"`},
	{"a scheme that begins as ours", []string{"Bearers TOKEN"}, 401, `Bearer realm="inga"`},
	{"a token without a scheme", []string{"TOKEN"}, 401, `Bearer realm="inga"`},
	{"a scheme and an equals sign", []string{"Bearer=TOKEN"}, 401, `Bearer realm="inga"`},

	{"two of other schemes", []string{"Basic YW5uOnNlY3JldA==", "Digest x"}, 401, `Bearer realm="inga"`},

	{"a token", []string{"Bearer TOKEN"}, 200, ""},
	{"in small letters", []string{"bearer TOKEN"}, 200, ""},
	{"in capitals", []string{"BEARER TOKEN"}, 200, ""},
	{"two spaces", []string{"Bearer  TOKEN"}, 200, ""},
	{"a space at the end", []string{"Bearer TOKEN "}, 200, ""},

	// ER-2.
	{"a token that is none", []string{"Bearer x"}, 401, `Bearer realm="inga", error="invalid_token"`},
	{"an attack on the challenge", []string{"Bearer x\", error=\"none"}, 400, `Bearer realm="inga", error="invalid_request"`},
	{"no token", []string{"Bearer"}, 400, `Bearer realm="inga", error="invalid_request"`},
	{"only space", []string{"Bearer   "}, 400, `Bearer realm="inga", error="invalid_request"`},
	{"a tab", []string{"Bearer\tTOKEN"}, 400, `Bearer realm="inga", error="invalid_request"`},
	{"two tokens", []string{"Bearer TOKEN TOKEN"}, 400, `Bearer realm="inga", error="invalid_request"`},
	{"two tokens with a comma", []string{"Bearer TOKEN, Bearer TOKEN"}, 400, `Bearer realm="inga", error="invalid_request"`},
	{"a token and a comma", []string{"Bearer TOKEN,"}, 400, `Bearer realm="inga", error="invalid_request"`},
	{"two headers", []string{"Bearer TOKEN", "Bearer TOKEN"}, 400, `Bearer realm="inga", error="invalid_request"`},
	{"two headers of two schemes", []string{"Basic YW5uOnNlY3JldA==", "Bearer TOKEN"}, 400, `Bearer realm="inga", error="invalid_request"`},
	{"two headers, one empty", []string{"Bearer TOKEN", ""}, 400, `Bearer realm="inga", error="invalid_request"`},

	{"not UTF-8", []string{"Bearer \xff\xfe"}, 401, `Bearer realm="inga", error="invalid_token"`},
	{"a line break", []string{"Bearer x\r\nSet-Cookie: a=b"}, 400, `Bearer realm="inga", error="invalid_request"`},
	{"64 KB", []string{"Bearer " + strings.Repeat("a.", 32_000)}, 401, `Bearer realm="inga", error="invalid_token"`},
	{"a long s", []string{"Bearer ſ.ſ.ſ"}, 401, `Bearer realm="inga", error="invalid_token"`},
}

func TestTheAuthorizationHeader(t *testing.T) {
	// ER-1, ER-2, ER-3.
	app := tokentest.App(t, tokentest.New(t, storetest.Memory(t)))
	token := tokentest.NewClient(t, app).Login("1").Token
	for _, row := range headers {
		t.Run(row.name, func(t *testing.T) {
			w := tokentest.NewClient(t, app).Do("GET", "/me", func(r *http.Request) {
				for _, v := range row.values {
					r.Header["Authorization"] = append(r.Header["Authorization"], strings.ReplaceAll(v, placeholder, token))
				}
			})
			if w.Code != row.status || w.Header().Get("WWW-Authenticate") != row.challenge {
				t.Errorf("got %d %s, want %d %s", w.Code, w.Header().Get("WWW-Authenticate"), row.status, row.challenge)
			}
		})
	}
}

func TestARoleThatDoesNotSufficeIsInsufficientScope(t *testing.T) {
	// ER-2.
	w := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t)))).Login("1").Status("GET", "/admin", 403)
	if got, want := w.Header().Get("WWW-Authenticate"), `Bearer realm="inga", error="insufficient_scope"`; got != want {
		t.Errorf("WWW-Authenticate %s, want %s", got, want)
	}
}

func TestTheChallengeIsForThoseWhoSentATokenOrNothing(t *testing.T) {
	// RFC 6750, section 3.1. A cookie's request is not answered with the errors of tokens.
	tokens := tokentest.New(t, storetest.Memory(t))
	plain := httptest.NewRequest("GET", "/", nil)
	sent := httptest.NewRequest("GET", "/", nil)
	sent.Header.Set("Authorization", "bearer x")
	for _, row := range []struct {
		r    *http.Request
		d    middleware.Denial
		want string
	}{
		{plain, middleware.Denial{Status: 401, Realm: "r"}, `Bearer realm="r"`},
		{plain, middleware.Denial{Status: 401, Realm: "r", Code: "invalid_token"}, `Bearer realm="r"`},
		{plain, middleware.Denial{Status: 403, Realm: "r", Code: "insufficient_scope"}, ""},
		{plain, middleware.Denial{Status: 400, Realm: "r", Code: "invalid_request"}, ""},
		{sent, middleware.Denial{Status: 401, Realm: "r", Code: "invalid_token"}, `Bearer realm="r", error="invalid_token"`},
		{sent, middleware.Denial{Status: 403, Realm: "r"}, `Bearer realm="r"`},
	} {
		if got := tokens.Challenge(row.r, row.d); got != row.want {
			t.Errorf("%+v: %s, want %s", row.d, got, row.want)
		}
	}
}

func TestATokenElsewhereIsNotLookedAt(t *testing.T) {
	// SID-7, AZ-3: a URL ends up in logs, and a form may be read by other code.
	app := tokentest.App(t, tokentest.New(t, storetest.Memory(t)))
	token := tokentest.NewClient(t, app).Login("1").Token
	for name, edit := range map[string]func(*http.Request){
		"query":       func(r *http.Request) { r.URL.RawQuery = "access_token=" + token + "&token=" + token },
		"fragment":    func(r *http.Request) { r.URL.Fragment = "access_token=" + token },
		"user of URL": func(r *http.Request) { r.URL.User = url.UserPassword("bearer", token) },
		"cookie":      func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "access_token", Value: token}) },
		"other header": func(r *http.Request) {
			r.Header.Set("Access-Token", token)
			r.Header.Set("X-Authorization", "Bearer "+token)
		},
		"proxy": func(r *http.Request) { r.Header.Set("Proxy-Authorization", "Bearer "+token) },
		"body": func(r *http.Request) {
			r.Method = "POST"
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Body = io.NopCloser(strings.NewReader("access_token=" + token))
		},
		"names": func(r *http.Request) { r.Header.Set("X-User-ID", "1"); r.Header.Set("X-Forwarded-User", "1") },
	} {
		w := tokentest.NewClient(t, app).Do("GET", "/me", edit)
		if got := w.Header().Get("WWW-Authenticate"); w.Code != 401 || got != `Bearer realm="inga"` {
			t.Errorf("%s: got %d %s, want an anonymous 401", name, w.Code, got)
		}
	}
}

func TestABearerRequestIsNotAskedWhereItComesFrom(t *testing.T) {
	// CS-3: no browser adds the header by itself.
	c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t)))).Login("1")
	c.Status("POST", "/me", 200, tokentest.Header("Sec-Fetch-Site", "cross-site"), tokentest.Header("Origin", "https://other.example"))
	c.Status("DELETE", "/me", 200, tokentest.Header("Origin", "null"))
}

func TestNoTokenReachesTheLog(t *testing.T) {
	// SID-8: with everything logged that is logged.
	var log bytes.Buffer
	tokens := tokentest.New(t, storetest.Memory(t))
	app := tokentest.AppOf(t, tokens, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	c := tokentest.NewClient(t, app).Login("1")
	good := c.Token
	c.Status("GET", "/me", 200)
	c.Status("GET", "/admin", 403)
	c.Token = good[:len(good)-2]
	c.Status("GET", "/me", 401)
	c.Token = good + " x"
	c.Status("GET", "/me", 400)
	c.Token = good
	c.Status("POST", "/logout", 200)
	c.Status("GET", "/me", 401)
	if log.Len() == 0 {
		t.Fatal("nothing was logged")
	}
	for _, piece := range strings.Split(good, ".") {
		if strings.Contains(log.String(), piece) {
			t.Errorf("%s is in the log:\n%s", piece, log.String())
		}
	}
}
