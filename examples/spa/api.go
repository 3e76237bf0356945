package main

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// me says who is logged in, or how the session of the visitor has ended. No content means that there
// was none, which is no error and therefore does not show up as one in the browser's console.
func (a *app) me(w http.ResponseWriter, r *http.Request) {
	id, ok := middleware.FromContext(r.Context())
	if !ok {
		if _, err := a.guard.Check(r); !errors.Is(err, middleware.ErrNoCredentials) {
			a.guard.Refuse(w, r, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
		return
	}
	writeJSON(w, map[string]any{
		"subject":    id.Subject,
		"roles":      id.Roles,
		"session_id": id.SessionID,
		"rotate":     a.rotate.Seconds(), // how often the page replaces the refresh token
		"idle":       a.policy.Idle.Seconds(),
	})
}

func now(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	writeJSON(w, map[string]any{"subject": id.Subject, "time": time.Now().UTC().Format(time.TimeOnly)})
}

func echo(w http.ResponseWriter, r *http.Request) {
	var body struct{ Text string }
	if !readJSON(w, r, &body) {
		return
	}
	id, _ := middleware.FromContext(r.Context())
	writeJSON(w, map[string]any{"subject": id.Subject, "echo": strings.ToUpper(body.Text)})
}
