package proof_test

import (
	"net/http"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
)

// operate has what operators do to users and their sessions.
func (a *app) operate(mux *http.ServeMux) {
	handle := func(pattern string, do func(r *http.Request, id string) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			a.answer(w, r, struct{}{}, do(r, r.PathValue("id")))
		})
	}
	handle("POST /operate/users", func(r *http.Request, _ string) error {
		hash, err := a.passwords.Hash(r.Context(), r.FormValue("password"))
		if err != nil {
			return err
		}
		u := backends.User{ID: r.FormValue("id"), Name: r.FormValue("id"), Roles: rolesOf(r)}
		return a.users.CreateUser(r.Context(), u, hash)
	})
	handle("POST /operate/users/{id}/password", func(r *http.Request, id string) error {
		hash, err := a.passwords.Hash(r.Context(), r.FormValue("password"))
		if err != nil {
			return err
		}
		_, err = a.users.SetPassword(r.Context(), time.Now(), id, 0, hash, r.FormValue("except"))
		return err
	})
	handle("POST /operate/users/{id}/roles", func(r *http.Request, id string) error {
		return a.users.SetRoles(r.Context(), id, rolesOf(r))
	})
	handle("POST /operate/users/{id}/disabled", func(r *http.Request, id string) error {
		return a.users.SetDisabled(r.Context(), time.Now(), id, r.FormValue("disabled") == "true")
	})
	handle("DELETE /operate/users/{id}/sessions", func(r *http.Request, id string) error {
		_, err := a.devices.EndSessions(r.Context(), id, "")
		return err
	})
	handle("DELETE /operate/users/{id}/sessions/{session}", func(r *http.Request, id string) error {
		_, err := a.devices.EndSession(r.Context(), id, r.PathValue("session"))
		return err
	})
	handle("DELETE /operate/sessions", func(r *http.Request, _ string) error {
		err := a.devices.EndEverySession(r.Context())
		return err
	})
}

// rolesOf returns the roles that the request names, with spaces between.
func rolesOf(r *http.Request) []string { return strings.Fields(r.FormValue("roles")) }
