package middleware_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// A traced authenticator wraps another one, and says so.
type traced struct {
	middleware.Authenticator
	spans *[]string
}

func (t *traced) Authenticate(r *http.Request) (middleware.Identity, error) {
	*t.spans = append(*t.spans, "authenticate")
	return t.Authenticator.Authenticate(r)
}

func (t *traced) Unwrap() middleware.Authenticator { return t.Authenticator }

// able is an authenticator with everything that is optional. It counts what it is asked for.
type able struct {
	watcher
	renewed int
}

func (a *able) Challenge(*http.Request, middleware.Denial) string { return "Able" }

func (a *able) Renew(h http.Header, _ *http.Request, id middleware.Identity) (middleware.Identity, bool, error) {
	a.renewed++
	h.Set("Renewed", "yes")
	id.ExpiresAt = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	return id, true, nil
}

// hidden is a wrapper without Unwrap: what it embeds has Authenticate only.
type hidden struct{ middleware.Authenticator }

// wrappings are ways of putting an authenticator into others, and whether its optional methods
// are found there.
var wrappings = []struct {
	name  string
	wrap  func(middleware.Authenticator) middleware.Authenticator
	found bool
}{
	{"alone", func(a middleware.Authenticator) middleware.Authenticator { return a }, true},
	{"wrapped", func(a middleware.Authenticator) middleware.Authenticator { return trace(a) }, true},
	{"wrapped twice", func(a middleware.Authenticator) middleware.Authenticator { return trace(trace(a)) }, true},
	{"in a list", func(a middleware.Authenticator) middleware.Authenticator {
		return middleware.FirstOf(refuses(middleware.ErrNoCredentials), a)
	}, true},
	{"wrapped in a list", func(a middleware.Authenticator) middleware.Authenticator {
		return middleware.FirstOf(refuses(middleware.ErrNoCredentials), trace(a))
	}, true},
	{"in a list that is wrapped", func(a middleware.Authenticator) middleware.Authenticator {
		return trace(middleware.FirstOf(refuses(middleware.ErrNoCredentials), a))
	}, true},
	{"wrapped in a list that is wrapped, in a list", func(a middleware.Authenticator) middleware.Authenticator {
		return middleware.FirstOf(trace(middleware.FirstOf(trace(a))))
	}, true},
	{"in a wrapper that hides it", func(a middleware.Authenticator) middleware.Authenticator { return &hidden{a} }, false},
	{"in a wrapper that hides it, in a list", func(a middleware.Authenticator) middleware.Authenticator {
		return middleware.FirstOf(&hidden{a})
	}, false},
	{"in one that hides it, wrapped", func(a middleware.Authenticator) middleware.Authenticator { return trace(&hidden{a}) }, false},
}

func trace(a middleware.Authenticator) *traced { return &traced{a, new([]string)} }

func TestWhatAnAuthenticatorCanDoIsFoundBehindItsWrappers(t *testing.T) {
	for _, row := range wrappings {
		t.Run(row.name, func(t *testing.T) {
			a := &able{watcher: *watches()}
			g := newGuard(t, middleware.Config{Authenticator: row.wrap(a)})
			w := get(g.Handler(middleware.EndWithSession(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r = middleware.Renew(w, r)
				if id, _ := middleware.FromContext(r.Context()); row.found != (id.ExpiresAt.Year() == 2030) {
					t.Errorf("the identity expires at %v, want a renewed one: %v", id.ExpiresAt, row.found)
				}
				middleware.Refuse(w, r, middleware.ErrForbidden)
			}))))
			if got := w.Header().Get("WWW-Authenticate"); got != map[bool]string{true: "Able"}[row.found] {
				t.Errorf("WWW-Authenticate %q, want one: %v", got, row.found)
			}
			if got := a.renewed == 1 && w.Header().Get("Renewed") == "yes"; got != row.found {
				t.Errorf("renewed %d times, want once: %v", a.renewed, row.found)
			}
			if got := len(a.watched) == 1 && a.stopped == 1; got != row.found {
				t.Errorf("watched %d sessions and stopped %d times, want one each: %v", len(a.watched), a.stopped, row.found)
			}
		})
	}
}

func TestAWrapperIsAskedAndNotWhatItWraps(t *testing.T) {
	spans := new([]string)
	g := newGuard(t, middleware.Config{Authenticator: &traced{knows("ann"), spans}})
	if w := get(g.Handler(g.Handler(whoami))); w.Body.String() != "ann" {
		t.Errorf("handler saw %q, want ann", w.Body)
	}
	if !slices.Equal(*spans, []string{"authenticate"}) {
		t.Errorf("spans %q, want one, and none for the inner guard", *spans)
	}
}

// function is an authenticator of a type that cannot be compared.
type function func(r *http.Request) (middleware.Identity, error)

func (f function) Authenticate(r *http.Request) (middleware.Identity, error) { return f(r) }

// keyring is another one: it holds a slice, and its methods have no pointer.
type keyring struct{ keys []string }

func (keyring) Authenticate(*http.Request) (middleware.Identity, error) {
	return middleware.Identity{Subject: "ann"}, nil
}

// byValue is comparable if what it holds is.
type byValue struct{ middleware.Authenticator }

func (v byValue) Unwrap() middleware.Authenticator { return v.Authenticator }

func anyone(*http.Request) (middleware.Identity, error) {
	return middleware.Identity{Subject: "ann"}, nil
}

