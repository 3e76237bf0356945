package main

import (
	"errors"
	"net/http"

	"github.com/inga-auth/inga/backends"
)

// notice is what the next page says, once: it lives with the session.
const notice backends.Key[string] = "notice"

// done sends the browser on, to a page that says what has been done.
func (a *app) done(w http.ResponseWriter, r *http.Request, sessionID, text, to string) {
	if text != "" {
		// What was done is done, whether it can be said or not.
		_ = notice.Set(r.Context(), a.store, sessionID, text)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (a *app) takeNotice(r *http.Request, sessionID string) (string, error) {
	text, _, err := notice.Take(r.Context(), a.store, sessionID)
	if errors.Is(err, backends.ErrNotLive) {
		return "", nil // it has ended since the guard let it in
	}
	return text, err
}
