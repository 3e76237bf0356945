package features

import (
	"errors"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/middleware"
)

func (s *Shop) addSignUp(mux *http.ServeMux) error {
	mux.HandleFunc("POST /signup", s.signUp)
	return nil
}

// signUp creates a person and logs them in. Their address is not verified yet. The 409 says who has an
// account: a site that must not say so mails the answer, as forgotten does.
func (s *Shop) signUp(w http.ResponseWriter, r *http.Request) {
	email, id := canonical(r.PostFormValue("email")), ""
	hash, err := s.passwords.Hash(r.Context(), r.PostFormValue("password"))
	if err == nil {
		id, err = s.people.Create(r.Context(), email, hash)
	}
	if err == nil {
		err = s.mailVerification(r.Context(), id, email)
	}
	switch {
	case errors.Is(err, password.ErrLength), errors.Is(err, password.ErrCommon):
		show(w, http.StatusUnprocessableEntity, "sign up: choose a password that is harder to guess")
	case errors.Is(err, backends.ErrConflict):
		show(w, http.StatusConflict, "sign up: that address has an account")
	case err != nil:
		s.guard.Refuse(w, r, err)
	default:
		s.enter(w, r, email, remember(middleware.Login{Subject: id, AMR: []string{"pwd"}}, false), "/")
	}
}
