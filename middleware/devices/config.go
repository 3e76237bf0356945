package devices

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// A Store has sessions, and a list of them for each user.
type Store interface {
	backends.Store
	backends.Directory
}

// Config is what [New] needs.
type Config struct {
	// Store is that of cookie.Config or jwtauth.Config: the cache, where there is one. Required.
	Store Store

	// Events is told of sessions that are ended here, and by whom. Default: they are logged,
	// to [slog.Default]; see [middleware.LogEvents].
	Events middleware.EventHook
}

// Devices lists and ends sessions. It is safe for concurrent use.
type Devices struct {
	store   Store
	events  middleware.EventHook
	subject func(*http.Request) (string, error) // whose sessions a request is about
}

// New returns the Devices that the Config describes.
func New(c Config) (*Devices, error) {
	if c.Store == nil {
		return nil, errors.New("devices: Config.Store is nil, want a backend")
	}
	if c.Events == nil {
		c.Events = middleware.LogEvents(slog.Default())
	}
	return &Devices{store: c.Store, events: c.Events, subject: self}, nil
}

// Of returns Devices whose handlers are about the user that subject names, and not about the
// one who sends the request. They ask nobody for a role: put a guard for administrators before
// them.
func (d *Devices) Of(subject func(*http.Request) string) *Devices {
	of := *d
	of.subject = func(r *http.Request) (string, error) { return subject(r), nil }
	return &of
}

// self is a user of ours: another issuer may have given the same subject to somebody else.
func self(r *http.Request) (string, error) {
	id, _ := middleware.FromContext(r.Context())
	if id.Issuer != "" {
		return "", fmt.Errorf("%w: the sessions of another issuer's user are not here", middleware.ErrForbidden)
	}
	return id.Subject, nil
}
