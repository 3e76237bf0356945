package features

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/inga-auth/inga/middleware/link"
)

func (s *Shop) addVerification(mux *http.ServeMux) (err error) {
	s.addresses, err = link.New(link.Config{Purpose: "verify-address", Store: s.store, Keys: [][]byte{s.Key}, MaxAge: 24 * time.Hour})
	mux.HandleFunc("GET /verify", s.verifyPage)
	mux.HandleFunc("POST /verify", s.verify)
	return err
}

// mailVerification sends a link to the address. It is good for this address only, should the person
// change it.
func (s *Shop) mailVerification(ctx context.Context, id, email string) error {
	user, err := s.sessions.FindUser(ctx, id)
	if err != nil {
		return err
	}
	token, err := s.addresses.Make(user, email)
	if err == nil {
		s.Mail(email, s.URL+"/verify?token="+token.Text())
	}
	return err
}

// verifyPage changes nothing: scanners of mail servers follow links, too.
func (s *Shop) verifyPage(w http.ResponseWriter, r *http.Request) {
	opened, err := s.addresses.Show(w, r)
	if err != nil {
		s.refuseLink(w, r, err)
		return
	}
	show(w, http.StatusOK, "form: verify "+opened.Value) // with the token in a hidden field
}

func (s *Shop) verify(w http.ResponseWriter, r *http.Request) {
	opened, err := s.addresses.Use(r, r.PostFormValue("token"))
	if err == nil {
		_, err = s.DB.Exec(r.Context(), `UPDATE people SET verified = true WHERE id::text = $1 AND email = $2`, opened.User.ID, opened.Value)
		err = asked(err)
	}
	if err != nil {
		s.refuseLink(w, r, err)
		return
	}
	show(w, http.StatusOK, "verified")
}

func (s *Shop) refuseLink(w http.ResponseWriter, r *http.Request, err error) {
	if !errors.Is(err, link.ErrVoid) {
		s.guard.Refuse(w, r, err)
		return
	}
	show(w, http.StatusGone, "page: this link is no longer good: ask for another one")
}