func TestNewRefusesWhatWouldPanicAtTheFirstRequest(t *testing.T) {
	var noOracle *oracle
	var noFunction function
	for _, row := range []struct {
		name string
		a    middleware.Authenticator
		want string
	}{
		{"nil", nil, "is nil"},
		{"a nil pointer", noOracle, "is nil"},
		{"a nil function", noFunction, "is nil"},
		{"a function", function(anyone), "function, want a comparable type"},
		{"a struct with a slice", keyring{[]string{"k"}}, "keyring, want a comparable type"},
		{"a struct with a slice that is nil", keyring{}, "keyring, want a comparable type"},
		{"a struct with an interface that holds a function", byValue{function(anyone)}, "byValue, want a comparable type"},
	} {
		for _, way := range wrappings {
			if !way.found {
				continue
			}
			_, err := middleware.New(middleware.Config{Authenticator: way.wrap(row.a)})
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%s, %s: want an error with %q, got %v", row.name, way.name, row.want, err)
			}
		}
	}
	for name, a := range map[string]middleware.Authenticator{
		"a pointer": &keyring{}, "a struct with an interface that holds a pointer": byValue{knows("ann")},
		"a wrapper of one": trace(&keyring{}),
	} {
		if _, err := middleware.New(middleware.Config{Authenticator: a}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// loop wraps itself, or what another loop is told.
type loop struct{ inner middleware.Authenticator }

func (l *loop) Authenticate(*http.Request) (middleware.Identity, error) {
	return middleware.Identity{Subject: "ann", ExpiresAt: time.Now().Add(time.Hour)}, nil
}

func (l *loop) Unwrap() middleware.Authenticator { return l.inner }

// opaque has no Unwrap, and so hides from New what it asks.
type opaque struct{ list middleware.Authenticator }

func (o *opaque) Authenticate(r *http.Request) (middleware.Identity, error) {
	return o.list.Authenticate(r)
}

func TestAnUnwrapThatLeadsInACircleEnds(t *testing.T) {
	one, two, itself := &loop{}, &loop{}, &loop{}
	one.inner, two.inner, itself.inner = two, one, itself
	for _, a := range []middleware.Authenticator{itself, one, middleware.FirstOf(knows("ann"), two)} {
		if _, err := middleware.New(middleware.Config{Authenticator: a}); err == nil || !strings.Contains(err.Error(), "wraps itself") {
			t.Errorf("%T: %v, want that it wraps itself", a, err)
		}
	}
	g := newGuard(t, middleware.Config{Authenticator: &opaque{middleware.FirstOf(itself)}})
	renewed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { whoami.ServeHTTP(w, middleware.Renew(w, r)) })
	if w := get(g.Handler(middleware.EndWithSession(renewed))); w.Body.String() != "ann" {
		t.Errorf("handler saw %q, want ann", w.Body)
	}
}

func TestTheMistakeOfAnAuthenticatorSaysWhereItIs(t *testing.T) {
	for _, row := range []struct {
		a    middleware.Authenticator
		want string
	}{
		{trace(nil), "middleware: what Config.Authenticator wraps is nil, want an Authenticator"},
		{middleware.FirstOf(knows("ann"), trace(trace(nil))), "middleware: what what authenticators[1] of FirstOf wraps wraps is nil, want an Authenticator"},
		{trace(middleware.FirstOf(keyring{}, knows("ann"))), "middleware: authenticators[0] of FirstOf is a middleware_test.keyring, want a comparable type, like a pointer"},
	} {
		if _, err := middleware.New(middleware.Config{Authenticator: row.a}); err == nil || err.Error() != row.want {
			t.Errorf("got %v, want %s", err, row.want)
		}
	}
}

func TestANilInAnInterfaceIsAMistakeOfTheConfig(t *testing.T) {
	var redirect *middleware.LoginRedirect
	var denier middleware.DenierFunc
	for name, d := range map[string]middleware.Denier{"a nil pointer": redirect, "a nil function": denier} {
		_, err := middleware.New(middleware.Config{Authenticator: knows("ann"), Denier: d})
		if err == nil || !strings.Contains(err.Error(), "Config.Denier is a nil") {
			t.Errorf("%s: want an error about Config.Denier, got %v", name, err)
		}
	}
	g := newGuard(t, middleware.Config{Authenticator: knows("ann")})
	var rule *evenDays
	var function middleware.AuthorizerFunc
	for name, r := range map[string]middleware.Authorizer{"nil": nil, "a nil pointer": rule, "a nil function": function} {
		if _, err := g.Require(middleware.Fresh(time.Hour), r); err == nil || !strings.Contains(err.Error(), "rule 1 is nil") {
			t.Errorf("%s: want an error about rule 1, got %v", name, err)
		}
	}
}

type evenDays struct{ days int }

func (e *evenDays) Authorize(*http.Request, middleware.Identity) error { e.days++; return nil }

func TestAnAuthenticatorThatAWrapperHidesMayBeOfAnyType(t *testing.T) {
	// New cannot see it. Guards that are nested compare it, and must not panic.
	list := middleware.FirstOf(function(anyone))
	g := newGuard(t, middleware.Config{Authenticator: &hidden{list}})
	another := newGuard(t, middleware.Config{Authenticator: &hidden{list}})
	if w := get(g.Handler(another.Handler(g.Handler(whoami)))); w.Code != 200 || w.Body.String() != "ann" {
		t.Errorf("got %d %q, want 200 ann", w.Code, w.Body)
	}
}
