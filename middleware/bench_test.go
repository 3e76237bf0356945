package middleware_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/inga-auth/inga/middleware"
)

func BenchmarkRoleRule(b *testing.B) {
	id := middleware.Identity{Subject: "ann", Roles: []string{"user", "editor", "admin"}}
	r := httptest.NewRequest("GET", "/", nil)
	for name, rule := range map[string]middleware.Authorizer{
		"any":     middleware.HasRole("owner", "admin"),
		"refused": middleware.HasRole("owner"),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = rule.Authorize(r, id)
			}
		})
	}
}

// BenchmarkNestedGuards shows what a guard costs inside another one of the same kind.
func BenchmarkNestedGuards(b *testing.B) {
	g, err := middleware.New(middleware.Config{Authenticator: knows("ann", "admin"), Roles: []string{"admin"}})
	if err != nil {
		b.Fatal(err)
	}
	admin, err := g.Require(middleware.HasRole("admin"))
	if err != nil {
		b.Fatal(err)
	}
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	for name, h := range map[string]http.Handler{
		"one": g.Handler(nothing),
		"two": g.Handler(admin.Handler(nothing)),
	} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/", nil)
			w := httptest.NewRecorder()
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}

func TestACheckOfRolesAllocatesNothing(t *testing.T) {
	id := middleware.Identity{Subject: "ann", Roles: []string{"user", "editor", "admin"}}
	r := httptest.NewRequest("GET", "/", nil)
	for name, rule := range map[string]middleware.Authorizer{
		"passed":  middleware.HasRole("owner", "admin"),
		"refused": middleware.HasRole("root", "owner"),
	} {
		if n := testing.AllocsPerRun(100, func() { _ = rule.Authorize(r, id) }); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

func TestASecondGuardAllocatesNothing(t *testing.T) {
	g := newGuard(t, middleware.Config{Authenticator: knows("ann", "admin"), Roles: []string{"admin"}})
	admin := require(t, g, middleware.HasRole("admin"))
	nothing := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	count := func(h http.Handler) float64 {
		r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
		return testing.AllocsPerRun(100, func() {
			clear(w.Header())
			h.ServeHTTP(w, r)
		})
	}
	if one, two := count(g.Handler(nothing)), count(g.Handler(admin.Handler(nothing))); two != one {
		t.Errorf("%v allocations with a second guard, want %v as with one", two, one)
	}
}
