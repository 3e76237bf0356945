package devices

import (
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
