package middleware_test

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/inga-auth/inga/middleware"
)

// certificate authenticates by the client's TLS certificate: a way of proving of one's own
// takes one method.
type certificate struct{}

func (*certificate) Authenticate(r *http.Request) (middleware.Identity, error) {
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		return middleware.Identity{}, middleware.ErrNoCredentials
	}
	leaf := r.TLS.PeerCertificates[0]
	return middleware.Identity{Subject: leaf.Subject.CommonName, Method: "mtls", ExpiresAt: leaf.NotAfter}, nil
}

func ExampleAuthenticator() {
	guard, err := middleware.New(middleware.Config{Authenticator: &certificate{}})
	if err != nil {
		log.Fatal(err)
	}
	h := guard.Handler(http.NotFoundHandler())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Code)
	// Output: 401
}

func ExampleGuard_Require() {
	ann := &oracle{identity: middleware.Identity{Subject: "ann", Roles: []string{"user"}}}
	guard, err := middleware.New(middleware.Config{Authenticator: ann, Roles: []string{"user", "admin"}})
	if err != nil {
		log.Fatal(err)
	}
	admin, err := guard.Require(middleware.HasRole("admin"))
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/account", guard.Handler(whoami))
	mux.Handle("/admin", admin.Handler(whoami))

	for _, path := range []string{"/account", "/admin"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(path, w.Code)
	}
	// Output:
	// /account 200
	// /admin 403
}

// A rule for a role that does not exist would let no one pass, or everyone. It is an error
// at start-up.
func ExampleGuard_Require_incorrect() {
	guard, err := middleware.New(middleware.Config{
		Authenticator: &certificate{},
		Roles:         []string{"user", "admin"},
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = guard.Require(middleware.HasRole("admim"))
	fmt.Println(err)
	// Output: middleware: unknown role "admim", want one of Config.Roles ["user" "admin"]
}

func ExampleAuthorizerFunc() {
	readOnly := middleware.AuthorizerFunc(func(r *http.Request, id middleware.Identity) error {
		if r.Method != http.MethodGet && !id.HasRole("editor") {
			return errors.New("only editors write")
		}
		return nil
	})
	bob := &oracle{identity: middleware.Identity{Subject: "bob"}}
	guard, _ := middleware.New(middleware.Config{Authenticator: bob})
	guard, err := guard.Require(readOnly)
	if err != nil {
		log.Fatal(err)
	}
	for _, method := range []string{"GET", "PUT"} {
		w := httptest.NewRecorder()
		guard.Handler(whoami).ServeHTTP(w, httptest.NewRequest(method, "/", nil))
		fmt.Println(method, w.Code)
	}
	// Output:
	// GET 200
	// PUT 403
}
