package features

import (
	"errors"
	"log/slog"
	"net/http"
	"slices"

	"github.com/inga-auth/inga/middleware"
)

func (s *Shop) addLogin(mux *http.ServeMux) error {
	mux.HandleFunc("GET /login", form("log in"))
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("POST /logout", s.logout)
	mux.Handle("GET /account", s.private(account))
	admins, err := s.members.Require(middleware.HasRole("admin"))
	if err == nil {
		mux.Handle("GET /admin", admins.Handler(http.HandlerFunc(account)))
	}
	return err
}

// login logs a person in, or goes on to the code of those who have a second factor.
func (s *Shop) login(w http.ResponseWriter, r *http.Request) {
	email, me := canonical(r.PostFormValue("email")), r.PostFormValue("remember") != ""
	user, err := s.checkPassword(r, email, r.PostFormValue("password"))
	switch {
	case err != nil:
		s.guard.Refuse(w, r, err)
	case slices.Contains(user.Roles, "second-factor"):
		s.askForCode(w, r, Half{Subject: user.ID, Version: user.Version, Email: email, Remember: me})
	default:
		l := middleware.Login{Subject: user.ID, UserVersion: user.Version, AMR: []string{"pwd"}}
		s.enter(w, r, email, remember(l, me), r.PostFormValue("next"))
	}
}

// enter opens the session. Only then is the cart the person's, and the browser known.
func (s *Shop) enter(w http.ResponseWriter, r *http.Request, email string, l middleware.Login, next string) {
	if _, err := s.cookies.Login(w, r, l); err != nil {
		s.guard.Refuse(w, r, err)
		return
	}
	if err := errors.Join(s.know(w, email), s.adoptCart(w, r, l.Subject)); err != nil {
		slog.ErrorContext(r.Context(), "login", "error", err) // they are logged in all the same
	}
	http.Redirect(w, r, middleware.LocalPath(next), http.StatusSeeOther)
}

func (s *Shop) logout(w http.ResponseWriter, r *http.Request) {
	if err := s.cookies.Logout(w, r); err != nil {
		s.guard.Refuse(w, r, err)
		return
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

func account(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	text := "account of " + id.Subject
	if id.Actor != "" {
		text += ", seen by " + id.Actor
	}
	show(w, http.StatusOK, text)
}
