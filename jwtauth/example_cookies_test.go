package jwtauth_test

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

// annsPage returns tokens in cookies, and a guard that knows them.
func annsPage() (*jwtauth.Cookies, *middleware.Guard) {
	_, tokens, _ := annsAPI()
	cookies, err1 := jwtauth.NewCookies(jwtauth.CookieConfig{Tokens: tokens})
	if err1 != nil {
		log.Fatal(err1)
	}
	guard, err2 := middleware.New(middleware.Config{Authenticator: cookies})
	if err2 != nil {
		log.Fatal(err2)
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
func loginBy(cookies *jwtauth.Cookies, guard *middleware.Guard) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Here the application makes sure that it is Ann.
		if _, err := cookies.Login(w, r, middleware.Login{Subject: "ann"}); err != nil {
			guard.Refuse(w, r, err)
		}
	})
}

func ExampleNewCookies() {
	_, tokens, _ := annsAPI()
	cookies, err1 := jwtauth.NewCookies(jwtauth.CookieConfig{Tokens: tokens})
	guard, err2 := middleware.New(middleware.Config{Authenticator: middleware.FirstOf(tokens, cookies)})
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	private := middleware.Chain(cookies.Handler, guard.Handler)

	jar := browse(loginBy(cookies, guard), "POST").Result().Cookies()
	fmt.Println(browse(private(account), "GET", jar...).Body)                              // a browser
	fmt.Println(call(private(account), "GET", "/account", annIn(tokens).AccessToken).Body) // a program
	// Output:
	// account of ann
	// account of ann
}

func ExampleCookies_Login() {
	cookies, guard := annsPage()
	login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Here the application makes sure that it is Ann.
		resp, err := cookies.Login(w, r, middleware.Login{Subject: "ann"})
		if err != nil {
			guard.Refuse(w, r, err)
			return
		}
		fmt.Fprint(w, resp.ExpiresIn) // and no token: the page needs none
	})
	w := browse(login, "POST")
	for _, c := range w.Result().Cookies() {
		fmt.Println(c.Name, c.Secure, c.HttpOnly, c.MaxAge)
	}
	fmt.Println(w.Body)
	// Output:
	// __Host-access true true 300
	// __Host-refresh true true 43200
	// 300
}

func ExampleCookies_Handler() {
	cookies, guard := annsPage()
	private := middleware.Chain(cookies.Handler, guard.Handler)
	jar := browse(loginBy(cookies, guard), "POST").Result().Cookies()

	refresh := jar[1] // the browser has dropped the access token: it has expired
	w := browse(private(account), "GET", refresh)
	fmt.Println(w.Code, w.Body, len(w.Result().Cookies()))
	// Output: 200 account of ann 2
}

// Inside the guard it comes too late: the guard has refused what it would have replaced.
func ExampleCookies_Handler_incorrect() {
	cookies, guard := annsPage()
	wrong := middleware.Chain(guard.Handler, cookies.Handler)
	right := middleware.Chain(cookies.Handler, guard.Handler)
	refresh := browse(loginBy(cookies, guard), "POST").Result().Cookies()[1]

	fmt.Println(browse(wrong(account), "GET", refresh).Code)
	fmt.Println(browse(right(account), "GET", refresh).Code)
	// Output:
	// 401
	// 200
}

func ExampleCookies_Refresh() {
	cookies, guard := annsPage()
	refresh := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resp, err := cookies.Refresh(w, r) // for a page that asks before expires_in is over
		if err != nil {
			guard.Refuse(w, r, err)
			return
		}
		fmt.Fprint(w, resp.ExpiresIn)
	})
	jar := browse(loginBy(cookies, guard), "POST").Result().Cookies()
	fmt.Println(browse(refresh, "POST", jar...).Body)
	fmt.Println(browse(refresh, "GET", jar...).Code, browse(refresh, "POST").Code)
	// Output:
	// 300
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
	fmt.Println(browse(cookies.Handler(guard.Handler(account)), "GET", jar...).Code)
	// Output:
	// __Host-access -1
	// __Host-refresh -1
	// 401
}

// Without the Handler around it a guard sees an access token for five minutes, and then none: on
// a page that anonymous visitors may see as well, somebody who is logged in becomes one of them.
func ExampleNewCookies_incorrect() {
	cookies, guard := annsPage()
	home := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, known := middleware.FromContext(r.Context())
		fmt.Fprint(w, known)
	})
	refresh := browse(loginBy(cookies, guard), "POST").Result().Cookies()[1] // what is left in the browser
	fmt.Println(browse(guard.Optional(home), "GET", refresh).Body)
	fmt.Println(browse(cookies.Handler(guard.Optional(home)), "GET", refresh).Body) // right
	// Output:
	// false
	// true
}
