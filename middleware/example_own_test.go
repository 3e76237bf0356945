package middleware_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"log"
	"net/http"

	"github.com/inga-auth/inga/middleware"
)

// byHand compares the key of a request with the one that the environment is said to have.
type byHand struct{ want string }

func (b *byHand) Authenticate(r *http.Request) (middleware.Identity, error) {
	if r.Header.Get("X-API-Key") != b.want {
		return middleware.Identity{}, middleware.ErrInvalidCredentials
	}
	return middleware.Identity{Subject: "backup"}, nil
}

// A secret that is compared by hand tells by the time that takes how much of a guess is right.
// And where the variable is not set, a request without a key has the right one.
func ExampleAuthenticator_incorrect() {
	wrong, err := middleware.New(middleware.Config{Authenticator: &byHand{want: ""}}) // os.Getenv("API_KEY")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ask(wrong.Handler(whoami), "GET", "/", "").Code)

	// Right: look the hash up, and answer ErrNoCredentials where there is nothing to look up.
	clients := map[[sha256.Size]byte]middleware.Identity{sha256.Sum256([]byte("key of backup")): {Subject: "backup"}}
	right, err := middleware.New(middleware.Config{Authenticator: &apiKeys{clients}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ask(right.Handler(whoami), "GET", "/", "").Code, ask(right.Handler(whoami), "GET", "/", "backup").Code)
	// Output:
	// 200
	// 401 200
}

// Whatever a rule objects is a 403, unless it says that it could not find out. Clients take a
// 403 for an answer, and do not come again.
func ExampleAuthorizerFunc_incorrect() {
	guard, err := middleware.New(middleware.Config{Authenticator: key(middleware.Identity{Subject: "ann"})})
	if err != nil {
		log.Fatal(err)
	}
	down := errors.New("billing: connection refused")
	wrong := middleware.AuthorizerFunc(func(*http.Request, middleware.Identity) error {
		return down
	})
	right := middleware.AuthorizerFunc(func(*http.Request, middleware.Identity) error {
		return fmt.Errorf("%w: %w", middleware.ErrUnavailable, down)
	})
	for _, rule := range []middleware.Authorizer{wrong, right} {
		paid, err := guard.Require(rule)
		if err != nil {
			log.Fatal(err)
		}
		w := ask(paid.Handler(whoami), "GET", "/", "ann")
		fmt.Printf("%d %q\n", w.Code, w.Header().Get("Retry-After"))
	}
	// Output:
	// 403 ""
	// 503 "1"
}
