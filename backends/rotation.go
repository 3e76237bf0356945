package backends

import (
	"context"
	"time"
)

// A Rotator is a [Store] whose sessions can have refresh tokens.
//
// No token is stored. A refresh token carries the session's ID, a generation, the session's
// secret and a MAC that only the application can make; the row has the hash of the secret
// and the number of the generation that is current. A token is therefore forged neither
// with the database alone nor with the key alone, and ten thousand rotations leave one row.
type Rotator interface {
	// Rotate presents generation n of the session with that ID, whose secret has the hash h,
	// and does what [Session.Rotation] says, in one round trip:
	//
	//   - Rotated: n+1 is current from now on, and the request counts as activity. Of calls
	//     at the same time exactly one rotates; the others find that out.
	//   - Replayed: nothing changes. The current generation is the caller's too.
	//   - Stolen: the session is ended, with [ReasonTheft].
	//
	// It returns the session as it is afterwards, with its user. Errors: ErrNotFound if
	// there is no such session, h is not the hash of its secret, or n is a generation that
	// never was: whoever guesses changes nothing. One that wraps ErrNotLive if the session
	// has ended or its user may not use it; with it the session is returned.
	Rotate(ctx context.Context, now time.Time, id string, h SecretHash, n int64, g Grace) (Session, User, Rotation, error)

	// MarkSeen remembers that generation n, if it is current, has been seen in use, as the
	// access token that was issued with it shows. Only the first call for a generation
	// writes. A session that is unknown or has ended is no error.
	MarkSeen(ctx context.Context, now time.Time, id string, n int64) error
}

// ReasonTheft: a refresh token was presented that had been replaced long before.
const ReasonTheft Reason = "theft"

// Grace says for how long after a rotation the former token is answered with the current
// one. Two clients that share a token, and one whose answer was lost, need that; a thief
// who comes later does not get it.
type Grace struct {
	Overlap time.Duration // always
	Unseen  time.Duration // as long as the current token has not been seen in use
}

// A Rotation is what became of a refresh token that was presented.
type Rotation int

// See [Rotator].
const (
	Refused  Rotation = iota // a generation that never was
	Rotated                  // it was current, and has been replaced
	Replayed                 // it was just replaced; the current one is answered again
	Stolen                   // it was replaced long ago
)

// Rotation says what presenting generation n at now means. It is the one rule; a store that
// decides in SQL decides the same.
func (s *Session) Rotation(now time.Time, n int64, g Grace) Rotation {
	current := s.Refresh.Generation
	switch {
	case n < 1 || n > current:
		return Refused
	case n == current:
		return Rotated
	case n < current-1:
		return Stolen
	}
	// Counted from the rotation: a retry does not prolong it.
	since := now.Sub(s.Refresh.RotatedAt)
	if since < g.Overlap || s.Refresh.SeenAt.IsZero() && since < g.Unseen {
		return Replayed
	}
	return Stolen
}

// Rotate changes s as a rotation at now does.
func (s *Session) Rotate(now time.Time) {
	s.Refresh = Refresh{Generation: s.Refresh.Generation + 1, RotatedAt: now}
	if now.After(s.LastSeenAt) {
		s.LastSeenAt = now
	}
	until := now.Add(s.IdleTimeout)
	if until.After(s.AbsoluteDeadline) {
		until = s.AbsoluteDeadline
	}
	if until.After(s.IdleDeadline) {
		s.IdleDeadline = until
	}
}
