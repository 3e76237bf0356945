package devices

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
)

// Devices lists and ends sessions. It is safe for concurrent use.
type Devices struct {
	sessions *session.Registry
	subject  func(*http.Request) (string, error) // whose sessions a request is about
}

// New returns the Devices of the registry's sessions. It is an error if the store of the
// registry is not a [backends.SessionLister].
func New(sessions *session.Registry) (*Devices, error) {
	if sessions == nil {
		return nil, errors.New("devices: New is given nil, want what session.New returns")
	}
	if store := sessions.Store(); !backends.Supports[backends.SessionLister](store) {
		return nil, fmt.Errorf("devices: New: the store of the sessions, a %T, is not a backends.SessionLister", store)
	}
	return &Devices{sessions, self}, nil
}

// Of returns Devices whose handlers are about the user that subject returns, and not about the
// one who sends the request. They require no role: put a guard for administrators in front.
func (d *Devices) Of(subject func(*http.Request) string) *Devices {
	return &Devices{d.sessions, func(r *http.Request) (string, error) { return subject(r), nil }}
}

// self returns the user of the request. The subject of another issuer's token may be the ID of
// a different user here.
func self(r *http.Request) (string, error) {
	id, _ := middleware.FromContext(r.Context())
	if id.Issuer != "" {
		return "", fmt.Errorf("%w: users of other issuers have no sessions here", middleware.ErrForbidden)
	}
	return id.Subject, nil
}

// Sessions returns a page of the live sessions of a user, the most recently seen first, and the
// After of the next page, "" if this is the last; see [backends.SessionLister]. Current is the ID
// of the session that asks, "" if none does. Errors: [middleware.ErrUnavailable], and
// [middleware.ErrMalformedRequest] for a page that is not valid, as it comes from a request.
func (d *Devices) Sessions(ctx context.Context, userID, current string, p backends.Page) (page []Device, next string, err error) {
	if _, _, _, err := p.Start(); err != nil {
		return nil, "", fmt.Errorf("%w: %w", middleware.ErrMalformedRequest, err)
	}
	list, next, err := d.sessions.List(ctx, userID, p)
	if err != nil {
		return nil, "", err
	}
	page = make([]Device, len(list))
	for i := range list {
		page[i] = newDevice(&list[i], current)
	}
	return page, next, nil
}

// EndSession ends a session of the user. It reports false if the user has no live session with
// that ID, whether or not another user has.
func (d *Devices) EndSession(ctx context.Context, userID, id string) (bool, error) {
	return d.sessions.End(ctx, userID, id, backends.ReasonRevoked)
}

// EndSessions ends the sessions of the user, except the one with the ID except ("" for none),
// and returns how many.
func (d *Devices) EndSessions(ctx context.Context, userID, except string) (int, error) {
	return d.sessions.EndUser(ctx, userID, except, backends.ReasonRevoked)
}

// EndEverySession ends the sessions of all users: for the day on which a key has leaked.
func (d *Devices) EndEverySession(ctx context.Context) error {
	return d.sessions.EndAll(ctx, backends.ReasonRevoked)
}
