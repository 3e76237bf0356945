package devices_test

import (
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
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
