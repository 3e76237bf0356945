package cookie_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

func Example() {
	store := memory.New()
	if err := store.Users().CreateUser(context.Background(), backends.User{ID: "42", Name: "ann", Roles: []string{"user"}}, ""); err != nil {
		log.Fatal(err)
	}
	key := make([]byte, 32) // from a file or a secret store, the same in every process
	_, _ = rand.Read(key)

	sessions, err1 := session.New(session.Config{
		Store:  store,
		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
	})
	cookies, err2 := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{key}})
	guard, err3 := middleware.New(middleware.Config{Authenticator: cookies})
	if err := errors.Join(err1, err2, err3); err != nil {
		log.Fatal(err)
	}
	private := middleware.Chain(guard.Handler, sliding.Handler)

	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		// Here the application makes sure that it is Ann.
		if _, err := cookies.Login(w, r, middleware.Login{Subject: "42"}); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	mux.Handle("GET /account", private(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := middleware.FromContext(r.Context())
		fmt.Fprintf(w, "user %s, roles %v", id.Subject, id.Roles)
	})))

	anonymous := httptest.NewRecorder()
	mux.ServeHTTP(anonymous, httptest.NewRequest("GET", "/account", nil))
	fmt.Println(anonymous.Code)

	login := httptest.NewRecorder()
	mux.ServeHTTP(login, httptest.NewRequest("POST", "/login", nil))

	request := httptest.NewRequest("GET", "/account", nil)
	request.AddCookie(login.Result().Cookies()[0])
	account := httptest.NewRecorder()
	mux.ServeHTTP(account, request)
	fmt.Println(account.Code, account.Body)
	// Output:
	// 401
	// 200 user 42, roles [user]
}

// SameSite=None lets every site send the cookie along. It is needed for a page that lives in
// a frame of another site and for nothing else, and it needs Secure.
func ExampleNew_incorrect() {
	_, err := cookie.New(cookie.Config{
		Keys:                 [][]byte{[]byte("secret")},
		SameSite:             http.SameSiteNoneMode,
		DangerouslyAllowHTTP: true,
	})
	fmt.Println(err)
	// Output:
	// cookie: Config.Sessions is nil, want what session.New returns
	// cookie: Config.Keys[0]: secret has 6 bytes, want 32 random bytes (openssl rand -hex 32)
	// cookie: Config.SameSite is None, which browsers accept with Secure only, and DangerouslyAllowHTTP is true
}
