package link_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/link"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// A forgotten password. The scanner of the mail server follows the link before Ann does.
func Example() {
	store, ann := annsStore()
	resets, err := link.New(link.Config{Purpose: "reset-password", Store: store, Keys: [][]byte{keyOf("a")}, MaxAge: 30 * time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /reset", func(w http.ResponseWriter, r *http.Request) {
		opened, err := resets.Show(w, r)
		if err != nil {
			http.Error(w, "The link is no longer good. Ask for another one.", http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, "A form for a new password of %s", opened.User.Name) // with the token in a hidden field
	})
	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, r *http.Request) {
		// Here the application checks that the new password is good enough, and hashes it.
		opened, err := resets.Use(r, r.PostFormValue("token"))
		if err == nil {
			_, err = store.Users().SetPassword(r.Context(), time.Now(), opened.User.ID, opened.User.Version, "$argon2id$…", "")
		}
		if err != nil {
			http.Error(w, "The link is no longer good. Ask for another one.", http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, "Your password has changed, and you are logged out everywhere.")
	})

	token, err := resets.Make(ann, "")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("mailed:", token) // https://app.example/reset?token= and token.Text()

	page := "/reset?token=" + token.Text()
	fmt.Println(follow(mux, page).Code)
	fmt.Println(follow(mux, page).Body)
	fmt.Println(post(mux, "/reset", token.Text()).Body)
	fmt.Print(post(mux, "/reset", token.Text()).Body)
	// Output:
	// mailed: [link]
	// 200
	// A form for a new password of ann
	// Your password has changed, and you are logged out everywhere.
	// The link is no longer good. Ask for another one.
}

// An address is verified: the link says which, because it may have changed again meanwhile.
func ExampleNew() {
	store, ann := annsStore()
	addresses, err := link.New(link.Config{Purpose: "verify-address", Store: store, Keys: [][]byte{keyOf("a")}, MaxAge: 24 * time.Hour})
	if err != nil {
		log.Fatal(err)
	}
	token, err := addresses.Make(ann, "ann@example.com")
	if err != nil {
		log.Fatal(err)
	}
	opened, err := addresses.Use(httptest.NewRequest("POST", "/verify", nil), token.Text())
	fmt.Println(opened.User.ID, opened.Value, err)
	// Output: 42 ann@example.com <nil>
}

// The same keys make links for several purposes, and none is good for another one.
func ExampleNew_incorrect() {
	store, ann := annsStore()
	c := link.Config{Purpose: "mail", Store: store, Keys: [][]byte{keyOf("a")}, MaxAge: time.Hour} // wrong: a word for both
	newsletters, err1 := link.New(c)
	resets, err2 := link.New(c)
	c.Purpose = "reset-password" // right
	resetsOnly, err3 := link.New(c)
	if err := errors.Join(err1, err2, err3); err != nil {
		log.Fatal(err)
	}
	unsubscribe, err := newsletters.Make(ann, "")
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/reset", nil)
	_, err = resetsOnly.Use(r, unsubscribe.Text())
	fmt.Println(err)
	_, err = resets.Use(r, unsubscribe.Text())
	fmt.Println(err)
	// Output:
	// middleware: invalid credentials: link: void
	// <nil>
}

func ExampleLinks_Show() {
	store, ann := annsStore()
	resets, err := link.New(link.Config{Purpose: "reset-password", Store: store, Keys: [][]byte{keyOf("a")}, MaxAge: time.Hour})
	if err != nil {
		log.Fatal(err)
	}
	token, err := resets.Make(ann, "")
	if err != nil {
		log.Fatal(err)
	}
	w := httptest.NewRecorder()
	opened, err := resets.Show(w, httptest.NewRequest("GET", "/reset?token="+token.Text(), nil))
	fmt.Println(opened.User.Name, err, w.Header().Get("Referrer-Policy"))
	// Output: ann <nil> strict-origin
}

// A login by mail. Nothing of the user changes by it: what makes the link void is that it was used.
func ExampleLinks_Use() {
	store, ann := annsStore()
	sessions, err1 := session.New(session.Config{Store: store, Policy: sliding.AAL1()})
	cookies, err2 := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{keyOf("a")}})
	logins, err3 := link.New(link.Config{Purpose: "login", Store: store, Keys: [][]byte{keyOf("a")}, MaxAge: 10 * time.Minute})
	if err := errors.Join(err1, err2, err3); err != nil {
		log.Fatal(err)
	}
	login := func(w http.ResponseWriter, r *http.Request) {
		opened, err := logins.Use(r, r.PostFormValue("token"))
		if err == nil {
			_, err = cookies.Login(w, r, middleware.Login{Subject: opened.User.ID, UserVersion: opened.User.Version})
		}
		if err != nil {
			http.Error(w, "The link is no longer good.", http.StatusUnauthorized)
		}
	}
	token, err := logins.Make(ann, "")
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		w := post(http.HandlerFunc(login), "/login", token.Text())
		fmt.Println(w.Code, len(w.Result().Cookies()))
	}
	// Output:
	// 200 1
	// 401 0
}

// What follows the links of a mail sends a GET. If that used the link up, it would be void when the
// user comes; Use therefore refuses it.
func ExampleLinks_Use_incorrect() {
	store, ann := annsStore()
	logins, err := link.New(link.Config{Purpose: "login", Store: store, Keys: [][]byte{keyOf("a")}, MaxAge: 10 * time.Minute})
	if err != nil {
		log.Fatal(err)
	}
	token, err := logins.Make(ann, "")
	if err != nil {
		log.Fatal(err)
	}
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := logins.Use(r, r.URL.Query().Get("token")) // right: logins.Show(w, r), and a form that posts
		fmt.Println(errors.Is(err, middleware.ErrMalformedRequest))
	})
	follow(page, "/login?token="+token.Text())
	// Output: true
}

// annsStore returns a store with one user.
func annsStore() (*memory.Store, backends.User) {
	store := memory.New()
	if err := store.Users().CreateUser(context.Background(), backends.User{ID: "42", Name: "ann"}, ""); err != nil {
		log.Fatal(err)
	}
	ann, err := store.FindUser(context.Background(), "42")
	if err != nil {
		log.Fatal(err)
	}
	return store, ann
}

func follow(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w
}

func post(h http.Handler, path, token string) *httptest.ResponseRecorder {
	w, r := httptest.NewRecorder(), httptest.NewRequest("POST", path, strings.NewReader(url.Values{"token": {token}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	h.ServeHTTP(w, r)
	return w
}
