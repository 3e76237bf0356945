package authtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/inga-auth/inga/middleware"
)

// WithIdentity returns r as a guard passes it on that found out that id sent it:
// [middleware.FromContext], [middleware.NewEvent] and [middleware.Refuse] see it so. It is for
// handlers that are tested without the guard before them. A guard before them asks its own
// authenticator all the same; one that asks [Authenticator] lets the request pass, if no rule
// objects to id.
//
// No credential is made up, and nothing in the request says who it is but its context, which
// no client can send. WithIdentity panics in a program that is no test, and if id has no
// Subject.
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
	// A guard of ours makes of r what the application's would: nothing of package middleware
	// is imitated here, and nothing in it is open for this.
	guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, passed *http.Request) {
		r = passed.WithContext(context.WithValue(passed.Context(), identityKey{}, id))
	})).ServeHTTP(httptest.NewRecorder(), r)
	return r
}

type identityKey struct{}

// An answer is an authenticator with one answer. Each is another authenticator, so that no
// guard takes the answer of one for that of another.
type answer struct{ id middleware.Identity }

func (a *answer) Authenticate(*http.Request) (middleware.Identity, error) { return a.id, nil }

// Authenticator answers with the identity of [WithIdentity], and without one that there are no
// credentials. In a test it stands where the application's own stands, or before it:
//
//	middleware.FirstOf(authtest.Authenticator{}, sessions)
type Authenticator struct{}

var _ middleware.Authenticator = Authenticator{}

// Authenticate implements [middleware.Authenticator].
func (Authenticator) Authenticate(r *http.Request) (middleware.Identity, error) {
	if id, ok := r.Context().Value(identityKey{}).(middleware.Identity); ok {
		return id, nil
	}
	return middleware.Identity{}, middleware.ErrNoCredentials
}
