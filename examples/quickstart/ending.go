package main

import (
	"errors"

	"github.com/inga-auth/inga/middleware"
)

// An ending says why a session has ended.
type ending struct {
	Reason string `json:"reason"`
	Text   string `json:"-"` // for the page, which has the texts of all reasons
	is     error
}

// The first one that matches an error counts. The last one matches all of them.
var endings = []ending{
	{"expired", "Your session has ended: it was not used for a while, or the login was too long ago.", middleware.ErrSessionExpired},
	{"superseded", "You were logged out because you logged in elsewhere.", middleware.ErrSessionSuperseded},
	{"stolen", "You were logged out because a copy of your login was used elsewhere. If that was not you, change your password.", middleware.ErrSessionStolen},
	{"revoked", "You were logged out: in another window or on another device, by a new password, or by an administrator.", middleware.ErrSessionRevoked},
	{"ended", "Your session has ended.", middleware.ErrInvalidCredentials},
}

// endingOf reports false for an error that says nothing about the session: the backend could not
// be asked, or the client has gone.
func endingOf(err error) (ending, bool) {
	for _, e := range endings {
		if errors.Is(err, e.is) {
			return e, true
		}
	}
	return ending{}, false
}
