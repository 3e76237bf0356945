package middleware_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/middleware"
)

func TestBoundLetsProvedKeysPassAndNewSessionsForTenSeconds(t *testing.T) {
	// DP-8.
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		key := middleware.Binding{Thumbprint: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", BoundAt: began}
		proved := key
		proved.Proved = true
		at := func(id middleware.Identity) int { return behind(id, middleware.Bound()) }
		of := func(b middleware.Binding) middleware.Identity {
			return middleware.Identity{Subject: "ann", SessionID: "MZXW6YTBOI", AuthTime: began, Binding: b}
		}
		for _, row := range []struct {
			after time.Duration
			id    middleware.Identity
			want  int
		}{
			{0, of(proved), 200},
			{0, of(key), 200}, // on its way while the browser binds the session
			{0, of(middleware.Binding{}), 200},
			{0, middleware.Identity{Subject: "key", AuthTime: began}, 403}, // without a session of ours
			{9999 * time.Millisecond, of(middleware.Binding{}), 200},
			{time.Millisecond, of(middleware.Binding{}), 403},
			{0, of(key), 403},
			{time.Hour, of(proved), 200},
			{0, middleware.Identity{Subject: "u1", Issuer: "https://idp.example", Binding: proved}, 200},
		} {
			time.Sleep(row.after)
			if got := at(row.id); got != row.want {
				t.Errorf("after %v, %+v: status %d, want %d", time.Since(began), row.id.Binding, got, row.want)
			}
		}
	})
}
