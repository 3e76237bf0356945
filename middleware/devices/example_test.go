package devices_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
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
	"github.com/inga-auth/inga/middleware/devices"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

func Example() {
	store := memory.New()
	if err := store.Users().CreateUser(context.Background(), backends.User{ID: "42", Name: "ann"}, ""); err != nil {
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
	d, err4 := devices.New(sessions)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		log.Fatal(err)
	}
	fresh, err := guard.Require(middleware.Fresh(10 * time.Minute))
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		// Here the application makes sure that it is Ann.
		if _, err := cookies.Login(w, r, middleware.Login{Subject: "42"}); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	mux.Handle("GET /sessions", guard.Handler(d.List()))
	mux.Handle("DELETE /sessions/{id}", fresh.Handler(d.End()))
	mux.Handle("DELETE /sessions", fresh.Handler(d.EndAll()))

	// Ann logs in with two browsers, and looks at the list with the second one.
	login := func(userAgent string) *http.Cookie {
		r, w := httptest.NewRequest("POST", "/login", nil), httptest.NewRecorder()
		r.Header.Set("User-Agent", userAgent)
		mux.ServeHTTP(w, r)
		return w.Result().Cookies()[0]
	}
	ask := func(method, path string, c *http.Cookie) *httptest.ResponseRecorder {
		r, w := httptest.NewRequest(method, path, nil), httptest.NewRecorder()
		r.AddCookie(c)
		mux.ServeHTTP(w, r)
		return w
	}
	laptop := login("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	phone := login("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1")

	var list struct{ Sessions []devices.Device }
	if err := json.Unmarshal(ask("GET", "/sessions", phone).Body.Bytes(), &list); err != nil {
		log.Fatal(err)
	}
	for _, device := range list.Sessions {
		fmt.Println(device.Label, device.Current)
	}
	fmt.Print(ask("DELETE", "/sessions?others", phone).Body)
	fmt.Println(ask("GET", "/sessions", laptop).Code, ask("GET", "/sessions", phone).Code)
	// Output:
	// Safari on iPhone true
	// Firefox on Linux false
	// {"ended":1}
	// 401 200
}

// Without a guard the handlers know no one, whatever cookie the request brings, and refuse
// everybody. Put a guard around them.
func Example_incorrect() {
	sessions, err1 := session.New(session.Config{Store: memory.New(), Policy: sliding.AAL2()})
	d, err2 := devices.New(sessions)
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("DELETE /sessions", d.EndAll()) // want guard.Handler(d.EndAll())

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("DELETE", "/sessions", nil))
	fmt.Println(w.Code)
	// Output: 401
}
