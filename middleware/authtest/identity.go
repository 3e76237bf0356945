package authtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/inga-auth/inga/middleware"
)

// WithIdentity returns r as a guard passes it on after it has established id:
// [middleware.FromContext], [middleware.NewEvent] and [middleware.Refuse] behave accordingly. It
// is for tests of handlers without their guard. A guard asks its own authenticator all the same.
// If that is [Authenticator], the request passes unless a rule objects to id.
//
// The identity is in the context of the request and nowhere else, so that no client can send one.
// WithIdentity panics outside of tests, and if id has no Subject.
func WithIdentity(r *http.Request, id middleware.Identity) *http.Request {
	if !testing.Testing() {
		panic("authtest: WithIdentity is called outside of a test")
	}
	if id.Subject == "" {
		panic("authtest: WithIdentity: Identity.Subject is empty, want one")
	}
	guard, err := middleware.New(middleware.Config{Authenticator: &answer{id}})
	if err != nil {
		panic(err)
	}
	// A real guard does the work, so that package middleware needs no back door for tests.
	guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, passed *http.Request) {
		r = passed.WithContext(context.WithValue(passed.Context(), identityKey{}, id))
	})).ServeHTTP(httptest.NewRecorder(), r)
	return r
}

type identityKey struct{}

// An answer is an authenticator that always returns the same identity. It is a pointer, so that
// guards do not confuse one answer with another.
type answer struct{ id middleware.Identity }

func (a *answer) Authenticate(*http.Request) (middleware.Identity, error) { return a.id, nil }

// Authenticator returns the identity of [WithIdentity], or [middleware.ErrNoCredentials] if there
// is none. In tests it replaces the application's own authenticator, or comes before it:
//
//	middleware.FirstOf(authtest.Authenticator{}, cookies)
//
// It is safe for concurrent use.
type Authenticator struct{}

var _ middleware.Authenticator = Authenticator{}

// Authenticate implements [middleware.Authenticator].
func (Authenticator) Authenticate(r *http.Request) (middleware.Identity, error) {
	if id, ok := r.Context().Value(identityKey{}).(middleware.Identity); ok {
		return id, nil
	}
	return middleware.Identity{}, middleware.ErrNoCredentials
}
