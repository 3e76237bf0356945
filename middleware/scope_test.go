package middleware_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/inga-auth/inga/middleware"
)

func mayDo(scopes ...string) *oracle {
	return &oracle{identity: middleware.Identity{Subject: "ann", Scopes: scopes}}
}

func TestScopeRules(t *testing.T) {
	for _, row := range []struct {
		name string
		rule middleware.Authorizer
		held []string
		want int
	}{
		{"one, held", middleware.HasScope("read"), []string{"write", "read"}, 200},
		{"one, missing", middleware.HasScope("read"), []string{"write"}, 403},
		{"two, both held", middleware.HasScope("read", "write"), []string{"write", "read"}, 200},
		{"two, one held", middleware.HasScope("read", "write"), []string{"read"}, 403},
		{"none held", middleware.HasScope("read"), nil, 403},
		{"case matters", middleware.HasScope("read"), []string{"Read"}, 403},
		{"a list is no scope", middleware.HasScope("read", "write"), []string{"read write"}, 403},
		{"all characters of RFC 6749", middleware.HasScope("https://api.example/!#[]~"), []string{"https://api.example/!#[]~"}, 200},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := newGuard(t, middleware.Config{Authenticator: mayDo(row.held...)})
			if w := get(require(t, g, row.rule).Handler(whoami)); w.Code != row.want {
				t.Errorf("status %d, want %d", w.Code, row.want)
			}
		})
	}
}

// scoped has a challenge with the scopes.
type scoped struct{ *oracle }

func (scoped) Challenge(_ *http.Request, d middleware.Denial) string {
	return fmt.Sprintf("Test error=%q, scope=%q", d.Code, d.Scope)
}

func TestARefusalForAScopeSaysWhichOnesItTakes(t *testing.T) {
	// ER-2. RFC 6750, section 3.1: the attribute scope belongs to insufficient_scope.
	g := newGuard(t, middleware.Config{Authenticator: scoped{mayDo("read")}, Roles: []string{"admin"}})
	for _, row := range []struct {
		rules []middleware.Authorizer
		want  string
	}{
		{[]middleware.Authorizer{middleware.HasScope("read", "write")}, `Test error="insufficient_scope", scope="read write"`},
		{[]middleware.Authorizer{middleware.HasRole("admin"), middleware.HasScope("write")}, `Test error="insufficient_scope", scope=""`},
		{[]middleware.Authorizer{middleware.HasScope("read"), middleware.HasRole("admin")}, `Test error="insufficient_scope", scope=""`},
	} {
		w := get(require(t, g, row.rules...).Handler(whoami))
		if got := w.Header().Get("WWW-Authenticate"); w.Code != 403 || got != row.want {
			t.Errorf("status %d, WWW-Authenticate %s, want 403, %s", w.Code, got, row.want)
		}
	}
}

func TestAScopeThatNoTokenCanHaveIsAMistake(t *testing.T) {
	// ER-3: what is not in the charset of RFC 6749, section 3.3, cannot break the header.
	g := newGuard(t, middleware.Config{Authenticator: knows("ann")})
	_, err := g.Require(middleware.HasScope("", "read write", `a"b`, `c\d`, "e\nf", "ü"), middleware.HasScope())
	wantMentions(t, err, `scope is ""`, `"read write"`, `"a\"b"`, `"c\\d"`, `"e\nf"`, `"ü"`, "HasScope has no argument")
}

func TestACheckOfScopesAllocatesNothing(t *testing.T) {
	id := middleware.Identity{Scopes: []string{"read", "write"}}
	r := httptest.NewRequest("GET", "/", nil)
	for name, rule := range map[string]middleware.Authorizer{
		"passed":  middleware.HasScope("read", "write"),
		"refused": middleware.HasScope("read", "admin"),
	} {
		if n := testing.AllocsPerRun(100, func() { _ = rule.Authorize(r, id) }); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}
