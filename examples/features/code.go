package features

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
)

// A Half is a login whose password was right and whose code is still missing. It is no session.
type Half struct {
	Subject  string `json:"subject"`
	Version  int64  `json:"version"`
	Email    string `json:"email"`
	Remember bool   `json:"remember"`
}

// secondFactor demands a code of those who have a second factor.
var secondFactor = unlessActing(middleware.When(middleware.HasRole("second-factor"), middleware.HasAMR("otp")))

var errWrongCode = fmt.Errorf("%w: wrong code", middleware.ErrInvalidCredentials)

func (s *Shop) addSecondFactor(mux *http.ServeMux) error {
	var err1, err2 error
	s.halves, err1 = cookie.NewValue[Half](cookie.ValueConfig{Name: "half", Keys: [][]byte{s.Key}, MaxAge: 5 * time.Minute, BrowserSession: true})
	mux.HandleFunc("GET /code", form("code"))
	mux.Handle("POST /code", s.person.Optional(http.HandlerFunc(s.code)))
	s.enrolments, err2 = cookie.NewValue[Enrolment](cookie.ValueConfig{Name: "enrolment", Keys: [][]byte{s.Key}, MaxAge: 10 * time.Minute})
	mux.Handle("GET /second-factor", s.fresh.Handler(http.HandlerFunc(s.enrolPage)))
	mux.Handle("POST /second-factor", s.fresh.Handler(http.HandlerFunc(s.enrol)))
	return errors.Join(err1, err2)
}

func (s *Shop) askForCode(w http.ResponseWriter, r *http.Request, half Half) {
	if err := s.halves.Set(w, half); err != nil {
		s.guard.Refuse(w, r, err)
		return
	}
	http.Redirect(w, r, "/code?next="+url.QueryEscape(middleware.LocalPath(r.PostFormValue("next"))), http.StatusSeeOther)
}

// code opens the session of a half login, or strengthens that of a person who is logged in already.
func (s *Shop) code(w http.ResponseWriter, r *http.Request) {
	half, ok := s.halves.Get(r)
	if !ok {
		s.stepUp(w, r)
		return
	}
	if err := s.checkCode(r, half.Subject, r.PostFormValue("code")); err != nil {
		s.guard.Refuse(w, r, err)
		return
	}
	s.halves.Clear(w)
	l := middleware.Login{Subject: half.Subject, UserVersion: half.Version, AMR: []string{"pwd", "otp"}}
	s.enter(w, r, half.Email, remember(l, half.Remember), r.PostFormValue("next"))
}

func (s *Shop) stepUp(w http.ResponseWriter, r *http.Request) {
	id, ok := middleware.FromContext(r.Context())
	if !ok {
		s.guard.Refuse(w, r, middleware.ErrNoCredentials)
		return
	}
	user, err := s.sessions.FindUser(r.Context(), id.Subject)
	if err == nil {
		err = s.checkCode(r, id.Subject, r.PostFormValue("code"))
	}
	if err == nil {
		l := middleware.Login{Subject: user.ID, UserVersion: user.Version, AMR: withCode(id.AMR)}
		_, err = s.cookies.Reauthenticate(w, r, l)
	}
	if err != nil {
		s.guard.Refuse(w, r, err)
		return
	}
	http.Redirect(w, r, middleware.LocalPath(r.PostFormValue("next")), http.StatusSeeOther)
}

// withCode returns the AMR of a session in which a code was given now: it replaces the former one.
func withCode(amr []string) []string {
	if slices.Contains(amr, "otp") {
		return amr
	}
	return append(slices.Clone(amr), "otp")
}

// checkCode takes a turn before it compares anything, and accepts each code once.
func (s *Shop) checkCode(r *http.Request, id, code string) error {
	ctx, now, tries := r.Context(), time.Now(), backends.PerAccount("code", id)
	if err := s.store.Attempt(ctx, now, tries); err != nil {
		return err
	}
	var secret []byte
	err := s.DB.QueryRow(ctx, `SELECT totp_secret FROM people WHERE id::text = $1 AND totp_secret IS NOT NULL`, id).Scan(&secret)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && !validCode(secret, now, code) {
		s.loginFailed(r, id, "wrong_code")
		return errWrongCode
	}
	if err != nil {
		return asked(err)
	}
	first, err := s.store.Claim(ctx, now, backends.HashName("code", id, code), now.Add(2*time.Minute))
	if err == nil && !first {
		s.loginFailed(r, id, "used_code")
		return errWrongCode
	}
	if err != nil {
		return err
	}
	return s.store.Succeed(ctx, now, tries)
}
