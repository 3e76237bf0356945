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

// Guarded fails the test for every route of the application that is neither guarded nor listed as
// public. It also fails for every public route in the list that does not exist or is guarded. It
// sends each route an anonymous request, with "authtest" in place of wildcards, or a text that
// matches the wildcard's regular expression. The handlers of public routes run, and so do those
// of routes that were left open by mistake.
//
// A route is guarded if [middleware.Guard.Handler] refuses the request. A handler that responds
// 401 itself, with middleware.Refuse for example, does not count, since it has run. Neither does
// [middleware.Guard.Optional], which admits anonymous visitors.
//
// The routes are those of a [Mux], or of another router, as pairs of method and pattern. A public
// route is written as both, separated by a space, or as the pattern alone if the route has no
// method:
//
//	authtest.Guarded(t, app, mux.Routes(), "GET /{$}", "POST /login", "/static/")
//
// app is the router, or a handler around it. It must not respond in another goroutine or delay
// the response, as http.TimeoutHandler does, because the guards behind it are not recognized
// then.
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

// A route is a route of the application.
type route struct {
	name            string // as in the list of public routes
	method, pattern string
	public          bool
}

func newRoute(method, pattern string, public []string) route {
	name := strings.TrimSpace(method + " " + pattern)
	return route{name, method, pattern, slices.Contains(public, name)}
}

// check sends the route a request of each method that it may have. It ignores requests that reach
// another route of a Mux.
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

// visited is the outcome of an anonymous request.
type visited struct {
	reached []string // routes of a Mux, if there is one
	status  int
	guard   bool // a guard responded
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

// visitTime is when the context of a request ends.
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
