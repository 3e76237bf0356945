package jwtauth_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// A page that a cookie logged in calls another service with a token. Though users may have one
// session only, both work, because it is the same one.
func ExampleTokens_Grant() {
	cookies, tokens := oneSession()
	pages, err := middleware.New(middleware.Config{Authenticator: cookies})
	if err != nil {
		log.Fatal(err)
	}
	grant := pages.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // POST /token
		id, _ := middleware.FromContext(r.Context())
		resp, err := tokens.Grant(r, id)
		if err != nil {
			pages.Refuse(w, r, err)
			return
		}
		fmt.Println(resp.TokenType, resp.ExpiresIn, resp.RefreshToken == "", resp.Session.ID == id.SessionID)
		service := httptest.NewRequest("GET", "https://orders.example/", nil)
		service.Header.Set("Authorization", "Bearer "+resp.AccessToken)
		there, err := tokens.Authenticate(service)
		fmt.Println(there.SessionID == id.SessionID, err)
	}))
	w := httptest.NewRecorder()
	grant.ServeHTTP(w, requestOfPage(cookies))
	fmt.Println(w.Code)
	// Output:
	// Bearer 300 true true
	// true <nil>
	// 200
}

// Login opens a session more, which counts in the limit, is in the user's list of devices and does
// not end with the page's. Where users may have one only, it logs the page out.
func ExampleTokens_Grant_incorrect() {
	cookies, tokens := oneSession()
	r := requestOfPage(cookies)
	id, err := cookies.Authenticate(r)
	if err != nil {
		log.Fatal(err)
	}
	_, err = tokens.Login(r, middleware.Login{Subject: id.Subject}) // right: tokens.Grant(r, id)
	fmt.Println(err)
	_, err = cookies.Authenticate(r)
	fmt.Println(errors.Is(err, middleware.ErrSessionSuperseded))
	// Output:
	// <nil>
	// true
}

// oneSession returns the cookies and tokens of a site on which each user has one session.
func oneSession() (*cookie.Cookies, *jwtauth.Tokens) {
	store := memory.New()
	err1 := store.Users().CreateUser(context.Background(), backends.User{ID: "ann"}, "")
	sessions, err2 := session.New(session.Config{
		Store:  store,
		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
		Limit:  backends.Limit{Total: 1}.ForAll,
		Events: func(context.Context, middleware.Event) {},
	})
	cookies, err3 := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{secretOf("cookie")}})
	key, err4 := jwtauth.HS256(secretOf("token"))
	tokens, err5 := jwtauth.New(jwtauth.Config{
		Sessions: sessions, Keys: []jwtauth.Key{key}, Issuer: "https://app.example", Audience: "https://orders.example",
	})
	if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
		log.Fatal(err)
	}
	return cookies, tokens
}

// requestOfPage returns a request of a page that Ann is logged in to.
func requestOfPage(cookies *cookie.Cookies) *http.Request {
	w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "https://app.example/", nil)
	if _, err := cookies.Login(w, r, middleware.Login{Subject: "ann"}); err != nil {
		log.Fatal(err)
	}
	r.AddCookie(w.Result().Cookies()[0])
	return r
}

// secretOf stands for a key from a file or a secret store.
func secretOf(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}
