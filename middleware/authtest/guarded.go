package authtest

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// Guarded fails the test for every route of the application that is neither behind a guard nor
// named as public, and for every name that is of no route, or of one that a guard refuses. It
// sends each route an anonymous request, with "authtest" for a wildcard, or what an expression
// in it asks for. The handlers of public routes run, and so do those that somebody forgot to
// guard.
//
// Behind a guard is what [middleware.Guard.Handler] refuses. A handler that answers 401 itself,
// by middleware.Refuse for example, is not: it has run. Neither is a page behind
// [middleware.Guard.Optional], which is for anonymous visitors.
//
// The routes are those of a [Mux], or what another router lists, as method and pattern. A name
// is both, with a space between, or the pattern of a route for every method:
//
//	authtest.Guarded(t, app, mux.Routes(), "GET /{$}", "POST /login", "/static/")
//
// The handler may be the router, or what is around it, but for what answers in another goroutine
// or later than it is told to, as http.TimeoutHandler does: behind that, no guard is seen.
func Guarded(t testing.TB, app http.Handler, routes iter.Seq2[string, string], public ...string) {
	t.Helper()
	var all []route
	for method, pattern := range routes {
		all = append(all, newRoute(method, pattern, public))
	}
	if len(all) == 0 {
		t.Error("authtest: there is no route")
	}
	for _, r := range all {
		if err := r.check(app); err != nil {
			t.Errorf("authtest: %s: %v", r.name, err)
		}
	}
	for _, name := range public {
		if !slices.ContainsFunc(all, func(r route) bool { return r.name == name }) {
			t.Errorf("authtest: %s is named as public, and there is no such route", name)
		}
	}
}

// A route is one of the application.
type route struct {
	name            string // what it is called among the public ones
	method, pattern string
	public          bool
}

func newRoute(method, pattern string, public []string) route {
	name := strings.TrimSpace(method + " " + pattern)
	return route{name, method, pattern, slices.Contains(public, name)}
}

// check sends the route a request of each method that it may have. One that reaches another
// route of a Mux says nothing about this one.
func (r route) check(app http.Handler) error {
	host, targets, err := paths(r.pattern)
	if err != nil {
		return err
	}
	tries := methods[:]
	if r.method != "" {
		tries = []string{r.method}
	}
	asked := 0
	for _, method := range tries {
		for _, target := range targets {
			v := visit(app, method, host, target)
			if len(v.reached) > 0 && !slices.Contains(v.reached, r.name) {
				continue
			}
			if mistake := v.mistake(r.public); mistake != "" {
				return fmt.Errorf("%s %s%s is answered with %d: %s", method, host, target, v.status, mistake)
			}
			asked++
			break
		}
	}
	if asked == 0 {
		return fmt.Errorf("no request of the test reaches it: other routes have %q", targets)
	}
	return nil
}

// A visited is what became of an anonymous request.
type visited struct {
	reached []string // routes of a Mux, if there is one
	status  int
	guard   bool // a guard answered
	panics  any
}

func (v visited) mistake(public bool) string {
	switch {
	case v.guard && public:
		return "a guard refuses it, and it is named as public"
	case v.guard || public:
		return ""
	case v.panics != nil:
		return fmt.Sprintf("no guard refuses it, and its handler panics: %v", v.panics)
	}
	return "no guard refuses it, and it is not named as public"
}

// visitTime is how long a handler may take that waits for its context.
const visitTime = 5 * time.Second

func visit(app http.Handler, method, host, target string) (v visited) {
	ctx, cancel := context.WithTimeout(context.Background(), visitTime)
	defer cancel()
	r, reached := tracked(httptest.NewRequestWithContext(ctx, method, "https://"+cmp.Or(host, "app.example")+target, nil))
	w := newWitness(cancel) // a stream ends once it has begun
	defer func() {
		v = visited{reached: *reached, status: w.status, guard: w.guard, panics: recover()}
		if v.status == 0 {
			v.status = http.StatusOK
		}
	}()
	app.ServeHTTP(w, r)
	return v
}
