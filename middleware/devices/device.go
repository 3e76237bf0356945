package devices

import (
	"cmp"
	"time"

	"github.com/mileusna/useragent"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/text"
)

// A Device is a session as its user sees it. It holds no credential.
type Device struct {
	ID    string        `json:"id"`    // the public ID of the session
	Label string        `json:"label"` // for people: see [Label]
	Kind  backends.Kind `json:"kind"`  // the kind of credential

	IP        string `json:"ip,omitempty"`         // of the login
	UserAgent string `json:"user_agent,omitempty"` // of the login

	CreatedAt  time.Time `json:"created_at"`   // when the user logged in
	LastSeenAt time.Time `json:"last_seen_at"` // to the session's renewal interval
	ExpiresAt  time.Time `json:"expires_at"`   // unless it is used

	// BoundAt is since when only this device can use the session, and zero if it is not bound to one.
	BoundAt time.Time `json:"bound_at,omitzero"`
	// Actor is the ID of another user who acts as this one in the session, and "" as a rule.
	Actor string `json:"actor,omitempty"`

	Current bool `json:"current"` // whether it is the session of this request
}

func newDevice(s *backends.Session, current string) Device {
	ip, _ := s.Client.IP.MarshalText() // none for the zero Addr
	return Device{
		ID:         s.ID,
		Label:      cmp.Or(s.Client.Label, Label(s.Client.UserAgent)),
		Kind:       s.Kind,
		IP:         string(ip),
		UserAgent:  s.Client.UserAgent,
		CreatedAt:  s.CreatedAt,
		LastSeenAt: s.LastSeenAt,
		ExpiresAt:  s.IdleDeadline,
		BoundAt:    s.Binding.BoundAt,
		Actor:      s.Actor.UserID,
		Current:    s.ID == current,
	}
}

// maxLabel is the length of the longest label, in bytes: the names in it may be anything.
const maxLabel = 64

// Label describes a user agent in a few words, like "Firefox on Linux" or "Safari on iPhone",
// or as "Unknown device". It is what the client claims.
func Label(userAgent string) string {
	u := useragent.Parse(userAgent)
	system := u.OS
	if u.Device == "iPhone" || u.Device == "iPad" {
		system = u.Device
	}
	label := cmp.Or(u.Name, system)
	if u.Name != "" && system != "" && u.Name != system {
		label = u.Name + " on " + system
	}
	return cmp.Or(text.Printable(label, maxLabel), "Unknown device")
}
