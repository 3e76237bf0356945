package authtest

import (
	"context"
	"iter"
	"net/http"
	"strings"
)

// A Mux is an [http.ServeMux] that lists its routes. To use it in a test, let the function that
// registers the routes of the application take an interface:
//
//	type mux interface {
//		Handle(pattern string, h http.Handler)
//		HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request))
//	}
//
// The zero value is ready to use. A mux inside a Mux counts as one route. Like http.ServeMux, it
// serves concurrently; register all routes before.
type Mux struct {
	serve    http.ServeMux
	patterns []string
}

// Handle is like [http.ServeMux.Handle].
func (m *Mux) Handle(pattern string, h http.Handler) {
	m.serve.Handle(pattern, marked(pattern, h)) // panics if the pattern is invalid
	m.patterns = append(m.patterns, pattern)
}

// HandleFunc is like [http.ServeMux.HandleFunc].
func (m *Mux) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	if h == nil {
		panic("authtest: the handler of " + pattern + " is nil")
	}
	m.Handle(pattern, http.HandlerFunc(h))
}

// ServeHTTP implements [http.Handler].
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.serve.ServeHTTP(w, r) }

// Routes returns the routes in the order of their registration, for [Guarded]: the method, or ""
// if the pattern has none, and the rest of the pattern.
func (m *Mux) Routes() iter.Seq2[string, string] {
	return func(yield func(method, pattern string) bool) {
		for _, pattern := range m.patterns {
			words := append([]string{""}, strings.Fields(pattern)...)
			if !yield(words[len(words)-2], words[len(words)-1]) {
				return
			}
		}
	}
}

// marked wraps h to record in a request of [Guarded] that it has reached the pattern.
func marked(pattern string, h http.Handler) http.Handler {
	if h == nil {
		panic("authtest: the handler of " + pattern + " is nil")
	}
	name := strings.Join(strings.Fields(pattern), " ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if reached, ok := r.Context().Value(reachedKey{}).(*[]string); ok {
			*reached = append(*reached, name)
		}
		h.ServeHTTP(w, r)
	})
}

type reachedKey struct{}

// tracked returns a copy of r, and the list to which the patterns of each [Mux] are added that it
// reaches: more than one if there is a Mux in a Mux.
func tracked(r *http.Request) (*http.Request, *[]string) {
	reached := new([]string)
	return r.WithContext(context.WithValue(r.Context(), reachedKey{}, reached)), reached
}
