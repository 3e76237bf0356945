package features

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// An Enrolment is a second factor that its person has yet to prove.
type Enrolment struct {
	Subject string `json:"subject"`
	Secret  []byte `json:"secret"`
}

// enrolPage shows a new secret, and remembers it without storing anything.
func (s *Shop) enrolPage(w http.ResponseWriter, r *http.Request) {
	e := Enrolment{Subject: subject(r), Secret: make([]byte, 20)}
	_, _ = rand.Read(e.Secret)
	if err := s.enrolments.Set(w, e); err != nil {
		s.guard.Refuse(w, r, err)
		return
	}
	show(w, http.StatusOK, base32.StdEncoding.EncodeToString(e.Secret)) // a QR code with otpauth://totp/…
}

// enrol stores the secret once a code proves that the person has it. Their other sessions end.
func (s *Shop) enrol(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	e, ok := s.enrolments.Get(r)
	if !ok || e.Subject != id.Subject || !validCode(e.Secret, time.Now(), r.PostFormValue("code")) {
		show(w, http.StatusUnprocessableEntity, "form: second factor: that is not the code")
		return
	}
	var version int64
	err := asked(s.DB.QueryRow(r.Context(), `UPDATE people SET totp_secret = $2, version = version + 1 WHERE id::text = $1 RETURNING version`,
		id.Subject, e.Secret).Scan(&version))
	if err == nil {
		_, err = s.sessions.EndUser(r.Context(), id.Subject, id.SessionID, backends.ReasonCredentials)
	}
	if err == nil {
		l := middleware.Login{Subject: id.Subject, UserVersion: version, AMR: withCode(id.AMR)}
		_, err = s.cookies.Reauthenticate(w, r, l)
	}
	if err != nil {
		s.guard.Refuse(w, r, err)
		return
	}
	s.enrolments.Clear(w)
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}

// validCode accepts the code of this half minute, and those before and after it: clocks differ.
func validCode(secret []byte, now time.Time, code string) bool {
	valid := 0
	for step := now.Unix()/30 - 1; step <= now.Unix()/30+1; step++ {
		valid |= subtle.ConstantTimeCompare([]byte(code), []byte(totp(secret, step)))
	}
	return valid == 1
}

// totp returns the code of the step: RFC 4226, section 5.3, and RFC 6238.
func totp(secret []byte, step int64) string {
	h := hmac.New(sha1.New, secret)
	_ = binary.Write(h, binary.BigEndian, step)
	sum := h.Sum(nil)
	n := binary.BigEndian.Uint32(sum[sum[19]&15:]) & 0x7fffffff
	return fmt.Sprintf("%06d", n%1_000_000)
}
