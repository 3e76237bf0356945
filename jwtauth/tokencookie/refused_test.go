package tokencookie_test

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"testing"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/middleware"
)

func TestForgedAndDeadTokensAndCookiesAreCounted(t *testing.T) {
	// OB-1
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := tokentest.New(t, s, tokentest.WithRefresh)
		cookies := tokentest.NewCookies(t, tokens)
		b := tokentest.NewBrowser(t, tokentest.CookieApp(t, cookies))
		b.Login("1")
		refresh := b.Refresh()
		b.Status("POST", "/logout", 200)
		var got []string
		guard, err := middleware.New(middleware.Config{
			Authenticator: middleware.FirstOf(tokens, cookies),
			Logger:        slog.New(slog.DiscardHandler),
			Events: func(_ context.Context, e middleware.Event) {
				got = append(got, string(e.Type)+" "+e.Reason+e.Subject+e.SessionID+e.Actor)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		pages := tokentest.NewBrowser(t, guard.Handler(tokentest.Me))
		for _, header := range []http.Header{
			{},
			{"Authorization": {"Basic YTpi"}},
			{"Authorization": {"Bearer forged"}},
			{"Authorization": {"Bearer a b"}},
			{"Cookie": {"__Host-refresh=forged"}},
			{"Cookie": {"__Host-refresh=" + refresh}},
		} {
			pages.Do("GET", "/", func(r *http.Request) { r.Header = header })
		}
		want := []string{"refused invalid_credentials", "refused malformed_request", "refused invalid_credentials", "refused session_revoked"}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
