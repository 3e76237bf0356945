package features

import (
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/clientip"
)

func (s *Shop) addGuessing() (err error) {
	s.known, err = cookie.NewValue[password.Device](cookie.ValueConfig{Name: "device", Keys: [][]byte{s.Key}, MaxAge: 365 * 24 * time.Hour})
	return err
}

// checkPassword returns the person with the address and the password. Tries are counted and slowed,
// those from a browser that the person has logged in with before apart from all others: guesses from
// elsewhere do not keep them out there. The error is password.ErrWrong, or says how long to wait.
func (s *Shop) checkPassword(r *http.Request, email, typed string) (backends.User, error) {
	device, _ := s.known.Get(r)
	user, err := s.passwords.VerifyUser(r.Context(), s.people, email, typed, password.Client{Address: clientip.Of(r), Device: device})
	if errors.Is(err, password.ErrWrong) {
		s.loginFailed(r, password.Subject(err), middleware.ReasonWrongPassword)
	}
	return user, err
}

// know remembers that the person with the address has logged in with this browser.
func (s *Shop) know(w http.ResponseWriter, email string) error {
	if email == "" { // they came without a password
		return nil
	}
	return s.known.Set(w, password.Device{Name: email, ID: rand.Text()})
}
