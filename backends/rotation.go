package backends

import (
	"context"
	"time"
)

// A Rotator is a [Store] whose sessions can have refresh tokens. It is an optional contract.
//
// A refresh token carries the session's ID, a generation, the session's secret and a MAC by the
// application. The row holds the hash of the secret and the current generation: no token is
// stored, and neither the database nor the key alone can forge one.
type Rotator interface {
	// Rotate presents generation n of the session with that ID, whose secret has the hash h,
	// and acts on the verdict of [Session.Rotation], in one round trip:
	//
	//   - Rotated: n+1 becomes current, and the request counts as activity. Of simultaneous
	//     calls exactly one rotates, and the others learn of it.
	//   - Replayed: nothing changes. The caller gets the current generation too.
	//   - Recovered: the caller gets the current generation, which is as new as if it had just been
	//     made.
	//   - Stolen: the session ends with [ReasonTheft].
	//
	// It returns the session as it is afterwards, with its user. Errors: ErrNotFound if there is
	// no such session, h is not the hash of its secret, or n was never a generation, so that
	// guessing changes nothing; an error that wraps ErrNotLive, together with the session, if
	// the session has ended or its user may not use it, which ends it as in Find.
	Rotate(ctx context.Context, now time.Time, id string, h SecretHash, n int64, g Grace) (Session, User, Rotation, error)

	// MarkSeen records that generation n, if it is current, has been seen in use: a credential
	// that was issued with it came back. Only the first call for a generation writes. An unknown
	// or ended session is no error.
	MarkSeen(ctx context.Context, now time.Time, id string, n int64) error
}

// ReasonTheft: a refresh token was presented that had been replaced long before.
const ReasonTheft Reason = "theft"

// Grace tells clients that share a refresh token, or lost a response, from thieves.
type Grace struct {
	// Overlap is how long after a rotation the token is not replaced again, and its predecessor
	// accepted even though the token is in use.
	Overlap time.Duration

	// Skew is by how much the clocks of servers may differ. It extends Overlap, so that it lasts
	// that long by the clock of any of them.
	Skew time.Duration
}

// A Rotation is the verdict about a refresh token that was presented.
type Rotation int

// The verdicts of [Session.Rotation].
const (
	Refused   Rotation = iota // a generation that never was
	Rotated                   // it was current, and has been replaced
	Replayed                  // it, or its predecessor, is answered with the current one
	Stolen                    // it was replaced long ago
	Recovered                 // its predecessor is answered with it, as the first response was lost
)

// Rotation returns what presenting generation n at now means. It is the only rule. A store
// that decides in SQL decides the same.
//
// The current generation is not replaced again while it is newer than the grace, Overlap and
// Skew, so that clients which refresh one right after the other leave each other's token valid.
// The previous one is accepted for as long as the current one has not been seen in use: the
// response that carried it may be lost, and a client may be offline for hours before it asks
// again. Once both are in use, the previous one is accepted during the grace only.
//
// The grace begins anew with a response that comes after a lost one, unless half of the overlap is
// still to come. Clients that share a token, such as the tabs of a browser, come back at the same
// time; one of them may have used or replaced the current generation while the request of another
// is on its way.
//
// No client is taken for a thief that presents a token less than Overlap after it was replaced,
// whichever server answers. The age that a server computes is off by Skew at most, in either
// direction, as the clock of the server that made the token may differ from its own. So between
// two rotations there is at least Overlap: the client's token is at most one generation behind.
// And the age of its successor seems to be less than Overlap and Skew: it is still accepted. A
// shorter bound for the rotation alone would let a server whose clock is ahead replace a token
// that is new, and then a client with the one before would be two generations behind.
func (s *Session) Rotation(now time.Time, n int64, g Grace) Rotation {
	age := now.Sub(s.Refresh.RotatedAt) // may be negative
	inGrace := age < g.Overlap+g.Skew
	switch current := s.Refresh.Generation; {
	case n < 1 || n > current:
		return Refused
	case n == current && !inGrace:
		return Rotated
	case n == current:
		return Replayed
	case n == current-1 && s.Refresh.SeenAt.IsZero() && age >= g.Overlap/2:
		return Recovered
	case n == current-1 && inGrace:
		return Replayed
	}
	return Stolen
}

// Recover makes the current generation as new as if it had been made at now. It is no activity.
func (s *Session) Recover(now time.Time) { s.Refresh.RotatedAt = now }

// Rotate makes the next generation current at now. A rotation counts as activity.
func (s *Session) Rotate(now time.Time) {
	s.Refresh = Refresh{Generation: s.Refresh.Generation + 1, RotatedAt: now}
	s.Touch(now)
}

// Unseen reports whether a credential that was issued with generation n is the first one in use,
// so that the store should record it; see [Rotator].MarkSeen. A generation that r does not know
// comes from a refresh in another process. The first has no predecessor to tell apart.
func (r Refresh) Unseen(n int64) bool {
	return n > 1 && (n > r.Generation || n == r.Generation && r.SeenAt.IsZero())
}
