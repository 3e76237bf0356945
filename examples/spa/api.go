package main

import (
	"net/http"
	"strings"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// me says who is logged in, or nothing for nobody. That is no error, and does not look like
// one in the browser's console.
func (a *app) me(w http.ResponseWriter, r *http.Request) {
	id, ok := middleware.FromContext(r.Context())
	if !ok {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	writeJSON(w, map[string]any{
		"subject":    id.Subject,
		"roles":      id.Roles,
		"session_id": id.SessionID,
		"expires_in": expiresIn(id),
		"idle":       int(a.policy.Idle / time.Second),
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
