package main

import (
	"net/http"
	"strings"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// me says who the guard thinks you are.
func me(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	writeJSON(w, http.StatusOK, id)
}

// admin is behind a guard that asks for the role: a handler need not look.
func admin(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	writeJSON(w, http.StatusOK, map[string]string{"message": "Welcome to the admin area, " + id.Subject + "."})
}

// maxNote is the length of a note in bytes.
const maxNote = 500

// postNote signs a note with the name of whoever sent it, and passes it on.
func (a *app) postNote(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Text string `json:"text"`
	}
	if err := readJSON(w, r, &body); err != nil {
		refuseBody(w, r, err)
		return
	}
	text := strings.TrimSpace(body.Text)
	if text == "" || len(text) > maxNote {
		refuse(w, r, http.StatusUnprocessableEntity)
		return
	}
	id, _ := middleware.FromContext(r.Context())
	n := note{Text: text, By: id.Subject, At: time.Now().UTC().Truncate(time.Millisecond)}
	a.board.post(n)
	writeJSON(w, http.StatusCreated, n)
}

// healthz says that the server answers; it asks no backend.
func healthz(w http.ResponseWriter, _ *http.Request) {
	_, _ = w.Write([]byte("ok\n"))
}
