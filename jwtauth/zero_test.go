package jwtauth_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/foreign"
	"github.com/inga-auth/inga/jwtauth/oauth"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
)

func TestAZeroValueIsAnErrorAndNoPanic(t *testing.T) {
	// IN-1: the error that was not looked at is in the log with the first request.
	cookies := httptest.NewRequest("GET", "/", nil)
	cookies.Header.Set("Cookie", "__Host-refresh=x; refresh=x; =x")
	for name, a := range map[string]middleware.Authenticator{
		"Tokens": &jwtauth.Tokens{}, "Cookies": &tokencookie.Cookies{}, "Issuers": &foreign.Issuers{},
		"WebSocket of nil": jwtauth.WebSocket(nil), "WebSocket of Tokens": jwtauth.WebSocket(&jwtauth.Tokens{}),
		"nil Tokens": (*jwtauth.Tokens)(nil), "nil Issuers": (*foreign.Issuers)(nil),
	} {
		for what, r := range map[string]*http.Request{
			"no token": httptest.NewRequest("GET", "/", nil), "a token": tokentest.Presented("a.b.c"),
			"a cookie": cookies,
		} {
			if _, err := a.Authenticate(r); !errors.Is(err, middleware.ErrInvalidArgument) {
				t.Errorf("%s, %s: %v, want ErrInvalidArgument", name, what, err)
			}
		}
		guard, err := middleware.New(middleware.Config{Authenticator: a, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			continue // which is better still
		}
		w := httptest.NewRecorder()
		guard.Handler(tokentest.Me).ServeHTTP(w, tokentest.Presented("a.b.c"))
		if w.Code != 500 {
			t.Errorf("%s: status %d, want 500", name, w.Code)
		}
	}
}

func TestNothingIsDoneWithAZeroValue(t *testing.T) {
	w, r, l := httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "1"}
	var tokens jwtauth.Tokens
	var cookies tokencookie.Cookies
	var none *tokencookie.Cookies
	two := func(_ any, err error) error { return err }
	for name, err := range map[string]error{
		"Tokens.Login":             two(tokens.Login(r, l)),
		"Tokens.Reauthenticate":    two(tokens.Reauthenticate(w, r, l)),
		"Tokens.Refresh":           two(tokens.Refresh(r, "x")),
		"Tokens.Logout":            tokens.Logout(w, r),
		"Cookies.Login":            two(cookies.Login(w, r, l)),
		"Cookies.Reauthenticate":   two(cookies.Reauthenticate(w, r, l)),
		"Cookies.Refresh":          two(cookies.Refresh(w, r)),
		"Cookies.Logout":           cookies.Logout(w, r),
		"nil Cookies.Login":        two(none.Login(w, r, l)),
		"nil Cookies.Refresh":      two(none.Refresh(w, r)),
		"nil Cookies.Logout":       none.Logout(w, r),
		"nil Cookies.Authenticate": two(none.Authenticate(r)),
	} {
		if !errors.Is(err, middleware.ErrInvalidArgument) {
			t.Errorf("%s: %v, want ErrInvalidArgument", name, err)
		}
	}
	for name, err := range map[string]error{
		"oauth":                 two(oauth.New(oauth.Config{Tokens: &tokens})),
		"a zero Registry":       two(jwtauth.New(jwtauth.Config{Sessions: &session.Registry{}, Keys: []jwtauth.Key{tokentest.HS256(t)}, Issuer: "i", Audience: "a"})),
		"oauth of nil":          two(oauth.New(oauth.Config{})),
		"tokencookie":           two(tokencookie.New(tokencookie.Config{Tokens: &tokens})),
		"tokencookie of nil":    two(tokencookie.New(tokencookie.Config{})),
		"ByIssuer":              two(foreign.ByIssuer(&tokens, &foreign.Issuers{})),
		"a key of a zero value": two(jwtauth.Key{}.WithID("a")),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, h := range map[string]http.Handler{
		"TokenHandler": (&oauth.Endpoints{}).TokenHandler(), "JWKSHandler": (&oauth.Endpoints{}).JWKSHandler(),
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 500 {
			t.Errorf("%s: status %d, want 500", name, w.Code)
		}
	}
}
