package devices_test

import (
	"context"
	"errors"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/devices"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// A shop has two users: ann, who is an administrator, and bob.
type exampleShop struct {
	sessions *session.Registry
	cookies  *cookie.Cookies
	guard    *middleware.Guard
	devices  *devices.Devices
}

func newShop() exampleShop {
	store := memory.New()
	err1 := store.Users().CreateUser(context.Background(), backends.User{ID: "ann", Name: "ann", Roles: []string{"admin"}}, "")
	err2 := store.Users().CreateUser(context.Background(), backends.User{ID: "bob", Name: "bob"}, "")
	sessions, err3 := session.New(session.Config{
		Store:  store,
		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
	})
	cookies, err4 := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{cookieKey}})
	guard, err5 := middleware.New(middleware.Config{Authenticator: cookies, Roles: []string{"admin"}})
	d, err6 := devices.New(sessions)
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		log.Fatal(err)
	}
	return exampleShop{sessions, cookies, guard, d}
}

// login logs a user in with a device, and returns its cookie and the ID of the session.
func (s exampleShop) login(who, device string) (*http.Cookie, string) {
	w := httptest.NewRecorder()
	row, err := s.cookies.Login(w, httptest.NewRequest("POST", "/login", nil), middleware.Login{Subject: who, Label: device})
	if err != nil {
		log.Fatal(err)
	}
	return w.Result().Cookies()[0], row.ID
}

// ask sends a request as a browser with the cookie.
func ask(h http.Handler, method, path string, c *http.Cookie) *httptest.ResponseRecorder {
	r, w := httptest.NewRequest(method, path, nil), httptest.NewRecorder()
	r.AddCookie(c)
	h.ServeHTTP(w, r)
	return w
}
