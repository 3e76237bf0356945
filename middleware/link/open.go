package link

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/middleware"
)

// ErrVoid: the link is not one of ours, is for another purpose or too old, its user has changed, is
// disabled or gone, or it has been used.
var ErrVoid = fmt.Errorf("%w: link: void", middleware.ErrInvalidCredentials)

// An Opened is what a good link says.
type Opened struct {
	User  backends.User // as the store has them now
	Value string        // as it was given to Make
}

// Show returns what the link in the query of r says, the parameter token, and sets headers that keep
// the URL of the page from other sites and from caches. It does not use the link up, and is for the
// page with the form that does. It must be called before the response begins.
//
// Errors: [ErrVoid] and [middleware.ErrUnavailable].
func (l *Links) Show(w http.ResponseWriter, r *http.Request) (Opened, error) {
	// Not no-referrer: browsers would send "Origin: null" with the form of the page, and a login by it
	// would be refused where they send no Sec-Fetch-Site.
	w.Header().Set("Referrer-Policy", "strict-origin")
	w.Header().Set("Cache-Control", "no-store")
	found, _, err := l.open(r.Context(), r.URL.Query().Get("token"))
	return found, err
}

// Use returns what the link with the token says, and uses it up: of simultaneous calls, in any number
// of processes, one succeeds. With Config.Reusable it may be used again until it is void.
//
// Errors: [ErrVoid]; [middleware.ErrMalformedRequest] if r is a GET or has another safe method, as
// those have that follow links; [middleware.ErrUnavailable], after which the link may be used up.
func (l *Links) Use(r *http.Request, token string) (Opened, error) {
	if err := browser.Unsafe(r); err != nil {
		return Opened{}, err
	}
	found, until, err := l.open(r.Context(), token)
	if err != nil || l.claims == nil {
		return found, err
	}
	// The text of a token has one spelling, so that its hash names the link.
	name := backends.HashName("link", l.purpose, token)
	mine, err := l.claims.Claim(r.Context(), time.Now(), name, until.Add(slack))
	switch {
	case err != nil:
		return Opened{}, verdict(err)
	case !mine:
		return Opened{}, fmt.Errorf("%w: used before", ErrVoid)
	}
	return found, nil
}

// slack is how long a link that was used is remembered after its end: by more than the clocks of
// servers differ.
const slack = time.Hour

func (l *Links) open(ctx context.Context, token string) (o Opened, until time.Time, err error) {
	if l == nil || l.box == nil {
		return Opened{}, until, errNotMade
	}
	plain, until, ok := l.box.Open("", token, time.Now())
	var c content
	if !ok || json.Unmarshal(plain, &c) != nil {
		return Opened{}, until, ErrVoid
	}
	u, err := l.users.FindUser(ctx, c.UserID)
	switch {
	case errors.Is(err, backends.ErrNotFound):
		return Opened{}, until, fmt.Errorf("%w: user is gone", ErrVoid)
	case err != nil:
		return Opened{}, until, verdict(err)
	case u.Version != c.Version:
		return Opened{}, until, fmt.Errorf("%w: user has changed", ErrVoid)
	case u.Disabled:
		return Opened{}, until, fmt.Errorf("%w: user is disabled", ErrVoid)
	}
	return Opened{u, string(c.Value)}, until, nil
}

// verdict says whose fault an error of the store is.
func verdict(err error) error {
	kind := middleware.ErrUnavailable
	if errors.Is(err, backends.ErrInvalidArgument) || errors.Is(err, errors.ErrUnsupported) {
		kind = middleware.ErrInvalidArgument
	}
	return fmt.Errorf("%w: link: %w", kind, err)
}
