package authtest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/authtest"
)

var ann = middleware.Identity{Subject: "ann", Roles: []string{"user"}, Method: "cookie", SessionID: "S1"}

func TestAHandlerWithoutAGuardSeesTheIdentity(t *testing.T) {
	w := serve(whoami, authtest.WithIdentity(httptest.NewRequest("GET", "/", nil), ann))
	if got, want := w.Body.String(), "ann [user] by cookie"; got != want {
		t.Errorf("body %q, want %q", got, want)
	}
}

func TestTheRequestStaysAsItWas(t *testing.T) {
	type key struct{}
	r := httptest.NewRequest("POST", "/x?y=1", strings.NewReader("body"))
	r = r.WithContext(context.WithValue(r.Context(), key{}, "kept"))
	r.SetPathValue("id", "7")
	known := authtest.WithIdentity(r, ann)
	if _, ok := middleware.FromContext(r.Context()); ok {
		t.Error("the request that was given is changed")
	}
	if known.Context().Value(key{}) != "kept" || known.PathValue("id") != "7" || known.URL != r.URL || known.Body != r.Body {
		t.Error("the request that is returned is another one")
	}
	if len(known.Header) != 0 {
		t.Errorf("headers %v, want none: it is in the context only", known.Header)
	}
}

func TestTheLatestIdentityCounts(t *testing.T) {
	r := authtest.WithIdentity(httptest.NewRequest("GET", "/", nil), ann)
	r = authtest.WithIdentity(r, middleware.Identity{Subject: "bob", Method: "bearer"})
	for name, h := range map[string]http.Handler{"bare": whoami, "guarded": newGuard(authtest.Authenticator{}, nil).Handler(whoami)} {
		if got, want := serve(h, r).Body.String(), "bob [] by bearer"; got != want {
			t.Errorf("%s: body %q, want %q", name, got, want)
		}
	}
}

func TestAGuardThatAsksAppliesItsRules(t *testing.T) {
	a := newApp(t)
	guard := newGuard(middleware.FirstOf(authtest.Authenticator{}, a.cookies), nil)
	admin := must(guard.Require(middleware.HasRole("admin")))
	for _, row := range []struct {
		name   string
		h      http.Handler
		id     middleware.Identity
		status int
	}{
		{"nobody", guard.Handler(whoami), middleware.Identity{}, 401},
		{"ann", guard.Handler(whoami), ann, 200},
		{"ann as an administrator", admin.Handler(whoami), ann, 403},
		{"an administrator", admin.Handler(whoami), middleware.Identity{Subject: "root", Roles: []string{"admin"}}, 200},
		{"a guard in a guard", guard.Handler(admin.Handler(whoami)), ann, 403},
		{"a guard alone", newGuard(authtest.Authenticator{}, nil).Handler(whoami), ann, 200},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		if row.id.Subject != "" {
			r = authtest.WithIdentity(r, row.id)
		}
		if w := serve(row.h, r); w.Code != row.status {
			t.Errorf("%s: status %d, want %d", row.name, w.Code, row.status)
		}
	}
}

func TestAGuardThatDoesNotAskRefuses(t *testing.T) {
	// The identity is that of another authenticator, which means nothing to this guard.
	a := newApp(t)
	if w := serve(a.handler, authtest.WithIdentity(httptest.NewRequest("GET", "/me", nil), ann)); w.Code != 401 {
		t.Errorf("status %d, want 401", w.Code)
	}
}

func TestTheGuardBeforeAHandlerAnswersItsRefusals(t *testing.T) {
	teapot := middleware.DenierFunc(func(w http.ResponseWriter, _ *http.Request, _ middleware.Denial) { w.WriteHeader(http.StatusTeapot) })
	refusing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { middleware.Refuse(w, r, middleware.ErrForbidden) })
	h := newGuard(authtest.Authenticator{}, teapot).Handler(refusing)
	if w := serve(h, authtest.WithIdentity(httptest.NewRequest("GET", "/", nil), ann)); w.Code != http.StatusTeapot {
		t.Errorf("status %d, want that of the Denier of the guard", w.Code)
	}
}

func TestNoHeaderIsAnIdentity(t *testing.T) {
	// AZ-3.
	h := newGuard(authtest.Authenticator{}, nil).Handler(whoami)
	r := httptest.NewRequest("GET", "/", nil)
	for _, name := range []string{"Authorization", "Cookie", "X-User-Id", "X-Identity", "Identity", "Subject"} {
		r.Header.Set(name, "ann")
	}
	if w := serve(h, r); w.Code != 401 {
		t.Errorf("status %d, want 401", w.Code)
	}
}

func TestNobodyIsNoIdentity(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an identity without a subject is taken")
		}
	}()
	authtest.WithIdentity(httptest.NewRequest("GET", "/", nil), middleware.Identity{Roles: []string{"admin"}})
}

func TestAProgramThatIsNoTestPanics(t *testing.T) {
	const program = `package main

import (
	"net/http"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/authtest"
)

func main() {
	r, _ := http.NewRequest("GET", "/", nil)
	authtest.WithIdentity(r, middleware.Identity{Subject: "root"})
}
`
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "go", "run", file).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "outside of a test") {
		t.Errorf("error %v, want a panic:\n%s", err, out)
	}
}
