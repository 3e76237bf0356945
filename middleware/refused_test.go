package middleware_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/inga-auth/inga/middleware"
)

func TestACredentialThatIsNotGoodIsCountedOnceForARequest(t *testing.T) {
	// OB-1
	for name, row := range map[string]struct {
		err  error
		wrap func(g, another *middleware.Guard) http.Handler
		want int
	}{
		"refused":            {middleware.ErrInvalidCredentials, func(g, _ *middleware.Guard) http.Handler { return g.Handler(whoami) }, 1},
		"a visitor":          {middleware.ErrAmbientCredentials, func(g, _ *middleware.Guard) http.Handler { return g.Optional(whoami) }, 1},
		"a visitor, refused": {middleware.ErrAmbientCredentials, func(g, _ *middleware.Guard) http.Handler { return g.Optional(g.Handler(whoami)) }, 1},
		"by another guard":   {middleware.ErrAmbientCredentials, func(g, other *middleware.Guard) http.Handler { return g.Optional(other.Optional(whoami)) }, 1},
		"an edited request": {middleware.ErrAmbientCredentials, func(g, _ *middleware.Guard) http.Handler {
			return g.Optional(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r = r.Clone(r.Context())
				r.Header.Set("Cookie", "another")
				g.Handler(whoami).ServeHTTP(w, r)
			}))
		}, 2},
		"no credential": {middleware.ErrNoCredentials, func(g, _ *middleware.Guard) http.Handler { return g.Optional(g.Handler(whoami)) }, 0},
		"an outage":     {middleware.ErrUnavailable, func(g, _ *middleware.Guard) http.Handler { return g.Optional(whoami) }, 0},
	} {
		var rec recording
		c := middleware.Config{Authenticator: refuses(row.err), Events: rec.hook}
		get(row.wrap(newGuard(t, c), newGuard(t, c)))
		if len(rec.events) != row.want {
			t.Errorf("%s: %d events, want %d", name, len(rec.events), row.want)
		}
		for _, e := range rec.events {
			if e.Type != middleware.EventRefused || e.Reason != "invalid_credentials" || e.Subject != "" || e.Actor != "" {
				t.Errorf("%s: %+v, want one of a refused credential, and of no one", name, e)
			}
		}
	}
}

func TestAllHooksAreCalledInTheirOrder(t *testing.T) {
	var called []string
	hook := func(name string) middleware.EventHook {
		return func(_ context.Context, e middleware.Event) { called = append(called, name+" "+string(e.Type)) }
	}
	hooks := []middleware.EventHook{hook("1"), nil, hook("2")}
	all := middleware.AllEvents(hooks...)
	hooks[0] = nil
	all(t.Context(), middleware.Event{Type: "login"})
	middleware.AllEvents()(t.Context(), middleware.Event{Type: "login"})
	if !slices.Equal(called, []string{"1 login", "2 login"}) {
		t.Errorf("called %q, want both once", called)
	}
}
