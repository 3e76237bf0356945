package middleware_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/inga-auth/inga/middleware"
)

// oracle is an authenticator that says what its fields say, and counts who asks.
type oracle struct {
	identity middleware.Identity
	err      error
	asked    int
}

func (o *oracle) Authenticate(*http.Request) (middleware.Identity, error) {
	o.asked++
	return o.identity, o.err
}

func knows(subject string, roles ...string) *oracle {
	return &oracle{identity: middleware.Identity{Subject: subject, Roles: roles, Method: "test"}}
}

func refuses(err error) *oracle { return &oracle{err: err} }

func newGuard(t *testing.T, c middleware.Config) *middleware.Guard {
	t.Helper()
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	g, err := middleware.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func require(t *testing.T, g *middleware.Guard, rules ...middleware.Authorizer) *middleware.Guard {
	t.Helper()
	stricter, err := g.Require(rules...)
	if err != nil {
		t.Fatal(err)
	}
	return stricter
}

// whoami writes the subject of the identity it finds, or a dash.
var whoami = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if id, ok := middleware.FromContext(r.Context()); ok {
		fmt.Fprint(w, id.Subject)
		return
	}
	fmt.Fprint(w, "-")
})

func get(h http.Handler, edit ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/page?q=1", nil)
	for _, e := range edit {
		e(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestARefusalHasTheStatusOfItsReason(t *testing.T) {
	// AZ-5: an authenticator that could not find out never lets anyone in, nor logs out.
	for _, row := range []struct {
		reason    string
		err       error
		status    int
		retryable bool
	}{
		{"no credential", middleware.ErrNoCredentials, 401, false},
		{"wrong credential", middleware.ErrInvalidCredentials, 401, false},
		{"wrapped wrong credential", fmt.Errorf("row is gone: %w", middleware.ErrInvalidCredentials), 401, false},
		{"malformed request", middleware.ErrMalformedRequest, 400, false},
		{"cross-origin write", middleware.ErrCrossOrigin, 403, false},
		{"forbidden", middleware.ErrForbidden, 403, false},
		{"mistake of the application", fmt.Errorf("row is gone: %w", middleware.ErrInvalidArgument), 500, false},
		{"backend unavailable", middleware.ErrUnavailable, 503, true},
		{"an error that nobody knows", errors.New("connection reset"), 503, true},
	} {
		t.Run(row.reason, func(t *testing.T) {
			w := get(newGuard(t, middleware.Config{Authenticator: refuses(row.err)}).Handler(whoami))
			if w.Code != row.status {
				t.Errorf("status %d, want %d", w.Code, row.status)
			}
			if got := w.Header().Get("Retry-After") != ""; got != row.retryable {
				t.Errorf("Retry-After present: %v, want %v", got, row.retryable)
			}
			if body := w.Body.String(); strings.Contains(body, "row is gone") || strings.Contains(body, "connection") {
				t.Errorf("the reason reached the client: %s", body)
			}
		})
	}
}

func TestAnIdentityReachesTheHandlerAndItsRequestIsACopy(t *testing.T) {
	g := newGuard(t, middleware.Config{Authenticator: knows("ann")})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	w := httptest.NewRecorder()
	g.Handler(whoami).ServeHTTP(w, r)
	if got := w.Body.String(); got != "ann" {
		t.Errorf("handler saw %q, want ann", got)
	}
	if _, ok := middleware.FromContext(r.Context()); ok {
		t.Error("the request that came in was edited")
	}
}

func TestTheHandlerGetsTheResponseWriterOfTheServer(t *testing.T) {
	// No wrapper: Flusher, Hijacker and whatever else the writer can do is left to it.
	g := newGuard(t, middleware.Config{Authenticator: knows("ann")})
	w := httptest.NewRecorder()
	var got http.ResponseWriter
	keep := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { got = w })
	g.Handler(g.Optional(keep)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if got != w {
		t.Errorf("handler got %T, want the recorder itself", got)
	}
}

func TestRoleRules(t *testing.T) {
	// AZ-1: no identity 401, no role 403.
	known := []string{"user", "editor", "admin"}
	for _, row := range []struct {
		name  string
		rule  middleware.Authorizer
		roles []string
		want  int
	}{
		{"any of one, held", middleware.HasRole("admin"), []string{"user", "admin"}, 200},
		{"any of one, missing", middleware.HasRole("admin"), []string{"user"}, 403},
		{"any of two, one held", middleware.HasRole("admin", "editor"), []string{"editor"}, 200},
		{"any of two, none held", middleware.HasRole("admin", "editor"), []string{"user"}, 403},
		{"any, no roles at all", middleware.HasRole("user"), nil, 403},
		{"case matters", middleware.HasRole("admin"), []string{"Admin"}, 403},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := newGuard(t, middleware.Config{Authenticator: knows("ann", row.roles...), Roles: known})
			w := get(require(t, g, row.rule).Handler(whoami))
			if w.Code != row.want {
				t.Errorf("status %d, want %d", w.Code, row.want)
			}
		})
	}
}

func TestARuleIsNotAskedAboutNobody(t *testing.T) {
	g := newGuard(t, middleware.Config{Authenticator: refuses(middleware.ErrNoCredentials)})
	asked := false
	rule := middleware.AuthorizerFunc(func(*http.Request, middleware.Identity) error { asked = true; return nil })
	if w := get(require(t, g, rule).Handler(whoami)); w.Code != 401 || asked {
		t.Errorf("status %d and rule asked: %v, want 401 and false", w.Code, asked)
	}
}

func TestAnObjectionOfARuleIsNeverReadAsAnAnswerAboutCredentials(t *testing.T) {
	for _, row := range []struct {
		name string
		err  error
		want int
	}{
		{"any error", errors.New("not on Sundays"), 403},
		{"forbidden", middleware.ErrForbidden, 403},
		{"could not find out", fmt.Errorf("quota: %w", middleware.ErrUnavailable), 503},
		{"says no credentials", middleware.ErrNoCredentials, 403},
		{"says invalid credentials", middleware.ErrInvalidCredentials, 403},
		{"says ambient credentials", middleware.ErrAmbientCredentials, 403},
		{"says both", errors.Join(middleware.ErrUnavailable, middleware.ErrNoCredentials), 503},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := newGuard(t, middleware.Config{Authenticator: knows("ann")})
			rule := middleware.AuthorizerFunc(func(*http.Request, middleware.Identity) error { return row.err })
			stricter := require(t, g, rule)
			if w := get(stricter.Handler(whoami)); w.Code != row.want {
				t.Errorf("Handler: status %d, want %d", w.Code, row.want)
			}
			if w := get(stricter.Optional(whoami)); w.Code != row.want {
				t.Errorf("Optional: status %d, want %d", w.Code, row.want)
			}
		})
	}
}

