package main

import (
	"errors"
	"net/http"

	"github.com/inga-auth/inga/backends"
)

// notice is what the next page says, once. It is kept with the session.
const notice backends.ValueKey[string] = "notice"

// done redirects the browser to a page that says what was done.
func (a *app) done(w http.ResponseWriter, r *http.Request, sessionID, text, to string) {
	if text != "" {
		// If this fails, only the notice is missing.
		_ = notice.Set(r.Context(), a.store, sessionID, text)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (a *app) takeNotice(r *http.Request, sessionID string) (string, error) {
	text, _, err := notice.Take(r.Context(), a.store, sessionID)
	if errors.Is(err, backends.ErrNotLive) {
		return "", nil // it has ended since the guard was asked
	}
	return text, err
}
