package features

import (
	"errors"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/clientip"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// A Store is what memory.New and postgres.New return.
type Store interface {
	backends.Store
	backends.Attempts
}

// Basics is a login with a password, a session in a cookie, and pages for users and for
// administrators, all in one function. The users are those of the store or of a table of your own.
func Basics(store Store, users password.Users, key []byte, account, admin http.Handler) (http.Handler, error) {
	sessions, err1 := session.New(session.Config{Store: store, Policy: sliding.AAL2()})
	cookies, err2 := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{key}})
	passwords, err3 := password.New(password.Config{Attempts: store})
	guard, err4 := middleware.New(middleware.Config{Authenticator: cookies, Roles: []string{"admin"}})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	admins, err := guard.Require(middleware.HasRole("admin"))
	mux := http.NewServeMux()
	mux.Handle("GET /account", guard.Handler(sliding.Handler(account)))
	mux.Handle("GET /admin", admins.Handler(sliding.Handler(admin)))
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		from := password.Client{Address: clientip.Of(r)}
		user, err := passwords.VerifyUser(r.Context(), users, r.PostFormValue("email"), r.PostFormValue("password"), from)
		if err == nil {
			_, err = cookies.Login(w, r, middleware.Login{Subject: user.ID, UserVersion: user.Version})
		}
		if err != nil {
			guard.Refuse(w, r, err)
		}
	})
	return mux, err
}
