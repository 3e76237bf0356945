package cors_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/rs/cors"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// The page, which may call the API at https://api.example with the cookie.
const page = "https://www.api.example"

// app returns a guard, and the cookie of a user who is logged in.
func app(trusted ...string) (guard *middleware.Guard, ann *http.Cookie) {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	store := memory.New()
	err1 := store.Users().CreateUser(context.Background(), backends.User{ID: "1", Name: "ann"}, "")
	sessions, err2 := session.New(session.Config{
		Store:  store,
		Policy: sliding.Policy{Idle: time.Hour, Absolute: 12 * time.Hour},
		Events: middleware.LogEvents(slog.New(slog.DiscardHandler)),
	})
	cookies, err3 := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{key}, TrustedOrigins: trusted})
	guard, err4 := middleware.New(middleware.Config{Authenticator: cookies, Logger: slog.New(slog.DiscardHandler)})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		log.Fatal(err)
	}
	w := httptest.NewRecorder()
	if _, err := cookies.Login(w, httptest.NewRequest("POST", "https://api.example/login", nil), middleware.Login{Subject: "1"}); err != nil {
		log.Fatal(err)
	}
	return guard, w.Result().Cookies()[0]
}

var api = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// preflight asks, as a browser does, whether the page may send a PUT. It has no cookie.
func preflight(h http.Handler) *httptest.ResponseRecorder {
	r := httptest.NewRequest("OPTIONS", "https://api.example/notes/1", nil)
	r.Header.Set("Origin", page)
	r.Header.Set("Access-Control-Request-Method", "PUT")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// put is the request itself.
func put(h http.Handler, ann *http.Cookie) *httptest.ResponseRecorder {
	r := httptest.NewRequest("PUT", "https://api.example/notes/1", nil)
	r.Header.Set("Origin", page)
	r.Header.Set("Sec-Fetch-Site", "same-site")
	r.AddCookie(ann)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

var options = cors.Options{
	AllowedOrigins:   []string{page},
	AllowedMethods:   []string{"GET", "PUT"},
	AllowCredentials: true,
}

// CORS answers the preflight, and the guard sees only the request itself. CORS lets the page read the
// response; that the page may act for the user is said by TrustedOrigins.
func Example() {
	guard, ann := app(page)
	h := cors.New(options).Handler(guard.Handler(api))

	w := preflight(h)
	fmt.Println(w.Code, w.Header().Get("Access-Control-Allow-Origin"))
	w = put(h, ann)
	fmt.Println(w.Code, w.Header().Get("Access-Control-Allow-Origin"))
	// Output:
	// 204 https://www.api.example
	// 200 https://www.api.example
}

// A guard around CORS refuses the preflight, and the browser then does not send the request.
func Example_incorrect() {
	guard, _ := app(page)
	h := guard.Handler(cors.New(options).Handler(api))
	fmt.Println(preflight(h).Code)
	// Output: 401
}

// CORS alone does not let the page act for the user.
func Example_untrusted() {
	guard, ann := app()
	h := cors.New(options).Handler(guard.Handler(api))
	fmt.Println(preflight(h).Code, put(h, ann).Code)
	// Output: 204 403
}