func TestOptionalLetsVisitorsPassAndNobodyElseWhoIsNotKnown(t *testing.T) {
	for _, row := range []struct {
		name string
		a    *oracle
		code int
		body string
	}{
		{"known", knows("ann"), 200, "ann"},
		{"anonymous", refuses(middleware.ErrNoCredentials), 200, "-"},
		{"wrong credential", refuses(middleware.ErrInvalidCredentials), 401, ""},
		{"a session that has ended", refuses(middleware.ErrSessionExpired), 401, ""},
		{"a cookie that is not good", refuses(middleware.ErrAmbientCredentials), 200, "-"},
		{"a cookie of a session that has ended", refuses(fmt.Errorf("%w: %w", middleware.ErrAmbientCredentials, middleware.ErrSessionStolen)), 200, "-"},
		{"cross-origin write", refuses(middleware.ErrCrossOrigin), 403, ""},
		{"mistake of the application", refuses(middleware.ErrInvalidArgument), 500, ""},
		{"dead backend", refuses(middleware.ErrUnavailable), 503, ""},
		{"unknown error", refuses(errors.New("boom")), 503, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := get(newGuard(t, middleware.Config{Authenticator: row.a}).Optional(whoami))
			if w.Code != row.code {
				t.Errorf("status %d, want %d", w.Code, row.code)
			}
			if row.code == 200 && w.Body.String() != row.body {
				t.Errorf("handler saw %q, want %q", w.Body, row.body)
			}
		})
	}
}

