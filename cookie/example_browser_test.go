package cookie_test

import (
	"context"
	"crypto/rand"
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

// annsShop returns the configuration of an application with one user, and a guard for it.
func annsShop() (cookie.Config, *cookie.Cookies, *middleware.Guard) {
	store, key := memory.New(), make([]byte, 32)
	_, _ = rand.Read(key)
	if err := store.Users().CreateUser(context.Background(), backends.User{ID: "ann", Name: "ann"}, ""); err != nil {
		log.Fatal(err)
	}
	sessions, err := session.New(session.Config{
		Store:  store,
		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
	})
	if err != nil {
		log.Fatal(err)
	}
	c := cookie.Config{Sessions: sessions, Keys: [][]byte{key}}
	cookies, err := cookie.New(c)
	if err != nil {
		log.Fatal(err)
	}
	guard, err := middleware.New(middleware.Config{Authenticator: cookies})
	if err != nil {
		log.Fatal(err)
	}
	return c, cookies, guard
}

// send sends a request as a browser with these cookies.
func send(h http.Handler, method string, cookies ...*http.Cookie) *httptest.ResponseRecorder {
	r, w := httptest.NewRequest(method, "https://shop.example/", nil), httptest.NewRecorder()
	for _, c := range cookies {
		r.AddCookie(c)
	}
	h.ServeHTTP(w, r)
	return w
}

// cookieOf logs Ann in and returns the cookie that her browser has then.
func cookieOf(cookies *cookie.Cookies) *http.Cookie {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "https://shop.example/login", nil)
	if _, err := cookies.Login(w, r, middleware.Login{Subject: "ann"}); err != nil {
		log.Fatal(err)
	}
	return w.Result().Cookies()[0]
}

var account = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	_, _ = w.Write([]byte("account of " + id.Subject))
})
