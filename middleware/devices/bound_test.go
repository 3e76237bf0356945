package devices_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

func TestAListSaysSinceWhenASessionIsBound(t *testing.T) {
	// DV-2
	each(t, func(t *testing.T, a *app) {
		bound, free := a.browser(t, "1"), a.browser(t, "1")
		at := time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)
		if ok, err := a.store.Bind(t.Context(), time.Now(), bound.id, backends.Binding{
			Algorithm: "RS256", Thumbprint: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", Key: `{"e":"AQAB","kty":"RSA","n":"0vx7"}`,
			BoundAt: at, ProvedAt: at,
		}); !ok || err != nil {
			t.Fatalf("Bind: %v, %v", ok, err)
		}
		for _, d := range free.list("/sessions") {
			want := time.Time{}
			if d.ID == bound.id {
				want = at
			}
			if !d.BoundAt.Equal(want) || d.Actor != "" {
				t.Errorf("session %s is bound since %v, and acted in by %q; want %v and nobody", d.ID, d.BoundAt, d.Actor, want)
			}
		}
	})
}

func TestAListSaysWhoActsInASession(t *testing.T) {
	// DV-2
	each(t, func(t *testing.T, a *app) {
		ann, root := a.browser(t, "1"), a.browser(t, "2")
		a.Handler = a.guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, _ := middleware.FromContext(r.Context())
			if _, err := a.cookies.Login(w, r, middleware.Login{Subject: "1", Actor: &id}); err != nil {
				a.guard.Refuse(w, r, err)
			}
		}))
		root.want("POST", "/", 200)
		a.Handler = a.routes(t)
		if w := ann.want("GET", "/sessions", 200); !strings.Contains(w.Body.String(), `"actor":"2"`) {
			t.Errorf("%s, want it to contain the actor 2", w.Body)
		}
		var acting string
		for _, d := range ann.list("/sessions") {
			if d.Actor == "2" {
				acting = d.ID
			} else if d.ID != ann.id || d.Actor != "" {
				t.Errorf("listed %+v, want ann's own session and another in which 2 acts", d)
			}
		}
		ann.ends("/sessions/"+acting, `{"ended":1}`)
		if got := ann.list("/sessions"); len(got) != 1 {
			t.Errorf("listed %+v after the end of that, want one", got)
		}
	})
}
