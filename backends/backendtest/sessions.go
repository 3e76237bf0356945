package backendtest

import (
	"net/netip"
	"time"

	"github.com/inga-auth/inga/backends"
)

// The session that the tester opens lasts ten minutes without activity and an hour at most, and
// counts activity once a minute.
const (
	idle     = 10 * time.Minute
	absolute = time.Hour
	interval = time.Minute
	tick     = time.Microsecond // the precision of every store
)

// at returns the instant d after the beginning of the suite's time, which no clock shows.
func at(d time.Duration) time.Time {
	return time.Date(2031, time.May, 6, 7, 8, 9, 123456000, time.UTC).Add(d)
}

// An opened session is a row in the store, and the hash of its secret.
type opened struct {
	backends.Session
	hash backends.SecretHash
}

// session returns a session of the user that begins at now. It is in no store yet.
func session(userID string, now time.Time) opened {
	return opened{
		Session: backends.Session{
			ID:               backends.NewID(userID),
			UserID:           userID,
			Kind:             backends.KindCookie,
			Client:           backends.Client{IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "Mozilla/5.0 (X11; Linux)", Label: "Ann's “phone” 전화"},
			AMR:              []string{"pwd", "otp"},
			CreatedAt:        now,
			AuthenticatedAt:  now,
			LastSeenAt:       now,
			IdleTimeout:      idle,
			RenewalInterval:  interval,
			IdleDeadline:     now.Add(idle),
			AbsoluteDeadline: now.Add(absolute),
		},
		hash: backends.NewSecret().Hash(),
	}
}

// hashes are those with which Find must find o: none, and that of its secret if it has one.
func (o opened) hashes() []backends.SecretHash {
	if o.hash.IsZero() {
		return []backends.SecretHash{{}}
	}
	return []backends.SecretHash{{}, o.hash}
}

// normal returns s with one spelling for each value: no empty slice, all times in UTC.
func normal(s backends.Session) backends.Session {
	s = s.Clone()
	for _, at := range times(&s) {
		*at = at.UTC()
	}
	if len(s.AMR) == 0 {
		s.AMR = nil
	}
	return s
}

func times(s *backends.Session) map[string]*time.Time {
	return map[string]*time.Time{
		"CreatedAt": &s.CreatedAt, "AuthenticatedAt": &s.AuthenticatedAt, "LastSeenAt": &s.LastSeenAt,
		"IdleDeadline": &s.IdleDeadline, "AbsoluteDeadline": &s.AbsoluteDeadline,
		"Refresh.RotatedAt": &s.Refresh.RotatedAt, "Refresh.SeenAt": &s.Refresh.SeenAt, "Ended.At": &s.Ended.At,
		"Binding.BoundAt": &s.Binding.BoundAt, "Binding.ProvedAt": &s.Binding.ProvedAt,
	}
}
