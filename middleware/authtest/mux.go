package authtest

import (
	"context"
	"iter"
	"net/http"
	"strings"
)

// A Mux is an [http.ServeMux] that tells what was registered with it, which the other does not.
// A test gives one to the function that registers the routes of the application, if that takes
// an interface:
//
//	type mux interface {
//		Handle(pattern string, h http.Handler)
//		HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request))
//	}
//
// The zero value is ready. A handler that is a mux itself is one route to the Mux around it.
type Mux struct {
	serve    http.ServeMux
	patterns []string
}

// Handle is that of [http.ServeMux].
func (m *Mux) Handle(pattern string, h http.Handler) {
	m.serve.Handle(pattern, marked(pattern, h)) // which panics at a pattern that is none
	m.patterns = append(m.patterns, pattern)
}

// HandleFunc is that of [http.ServeMux].
func (m *Mux) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	if h == nil {
		panic("authtest: the handler of " + pattern + " is nil")
	}
	m.Handle(pattern, http.HandlerFunc(h))
}

// ServeHTTP implements [http.Handler].
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.serve.ServeHTTP(w, r) }

// Routes are the routes, in the order of their registration, for [Guarded]: method, or "" for
// a pattern that has none, and the rest of the pattern.
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

// marked is h, and tells a request of [Guarded] which pattern it has reached.
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

// tracked is r, and where it is written which patterns of a [Mux] it reaches: more than one
// if there is a Mux in a Mux.
func tracked(r *http.Request) (*http.Request, *[]string) {
	reached := new([]string)
	return r.WithContext(context.WithValue(r.Context(), reachedKey{}, reached)), reached
}