func TestAnInnerGuardNeverAsksTwice(t *testing.T) {
	a := knows("ann", "user", "admin")
	none := refuses(middleware.ErrNoCredentials)
	first := middleware.FirstOf(none, a)
	outer := newGuard(t, middleware.Config{Authenticator: first, Roles: []string{"admin"}})
	admin := require(t, outer, middleware.HasRole("admin"))
	single := newGuard(t, middleware.Config{Authenticator: a})
	otherList := newGuard(t, middleware.Config{Authenticator: middleware.FirstOf(none, a)})

	h := outer.Handler(admin.Handler(outer.Optional(single.Handler(otherList.Handler(whoami)))))
	if w := get(h); w.Code != 200 || w.Body.String() != "ann" {
		t.Fatalf("got %d %q, want 200 ann", w.Code, w.Body)
	}
	if a.asked != 1 {
		t.Errorf("the authenticator was asked %d times, want 1", a.asked)
	}
}

func TestAnInnerGuardNeverTrustsAnOuterOnesWeakerCheck(t *testing.T) {
	lax, strict := knows("anyone", "admin"), refuses(middleware.ErrInvalidCredentials)
	absent := refuses(middleware.ErrNoCredentials)
	outer := newGuard(t, middleware.Config{Authenticator: lax, Roles: []string{"admin"}})

	t.Run("an optional guard outside", func(t *testing.T) {
		g := newGuard(t, middleware.Config{Authenticator: absent})
		if w := get(g.Optional(g.Handler(whoami))); w.Code != 401 {
			t.Errorf("status %d, want 401", w.Code)
		}
	})
	t.Run("another authenticator outside", func(t *testing.T) {
		inner := newGuard(t, middleware.Config{Authenticator: strict})
		if w := get(outer.Handler(inner.Handler(whoami))); w.Code != 401 {
			t.Errorf("status %d, want 401", w.Code)
		}
		if strict.asked != 1 {
			t.Errorf("the inner authenticator was asked %d times, want 1", strict.asked)
		}
	})
	t.Run("the roles that another authenticator gave", func(t *testing.T) {
		inner := newGuard(t, middleware.Config{Authenticator: knows("ann"), Roles: []string{"admin"}})
		if w := get(outer.Handler(require(t, inner, middleware.HasRole("admin")).Handler(whoami))); w.Code != 403 {
			t.Errorf("status %d, want 403", w.Code)
		}
	})
	t.Run("the identity that the inner one established is the one that handlers see", func(t *testing.T) {
		inner := newGuard(t, middleware.Config{Authenticator: knows("ann")})
		if w := get(outer.Handler(inner.Handler(whoami))); w.Body.String() != "ann" {
			t.Errorf("handler saw %q, want ann", w.Body)
		}
	})
	t.Run("an inner optional guard that knows nobody shows nobody", func(t *testing.T) {
		inner := newGuard(t, middleware.Config{Authenticator: absent})
		if w := get(outer.Handler(inner.Optional(whoami))); w.Body.String() != "-" {
			t.Errorf("handler saw %q, want nobody", w.Body)
		}
	})
	t.Run("a laxer rule outside", func(t *testing.T) {
		g := newGuard(t, middleware.Config{Authenticator: knows("ann", "user"), Roles: []string{"user", "admin"}})
		h := require(t, g, middleware.HasRole("user")).Handler(require(t, g, middleware.HasRole("admin")).Handler(whoami))
		if w := get(h); w.Code != 403 {
			t.Errorf("status %d, want 403", w.Code)
		}
	})
}

func TestRequireAddsToWhatTheGuardAsksForAlready(t *testing.T) {
	g := newGuard(t, middleware.Config{Authenticator: knows("ann", "admin"), Roles: []string{"user", "admin"}})
	user := require(t, g, middleware.HasRole("user"))
	both := require(t, user, middleware.HasRole("admin"))
	if w := get(both.Handler(whoami)); w.Code != 403 {
		t.Errorf("both: status %d, want 403", w.Code)
	}
	if w := get(require(t, g, middleware.HasRole("admin")).Handler(whoami)); w.Code != 200 {
		t.Errorf("the first guard was changed: status %d, want 200", w.Code)
	}
}

