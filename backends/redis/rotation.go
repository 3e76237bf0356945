package redis

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
)

// Rotate implements [backends.Rotator]. A token that is answered again must have been confirmed by
// replicas as well: otherwise a failover could give its predecessor a second successor.
func (s *Store) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	if !backends.ValidID(id) || h.IsZero() || n < 1 {
		return backends.Session{}, backends.User{}, backends.Refused, backends.ErrNotFound
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	answer, err := s.end(ctx, s.call("rotate", id, id, at(now), string(h[:]), packed(n), packed(n+1), ceil(g.Overlap+g.Skew), ceil(g.Overlap/2), flag(s.confirm > 0)))
	if err != nil {
		return backends.Session{}, backends.User{}, backends.Refused, failed("rotate", err)
	}
	if len(answer) == 1 {
		return backends.Session{}, backends.User{}, backends.Refused, backends.ErrNotFound
	}
	return s.rotated(now, id, answer)
}

// rotated translates the answer of the script.
func (s *Store) rotated(now time.Time, id string, answer []rueidis.RedisMessage) (backends.Session, backends.User, backends.Rotation, error) {
	f := asFound(answer[1:])
	found, u, _, err := f.live(id, now)
	if number(answer, 0) < 0 || err != nil && !errors.Is(err, backends.ErrRevoked) {
		return found, u, backends.Refused, err
	}
	verdict := backends.Rotation(number(answer, 0))
	if verdict != backends.Stolen {
		return found, u, verdict, err
	}
	s.subscribers.Call(found.UserID)
	u, _, _, err = f.account.user(found.UserID)
	return found, u, verdict, err
}

// ceil is d in microseconds, rounded up: a whole number of them is less than d exactly if it is less
// than that.
func ceil(d time.Duration) string {
	us := d.Microseconds()
	if time.Duration(us)*time.Microsecond < d {
		us++
	}
	return strconv.FormatInt(us, 10)
}

// MarkSeen implements [backends.Rotator].
func (s *Store) MarkSeen(ctx context.Context, now time.Time, id string, n int64) error {
	if !backends.ValidID(id) || n < 1 {
		return nil // no session has it
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	_, err := s.run(ctx, s.call("mark_seen", id, id, at(now), packed(n)))
	return failed("mark as seen", err)
}
