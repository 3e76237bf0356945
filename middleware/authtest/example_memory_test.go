package authtest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/jwtauth/foreign"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/authtest"
)

func ExampleInMemoryClient() {
	TestExpiry := func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			cookies, app := shop(nil)
			ann := authtest.InMemoryClient(t, app, func(w http.ResponseWriter, r *http.Request) error {
				_, err := cookies.Login(w, r, middleware.Login{Subject: "7"})
				return err
			})
			for _, want := range []int{200, 401} {
				resp, err := ann.Get("/account")
				if err != nil {
					t.Fatal(err)
				}
				_ = resp.Body.Close()
				if resp.StatusCode != want {
					t.Errorf("status %d, want %d", resp.StatusCode, want)
				}
				time.Sleep(31 * time.Minute) // which takes no time in a bubble
			}
		})
	}
	_ = TestExpiry
}

func ExampleInMemoryIssuer() {
	issuer := authtest.InMemoryIssuer()
	issuers := must(foreign.New(foreign.Config{Issuer: issuer.URL, Audience: "orders", HTTPClient: issuer.Client()}))
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+issuer.Token(map[string]any{"sub": "ann", "aud": "orders", "scope": "read"}))
	id, err := issuers.Authenticate(r)
	fmt.Println(id.Subject, id.Issuer, id.Scopes, err)
	// Output: ann https://issuer.example [read] <nil>
}

func ExampleTransport() {
	client := &http.Client{Transport: authtest.Transport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s of %s", r.URL, r.Host)
	}))}
	resp, err := client.Get("https://app.example/page")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Printf("%s %v", body, err)
	// Output: /page of app.example <nil>
}

func ExampleMux() {
	var m authtest.Mux
	cookies, _ := shop(nil)
	shopRoutes(&m, must(middleware.New(middleware.Config{Authenticator: cookies})))
	for method, pattern := range m.Routes() {
		fmt.Println(method, pattern)
	}
	// Output:
	// GET /{$}
	// GET /account
	// DELETE /orders/{id}
}
