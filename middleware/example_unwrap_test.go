package middleware_test

import (
	"fmt"
	"log"
	"log/slog"
	"net/http"

	"github.com/inga-auth/inga/middleware"
)

// tokens stands for jwtauth.Tokens: an authenticator that has a challenge, and can renew.
type tokens struct{ oracle }

func (*tokens) Challenge(*http.Request, middleware.Denial) string { return `Bearer realm="shop"` }

func (*tokens) Renew(h http.Header, _ *http.Request, id middleware.Identity) (middleware.Identity, bool, error) {
	h.Set("Access-Token", "…")
	return id, true, nil
}

// lossy adds a span to each authentication. What it embeds is an interface, which has the method
// Authenticate and no other.
type lossy struct{ middleware.Authenticator }

func (s *lossy) Authenticate(r *http.Request) (middleware.Identity, error) {
	// ctx, span := tracer.Start(r.Context(), "authenticate"); defer span.End()
	return s.Authenticator.Authenticate(r)
}

// tracing is the same with one line more.
type tracing struct{ lossy }

func (s *tracing) Unwrap() middleware.Authenticator { return s.Authenticator }

// A wrapper that embeds an Authenticator and has no Unwrap hides what else that can do. Everything
// seems to work, but refusals have no challenge, sessions are not renewed, and EndWithSession
// does not notice that they end.
func ExampleAuthenticator_incorrectWrapper() {
	ann := &tokens{oracle{identity: middleware.Identity{Subject: "ann"}}}
	for _, a := range []middleware.Authenticator{
		&lossy{ann},          // wrong
		&tracing{lossy{ann}}, // right
	} {
		guard, err := middleware.New(middleware.Config{Authenticator: a, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			log.Fatal(err)
		}
		w := ask(guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r = middleware.Renew(w, r) // as sliding.Handler does
			middleware.Refuse(w, r, middleware.ErrForbidden)
		})), "GET", "/", "")
		fmt.Printf("%d %q %q\n", w.Code, w.Header().Get("WWW-Authenticate"), w.Header().Get("Access-Token"))
	}
	// Output:
	// 403 "" ""
	// 403 "Bearer realm=\"shop\"" "…"
}
