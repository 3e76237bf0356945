package proof_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	passwords "github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/middleware"
)

// prove verifies a password, and says which version of the user had it. A login that verifies
// a password and then a second factor takes two requests in this way.
func (a *app) prove(w http.ResponseWriter, r *http.Request) {
	u, err := a.passwords.VerifyUser(r.Context(), a.users, r.FormValue("name"), r.FormValue("password"), passwords.Client{})
	a.answer(w, r, u.Version, err)
}

// proved is the login of a request that names the version of the user whose password was
// verified, or brings the password.
func (a *app) proved(r *http.Request) (middleware.Login, error) {
	if text := r.FormValue("version"); text != "" {
		version, err := strconv.ParseInt(text, 10, 64)
		return middleware.Login{Subject: r.FormValue("name"), UserVersion: version}, err
	}
	u, err := a.passwords.VerifyUser(r.Context(), a.users, r.FormValue("name"), r.FormValue("password"), passwords.Client{})
	return middleware.Login{Subject: u.ID, UserVersion: u.Version}, err
}

// A word is a password that a client knows, and, once it was verified, the version of the user.
type word struct {
	number  int
	version string
	since   time.Time // when it was verified, or zero
}

// form is the word as the forms of logins have it.
func (w word) form(name string) (kv []string) {
	if w.version != "" {
		return []string{"name", name, "version", w.version}
	}
	return []string{"name", name, "password", wordOf(w.number)}
}

// prove has the process verify the password that was set last, or is being set. It reports
// false if it does not.
func (m *model) prove(a *account, at *process) (word, bool) {
	w := word{number: m.word(a)}
	got := at.send("POST", "/prove", nil, form(w.form(a.name)...))
	var version json.Number
	if got.status != 200 || json.Unmarshal(got.body, &version) != nil {
		return w, false
	}
	w.version, w.since = version.String(), got.asked.begin
	return w, true
}
