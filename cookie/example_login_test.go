package cookie_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

func ExampleSessions_Login() {
	_, sessions, guard := annsShop()
	login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Here the application makes sure that it is Ann: backends.Passwords.VerifyUser.
		l := middleware.Login{Subject: "ann", AMR: []string{"pwd"}}
		if r.FormValue("remember") != "" {
			l.Policy = sliding.Policy{Idle: 14 * 24 * time.Hour, Absolute: 30 * 24 * time.Hour}
		}
		if _, err := sessions.Login(w, r, l); err != nil {
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
	// 303 __Host-session true true true / 43200
	// account of ann
}

// A link, an image, or a page that is loaded ahead sends a GET: nobody is logged in by that.
func ExampleSessions_Login_incorrect() {
	_, sessions, guard := annsShop()
	login := func(w http.ResponseWriter, r *http.Request) {
		if _, err := sessions.Login(w, r, middleware.Login{Subject: "ann"}); err != nil {
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
func ExampleSessions_Login_incorrectLate() {
	_, sessions, _ := annsShop()
	wrong := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "Welcome!")
		_, err := sessions.Login(w, r, middleware.Login{Subject: "ann"}) // right: before
		fmt.Println(err)
	})
	fmt.Println(len(send(wrong, "POST").Result().Cookies()))
	// Output:
	// <nil>
	// 0
}

// Between the look at the password and the login the password may change. A login that does not
// name the version it has seen still opens a session, by the former password.
func ExampleSessions_Login_incorrectVersion() {
	c, sessions, _ := annsShop()
	users := c.Store.(backends.Users)
	ctx := context.Background()
	seen, err := c.Store.FindUser(ctx, "ann") // what backends.Passwords.VerifyUser returns
	if err != nil {
		log.Fatal(err)
	}
	if _, err := users.SetPassword(ctx, time.Now(), "ann", 0, "", ""); err != nil { // and now it changes
		log.Fatal(err)
	}
	for _, l := range []middleware.Login{
		{Subject: "ann"}, // wrong
		{Subject: "ann", UserVersion: seen.Version}, // right
	} {
		_, err := sessions.Login(httptest.NewRecorder(), httptest.NewRequest("POST", "/login", nil), l)
		fmt.Println(err == nil, errors.Is(err, middleware.ErrInvalidCredentials))
	}
	// Output:
	// true false
	// false true
}

func ExampleSessions_Logout() {
	_, sessions, guard := annsShop()
	logout := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := sessions.Logout(w, r); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	c := cookieOf(sessions)
	w := send(logout, "POST", c)
	fmt.Println(w.Code, w.Result().Cookies()[0].MaxAge)                 // the browser drops the cookie,
	fmt.Println(send(guard.Handler(account), "GET", c).Code)            // and whoever copied it has nothing
	fmt.Println(send(logout, "POST", c).Code, send(logout, "GET").Code) // twice is no error; a link is
	// Output:
	// 200 -1
	// 401
	// 200 400
}

// A cookie that the browser drops is only out of sight: the session lives, and with it every
// copy of the cookie.
func ExampleSessions_Logout_incorrect() {
	_, sessions, guard := annsShop()
	wrong := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "__Host-session", Path: "/", Secure: true, MaxAge: -1})
	}) // right: sessions.Logout(w, r)
	c := cookieOf(sessions)
	send(wrong, "POST", c)
	fmt.Println(send(guard.Handler(account), "GET", c).Body)
	// Output: account of ann
}

func ExampleSessions_Reauthenticate() {
	_, sessions, guard := annsShop()
	fresh, err := guard.Require(middleware.Fresh(10 * time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	prove := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Here the application asks Ann for her password again.
		id, _ := middleware.FromContext(r.Context())
		if _, err := sessions.Reauthenticate(w, r, middleware.Login{Subject: id.Subject, AMR: []string{"pwd"}}); err != nil {
			guard.Refuse(w, r, err)
		}
	}))
	before := cookieOf(sessions)
	after := send(prove, "POST", before).Result().Cookies()[0]
	fmt.Println(send(fresh.Handler(account), "GET", after).Body)
	fmt.Println(send(guard.Handler(account), "GET", before).Code) // the former cookie opens nothing
	// Output:
	// account of ann
	// 401
}
