package tokencookie_test

import (
	"net/http"
	"testing"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
)

func TestAPublicPageShowsItselfToVisitorsWhoseSessionHasEnded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := tokentest.New(t, s, tokentest.WithRefresh)
		app := tokentest.CookieApp(t, tokentest.NewCookies(t, tokens), tokens)
		b := tokentest.NewBrowser(t, app)
		b.Login("1")
		ended := b.Copy()
		b.Status("POST", "/logout", 200)
		for name, row := range map[string]struct {
			cookies, authorization string
			public, private        int
		}{
			"a session that has ended": {"__Host-refresh=" + ended.Refresh() + "; __Host-access=" + ended.Access(), "", 200, 401},
			"its refresh cookie":       {"__Host-refresh=" + ended.Refresh(), "", 200, 401},
			"junk":                     {"__Host-refresh=junk", "", 200, 401},
			"the token of the session": {"", "Bearer " + ended.Access(), 401, 401},
			"the token and the cookie": {"__Host-refresh=" + ended.Refresh(), "Bearer " + ended.Access(), 401, 401},
			"a token that is none":     {"", "Bearer junk", 401, 401},
		} {
			t.Run(name, func(t *testing.T) {
				sent := func(r *http.Request) {
					r.Header = http.Header{"Cookie": {row.cookies}, "Authorization": {row.authorization}}
					if row.authorization == "" {
						r.Header.Del("Authorization")
					}
				}
				tokentest.NewBrowser(t, app).Status("GET", "/optional", row.public, sent)
				tokentest.NewBrowser(t, app).Status("GET", "/me", row.private, sent)
			})
		}
	})
}
