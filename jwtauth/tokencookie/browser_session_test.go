package tokencookie_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
)

// newRemembering returns a browser at an application with "remember me": the header Remember.
func newRemembering(t *testing.T, s storetest.Store) *tokentest.Browser {
	t.Helper()
	cookies, err := tokencookie.New(tokencookie.Config{Tokens: tokentest.New(t, s, tokentest.Eager)})
	if err != nil {
		t.Fatal(err)
	}
	answer := func(w http.ResponseWriter, err error) {
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		_, err := cookies.Login(w, r, middleware.Login{Subject: "1", BrowserSession: r.Header.Get("Remember") == ""})
		answer(w, err)
	})
	mux.HandleFunc("/prove", func(w http.ResponseWriter, r *http.Request) {
		_, err := cookies.Reauthenticate(w, r, middleware.Login{Subject: "1"})
		answer(w, err)
	})
	mux.HandleFunc("/refresh", func(w http.ResponseWriter, r *http.Request) {
		_, err := cookies.Refresh(w, r)
		answer(w, err)
	})
	mux.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) { answer(w, cookies.Logout(w, r)) })
	mux.Handle("/me", tokentest.Guarded(t, cookies))
	return tokentest.NewBrowser(t, mux)
}

func TestARefreshCookieThatEndsWithTheBrowserStaysOne(t *testing.T) {
	// CK-7, CK-10
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		for _, remember := range []string{"", "yes"} {
			b := newRemembering(t, s)
			var former []string
			for _, path := range []string{"/login", "/refresh", "/prove", "/refresh"} {
				w := b.Status("POST", path, 200, func(r *http.Request) { r.Header.Set("Remember", remember) })
				for _, c := range w.Result().Cookies() {
					if c.Name == "__Host-refresh" && (c.MaxAge > 0) != (remember != "") {
						t.Errorf("remember %q, %s: Max-Age %d", remember, path, c.MaxAge)
					}
				}
				b.Expire()
				b.Status("GET", "/me", 200)
				if slices.Contains(former, b.Refresh()) || strings.HasSuffix(b.Refresh(), ".b") != (remember == "") {
					t.Errorf("remember %q, %s: refresh cookie %s, and before %q", remember, path, b.Refresh(), former)
				}
				former = append(former, b.Refresh())
			}
			copied := b.Copy()
			b.Status("POST", "/logout", 200)
			copied.Expire()
			copied.Status("GET", "/me", 401)
		}
	})
}
