package tokencookie_test

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
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// annsTokens returns the tokens of an application with one user.
func annsTokens() *jwtauth.Tokens {
	store, secret, refresh := memory.New(), make([]byte, 32), make([]byte, 32)
	_, _ = rand.Read(secret)
	_, _ = rand.Read(refresh)
	err1 := store.Users().CreateUser(context.Background(), backends.User{ID: "ann", Name: "ann"}, "")
	sessions, err2 := session.New(session.Config{
		Store:  store,
		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
	})
	key, err3 := jwtauth.HS256(secret)
	tokens, err4 := jwtauth.New(jwtauth.Config{
		Sessions:    sessions,
		Keys:        []jwtauth.Key{key},
		RefreshKeys: [][]byte{refresh},
		Issuer:      "https://app.example",
		Audience:    "https://api.app.example",
	})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		log.Fatal(err)
	}
	return tokens
}

// annsPage returns tokens in cookies, and a guard for them.
func annsPage() (*tokencookie.Cookies, *middleware.Guard) {
	cookies, err1 := tokencookie.New(tokencookie.Config{Tokens: annsTokens()})
	guard, err2 := middleware.New(middleware.Config{Authenticator: cookies})
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	return cookies, guard
}

// browse sends a request as a browser with these cookies.
func browse(h http.Handler, method string, cookies ...*http.Cookie) *httptest.ResponseRecorder {
	r, w := httptest.NewRequest(method, "https://app.example/", nil), httptest.NewRecorder()
	for _, c := range cookies {
		r.AddCookie(c)
	}
	h.ServeHTTP(w, r)
	return w
}

// loginBy is the login page.
func loginBy(cookies *tokencookie.Cookies, guard *middleware.Guard) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Here the application makes sure that it is Ann.
		if _, err := cookies.Login(w, r, middleware.Login{Subject: "ann"}); err != nil {
			guard.Refuse(w, r, err)
		}
	})
}

var account = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	_, _ = w.Write([]byte("account of " + id.Subject))
})

// One guard for browsers, and for programs that send the access token in a header.
func ExampleNew() {
	tokens := annsTokens()
	cookies, err1 := tokencookie.New(tokencookie.Config{Tokens: tokens})
	guard, err2 := middleware.New(middleware.Config{Authenticator: middleware.FirstOf(tokens, cookies)})
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	private := middleware.Chain(guard.Handler, sliding.Handler)

	jar := browse(loginBy(cookies, guard), "POST").Result().Cookies()
	fmt.Println(browse(private(account), "GET", jar...).Body)
	// Output: account of ann
}

// Without refresh tokens there is nothing that a cookie could hold for longer than minutes.
func ExampleNew_incorrect() {
	_, err := tokencookie.New(tokencookie.Config{}) // right: Tokens with RefreshKeys
	fmt.Println(err)
	// Output: tokencookie: Config.Tokens is nil or has no RefreshKeys, want one that refreshes
}

func ExampleCookies_Login() {
	cookies, guard := annsPage()
	w := browse(loginBy(cookies, guard), "POST")
	for _, c := range w.Result().Cookies() {
		fmt.Println(c.Name, c.Secure, c.HttpOnly, time.Duration(c.MaxAge)*time.Second > time.Hour)
	}
	// Output:
	// __Host-access true true false
	// __Host-refresh true true true
}

// The refresh cookie alone is a session: the access cookie spares work, and is not missed.
func ExampleCookies_Authenticate() {
	cookies, guard := annsPage()
	refresh := browse(loginBy(cookies, guard), "POST").Result().Cookies()[1]
	fmt.Println(browse(guard.Handler(account), "GET", refresh).Body)
	// Output: account of ann
}

// The access cookie alone is no session: it may have come with a response that was late.
func ExampleCookies_Authenticate_incorrect() {
	cookies, guard := annsPage()
	access := browse(loginBy(cookies, guard), "POST").Result().Cookies()[0]
	fmt.Println(browse(guard.Handler(account), "GET", access).Code) // right: send both, as browsers do
	// Output: 401
}

// A page calls it once in a while with a POST.
func ExampleCookies_Refresh() {
	cookies, guard := annsPage()
	refresh := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := cookies.Refresh(w, r); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	jar := browse(loginBy(cookies, guard), "POST").Result().Cookies()
	fmt.Println(len(browse(refresh, "POST", jar...).Result().Cookies()))
	fmt.Println(browse(refresh, "GET", jar...).Code, browse(refresh, "POST").Code)
	// Output:
	// 2
	// 400 401
}

func ExampleCookies_Logout() {
	cookies, guard := annsPage()
	logout := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := cookies.Logout(w, r); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	jar := browse(loginBy(cookies, guard), "POST").Result().Cookies()
	for _, c := range browse(logout, "POST", jar...).Result().Cookies() {
		fmt.Println(c.Name, c.MaxAge)
	}
	fmt.Println(browse(guard.Handler(account), "GET", jar...).Code)
	// Output:
	// __Host-access -1
	// __Host-refresh -1
	// 401
}
