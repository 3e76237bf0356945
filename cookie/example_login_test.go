package cookie_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

func ExampleCookies_Login() {
	_, cookies, guard := annsShop()
	login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Here the application makes sure that it is Ann: password.Hasher.VerifyUser.
		l := middleware.Login{Subject: "ann", AMR: []string{"pwd"}}
		if r.FormValue("remember") != "" {
			l.Policy = sliding.Policy{Idle: 14 * 24 * time.Hour, Absolute: 30 * 24 * time.Hour}
		}
		l.BrowserSession = r.FormValue("remember") == "" // the browser drops the cookie when it is closed
		if _, err := cookies.Login(w, r, l); err != nil {
			guard.Refuse(w, r, err)
			return
		}
		http.Redirect(w, r, middleware.LocalPath(r.FormValue("next")), http.StatusSeeOther)
	})
	w := send(login, "POST")
	c := w.Result().Cookies()[0]
	fmt.Println(w.Code, c.Name, c.Secure, c.HttpOnly, c.SameSite == http.SameSiteLaxMode, c.Path, c.MaxAge)
	fmt.Println(send(guard.Handler(account), "GET", c).Body)
	// Output:
	// 303 __Host-session true true true / 0
	// account of ann
}

// A link, an image, or a page that is loaded ahead sends a GET: that logs no one in.
func ExampleCookies_Login_incorrect() {
	_, cookies, guard := annsShop()
	login := func(w http.ResponseWriter, r *http.Request) {
		if _, err := cookies.Login(w, r, middleware.Login{Subject: "ann"}); err != nil {
			guard.Refuse(w, r, err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", login) // right: mux.HandleFunc("POST /login", login)
	w := send(mux, "GET")
	fmt.Println(w.Code, len(w.Result().Cookies()))
	// Output: 400 0
}

// Headers go first. After the first byte of the body the browser gets no cookie, though the
// session exists.
func ExampleCookies_Login_incorrectLate() {
	_, cookies, _ := annsShop()
	wrong := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "Welcome!")
		_, err := cookies.Login(w, r, middleware.Login{Subject: "ann"}) // right: before
		fmt.Println(err)
	})
	fmt.Println(len(send(wrong, "POST").Result().Cookies()))
	// Output:
	// <nil>
	// 0
}

// The server does not learn that a browser is closed. A session whose cookie ends with the browser
// lives on until its deadline, for those who have a copy of the cookie: only the policy is a bound.
func ExampleCookies_Login_incorrectBrowserSession() {
	_, cookies, guard := annsShop()
	login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l := middleware.Login{Subject: "ann", BrowserSession: true, Policy: sliding.AAL1()} // right: a policy of hours
		if _, err := cookies.Login(w, r, l); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	c := send(login, "POST").Result().Cookies()[0] // and now the browser is closed
	days := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := middleware.FromContext(r.Context())
		fmt.Fprintf(w, "%.0f days", time.Until(id.ExpiresAt).Hours()/24)
	})
	fmt.Println(send(guard.Handler(days), "GET", c).Body)
	// Output: 30 days
}

// Between the look at the password and the login the password may change. A login that does not
// name the version it has seen still opens a session, by the former password.
func ExampleCookies_Login_incorrectVersion() {
	c, cookies, _ := annsShop()
	store, ctx := c.Sessions.Store().(*memory.Store), context.Background()
	seen, err := store.FindUser(ctx, "ann") // what password.Hasher.VerifyUser returns
	if err != nil {
		log.Fatal(err)
	}
	if _, err := store.Users().SetPassword(ctx, time.Now(), "ann", 0, "", ""); err != nil { // and now it changes
		log.Fatal(err)
	}
	for _, l := range []middleware.Login{
		{Subject: "ann"}, // wrong
		{Subject: "ann", UserVersion: seen.Version}, // right
	} {
		_, err := cookies.Login(httptest.NewRecorder(), httptest.NewRequest("POST", "/login", nil), l)
		fmt.Println(err == nil, errors.Is(err, middleware.ErrInvalidCredentials))
	}
	// Output:
	// true false
	// false true
}

func ExampleCookies_Logout() {
	_, cookies, guard := annsShop()
	logout := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := cookies.Logout(w, r); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	c := cookieOf(cookies)
	w := send(logout, "POST", c)
	fmt.Println(w.Code, w.Result().Cookies()[0].MaxAge)                 // the browser drops the cookie,
	fmt.Println(send(guard.Handler(account), "GET", c).Code)            // and a copy of it is worthless
	fmt.Println(send(logout, "POST", c).Code, send(logout, "GET").Code) // twice is no error; a link is
	// Output:
	// 200 -1
	// 401
	// 200 400
}

// A cookie that the browser drops is only out of sight: the session lives, and with it every
// copy of the cookie.
func ExampleCookies_Logout_incorrect() {
	_, cookies, guard := annsShop()
	wrong := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "__Host-session", Path: "/", Secure: true, MaxAge: -1})
	}) // right: cookies.Logout(w, r)
	c := cookieOf(cookies)
	send(wrong, "POST", c)
	fmt.Println(send(guard.Handler(account), "GET", c).Body)
	// Output: account of ann
}

func ExampleCookies_Reauthenticate() {
	_, cookies, guard := annsShop()
	fresh, err := guard.Require(middleware.Fresh(10 * time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	prove := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Here the application asks Ann for her password again.
		id, _ := middleware.FromContext(r.Context())
		if _, err := cookies.Reauthenticate(w, r, middleware.Login{Subject: id.Subject, AMR: []string{"pwd"}}); err != nil {
			guard.Refuse(w, r, err)
		}
	}))
	before := cookieOf(cookies)
	after := send(prove, "POST", before).Result().Cookies()[0]
	fmt.Println(send(fresh.Handler(account), "GET", after).Body)
	fmt.Println(send(guard.Handler(account), "GET", before).Code) // the former cookie opens nothing
	// Output:
	// account of ann
	// 401
}
