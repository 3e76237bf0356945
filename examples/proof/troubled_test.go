package proof_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/inga-auth/inga/sliding"
)

// troubled has the pages whose answers are late, lost, cut or changed on their way.
func (a *app) troubled(mux *http.ServeMux, private func(http.Handler) http.Handler) {
	mux.Handle("GET /poll", sliding.Passive(private(http.HandlerFunc(page))))
	mux.Handle("GET /slow", private(http.HandlerFunc(slow)))
	mux.Handle("GET /own", private(http.HandlerFunc(own)))
	mux.Handle("GET /cut", private(http.TimeoutHandler(http.HandlerFunc(own), cutAfter, cut)))
	mux.Handle("GET /cut/all", http.TimeoutHandler(private(http.HandlerFunc(own)), cutAfter, cut))
	mux.Handle("POST /panic", private(http.HandlerFunc(panics)))
	mux.Handle("POST /lost/token", lost(a.oauth.TokenHandler()))
	mux.Handle("POST /lost/refresh", lost(http.HandlerFunc(a.refresh)))
	mux.Handle("GET /debug/thefts", &a.thefts)
}

// After cutAfter a TimeoutHandler answers cut.
const (
	cutAfter = 25 * time.Millisecond
	cut      = "cut"
)

// slow is a page that takes as long as the query says.
func slow(w http.ResponseWriter, r *http.Request) {
	d, _ := time.ParseDuration(r.FormValue("for")) // 0 if it says nothing
	select {
	case <-time.After(d):
	case <-r.Context().Done():
	}
	page(w, r)
}

// own is a slow page that sets a cookie of its own, in place of all there are or beside them.
func own(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("beside") == "" {
		w.Header()["Set-Cookie"] = []string{"theme=dark"}
	} else {
		http.SetCookie(w, &http.Cookie{Name: "theme", Value: "light"})
	}
	slow(w, r)
}

// panics is a page that ends in a panic, before its answer begins or in the middle of it.
func panics(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("begun") != "" {
		_, _ = w.Write([]byte("{"))
		_ = http.NewResponseController(w).Flush()
	}
	panic(http.ErrAbortHandler) // one that net/http does not log
}

// lost does what next does, and its answer never arrives.
func lost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	})
}

// An outcome is what an answer shows of the guard's verdict.
type outcome int

const (
	refused outcome = iota
	letPass
	unknown // the answer was replaced
)

// outcome is that of a request for a page.
func (a *answer) outcome() outcome {
	switch {
	case a.path == "/cut/all" && a.status == 503 && string(a.body) == cut:
		return unknown
	case a.path == "/cut" && a.status == 503 && string(a.body) == cut,
		a.path == "/panic" && a.status == 0, // no other page cuts the connection
		a.path == "/admin" && a.status == 403,
		a.status == 200:
		return letPass
	}
	return refused
}

// shown reports whether the page has come, and shows who the guard thinks one is.
func (a *answer) shown() bool { return a.status == 200 && a.path != "/panic" }

// passive reports whether a request for the page does not count as activity.
func passive(path string) bool { return strings.HasPrefix(path, "/poll") }

// methodFor is how the page is asked for.
func methodFor(path string) string {
	if strings.HasPrefix(path, "/panic") {
		return "POST" // a client would send a GET again by itself
	}
	return "GET"
}
