package cookie_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

func TestATokenComesBeforeACookieAndTheCookieIsStillChecked(t *testing.T) {
	// CS-3, CS-4: one request with both, for different users. What was sent on purpose
	// decides; where the cookie does, its origin is checked.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		sessions := newRegistry(t, registry{Store: s})
		cookies, tokens := cookiesOf(t, sessions), tokensOf(t, sessions)
		guard, err := middleware.New(middleware.Config{Authenticator: middleware.FirstOf(tokens, cookies)})
		if err != nil {
			t.Fatal(err)
		}
		b := newBrowser(t, appOf(t, cookies, nil))
		b.login("1")
		response, err := tokens.Login(httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "2"})
		if err != nil {
			t.Fatal(err)
		}
		b.app = guard.Handler(sliding.Handler(me))
		evil := from("cross-site", "https://evil.example")
		bearer := header("Authorization", "Bearer "+response.AccessToken)
		alone := func(r *http.Request) { r.Header.Del("Cookie") }
		for _, row := range []struct {
			name    string
			edit    []func(*http.Request)
			status  int
			subject string
		}{
			{"the cookie alone", nil, 200, `"subject":"1"`},
			{"both", []func(*http.Request){bearer}, 200, `"subject":"2"`},
			{"the token alone", []func(*http.Request){bearer, alone}, 200, `"subject":"2"`},
			{"the token alone, from another site", []func(*http.Request){bearer, alone, evil}, 200, `"subject":"2"`},
			{"both, from another site: the token decides", []func(*http.Request){bearer, evil}, 200, `"subject":"2"`},
			{"the cookie alone, from another site", []func(*http.Request){evil}, 403, ""},
			{"a bad token and a good cookie", []func(*http.Request){header("Authorization", "Bearer x.y.z")}, 401, ""},
			{"another scheme and a good cookie", []func(*http.Request){header("Authorization", "Basic eDp5")}, 200, `"subject":"1"`},
			{"another scheme and a good cookie, from another site", []func(*http.Request){header("Authorization", "Basic eDp5"), evil}, 403, ""},
		} {
			w := b.do("POST", "/", row.edit...)
			if w.Code != row.status || !strings.Contains(w.Body.String(), row.subject) {
				t.Errorf("%s: %d %s, want %d and %s", row.name, w.Code, w.Body, row.status, row.subject)
			}
		}
	})
}