func TestTheFirstAuthenticatorThatKnowsTheCredentialDecides(t *testing.T) {
	none := refuses(middleware.ErrNoCredentials)
	for _, row := range []struct {
		name string
		list []middleware.Authenticator
		code int
		body string
	}{
		{"the second, if the first has nothing", []middleware.Authenticator{none, knows("bob")}, 200, "bob"},
		{"the first of two", []middleware.Authenticator{knows("ann"), knows("bob")}, 200, "ann"},
		{"a wrong credential is final", []middleware.Authenticator{refuses(middleware.ErrInvalidCredentials), knows("bob")}, 401, ""},
		{"a malformed request is final", []middleware.Authenticator{refuses(middleware.ErrMalformedRequest), knows("bob")}, 400, ""},
		{"an outage is final", []middleware.Authenticator{refuses(errors.New("down")), knows("bob")}, 503, ""},
		{"a list in a list", []middleware.Authenticator{middleware.FirstOf(none, knows("eve")), knows("bob")}, 200, "eve"},
		{"nobody", []middleware.Authenticator{none, none}, 401, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := get(newGuard(t, middleware.Config{Authenticator: middleware.FirstOf(row.list...)}).Handler(whoami))
			if w.Code != row.code {
				t.Errorf("status %d, want %d", w.Code, row.code)
			}
			if row.code == 200 && w.Body.String() != row.body {
				t.Errorf("handler saw %q, want %q", w.Body, row.body)
			}
		})
	}
}

func TestAMuxBehindAGuardDeniesWhatIsNotRegistered(t *testing.T) {
	// AZ-1: default deny for unregistered routes under the guarded mux.
	mux := http.NewServeMux()
	mux.Handle("GET /known", whoami)
	h := newGuard(t, middleware.Config{Authenticator: refuses(middleware.ErrNoCredentials)}).Handler(mux)
	if w := get(h); w.Code != 401 {
		t.Errorf("status %d, want 401", w.Code)
	}
}

func TestNothingThatAClientSendsBecomesAnIdentity(t *testing.T) {
	// AZ-3
	g := newGuard(t, middleware.Config{Authenticator: refuses(middleware.ErrNoCredentials)})
	w := get(g.Optional(whoami), func(r *http.Request) {
		for _, name := range []string{"X-User-ID", "X-Forwarded-User", "X-Remote-User", "Remote-User", "X-Forwarded-For"} {
			r.Header.Set(name, "root")
		}
		r.URL.User = nil
	})
	if got := w.Body.String(); got != "-" {
		t.Errorf("handler saw %q, want nobody", got)
	}
}

func TestChainPutsTheFirstOutermost(t *testing.T) {
	mark := func(s string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprint(w, s)
				next.ServeHTTP(w, r)
			})
		}
	}
	list := []func(http.Handler) http.Handler{mark("1"), mark("2"), mark("3")}
	chain := middleware.Chain(list...)
	list[0] = mark("x")
	if got := get(chain(whoami)).Body.String(); got != "123-" {
		t.Errorf("got %q, want 123-", got)
	}
	if got := get(middleware.Chain()(whoami)).Body.String(); got != "-" {
		t.Errorf("empty chain: got %q, want -", got)
	}
}

func TestNewReportsEveryMistakeAndNamesItsField(t *testing.T) {
	_, err := middleware.New(middleware.Config{
		Roles:  []string{"user", "", "user", " admin"},
		Realm:  `say "hi"`,
		Denier: middleware.LoginRedirect{Path: "https://evil.example/"},
	})
	wantMentions(t, err, "Config.Authenticator", "Config.Roles[1]", "Config.Roles[2]", "Config.Roles[3]", "Config.Realm", "LoginRedirect.Path")

	_, err = middleware.New(middleware.Config{Authenticator: middleware.FirstOf(nil, middleware.FirstOf())})
	wantMentions(t, err, "authenticators[0] of FirstOf is nil", "no authenticator")
}

func TestRequireReportsEveryMistake(t *testing.T) {
	// AZ-1: an unknown role name in code is an error at start-up.
	g := newGuard(t, middleware.Config{Authenticator: knows("ann"), Roles: []string{"user", "admin"}})
	_, err := g.Require(nil, middleware.HasRole("admim"), middleware.HasRole("user", "root"), middleware.HasRole())
	wantMentions(t, err, "rule 0 is nil", `"admim"`, `"root"`, "HasRole has no argument")
	if _, err := g.Require(); err == nil {
		t.Error("Require without a rule: no error")
	}
	noRoles := newGuard(t, middleware.Config{Authenticator: knows("ann")})
	_, err = noRoles.Require(middleware.HasRole("admin"))
	wantMentions(t, err, "Config.Roles")
	for _, g := range []*middleware.Guard{nil, {}} { // what New returns with an error, for one
		_, err = g.Require(middleware.HasRole("admin"))
		wantMentions(t, err, "this Guard is not from New")
	}
}

func wantMentions(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error does not mention %s:\n%v", word, err)
		}
	}
}
