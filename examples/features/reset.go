package features

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware/link"
)

func (s *Shop) addReset(mux *http.ServeMux) (err error) {
	s.resets, err = link.New(link.Config{Purpose: "reset-password", Store: s.store, Keys: [][]byte{s.Key}, MaxAge: 30 * time.Minute})
	mux.HandleFunc("POST /forgotten", s.forgotten)
	mux.HandleFunc("GET /reset", s.resetPage)
	mux.HandleFunc("POST /reset", s.reset)
	return err
}

// forgotten mails a link. It responds the same whether or not a person has the address, and sends no
// flood of mails to anyone.
func (s *Shop) forgotten(w http.ResponseWriter, r *http.Request) {
	email := canonical(r.PostFormValue("email"))
	err := s.store.Attempt(r.Context(), time.Now(), backends.Budget{
		Name: backends.HashName("reset-mail", email), Free: 3, Wait: time.Minute, MaxWait: time.Hour, Forget: time.Hour,
	})
	if err == nil {
		err = s.mailReset(r.Context(), email)
	}
	if err != nil {
		s.guard.Refuse(w, r, err)
		return
	}
	show(w, http.StatusOK, "If there is an account with that address, we have sent a link to it.")
}

func (s *Shop) mailReset(ctx context.Context, email string) error {
	user, _, err := s.people.UserByName(ctx, email)
	if errors.Is(err, backends.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	token, err := s.resets.Make(user, email)
	if err == nil {
		s.Mail(email, s.URL+"/reset?token="+token.Text())
	}
	return err
}

func (s *Shop) resetPage(w http.ResponseWriter, r *http.Request) {
	opened, err := s.resets.Show(w, r)
	if err != nil {
		s.refuseLink(w, r, err)
		return
	}
	show(w, http.StatusOK, "form: a new password for "+opened.Value) // with the token in a hidden field
}

// reset replaces the password, ends all sessions, and lets the person log in whatever was tried before.
func (s *Shop) reset(w http.ResponseWriter, r *http.Request) {
	hash, err := s.passwords.Hash(r.Context(), r.PostFormValue("password")) // first: Use uses the link up
	var opened link.Opened
	if err == nil {
		opened, err = s.resets.Use(r, r.PostFormValue("token"))
	}
	if err == nil {
		err = s.people.SetPassword(r.Context(), opened.User, hash)
	}
	if err == nil {
		_, err = s.sessions.EndUser(r.Context(), opened.User.ID, "", backends.ReasonCredentials)
	}
	if err == nil {
		err = s.passwords.Unlock(r.Context(), opened.Value)
	}
	if err != nil {
		s.refuseLink(w, r, err)
		return
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}
