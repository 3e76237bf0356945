package memory

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

// Rotate implements [backends.Rotator].
func (m *Store) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (s backends.Session, u backends.User, verdict backends.Rotation, err error) {
	err = m.withRow(ctx, id, func(r *row) error {
		if !r.opens(h) {
			return backends.ErrNotFound
		}
		s.ID = id
		if err := r.read(now, &s, &u); err != nil {
			return err
		}
		switch verdict = s.Rotation(now, n, g); verdict {
		case backends.Refused:
			s, u = backends.Session{}, backends.User{}
			return backends.ErrNotFound
		case backends.Rotated:
			s.Rotate(kept(now))
			r.SetLifetime(&s)
		case backends.Recovered:
			s.Recover(kept(now))
			r.SetLifetime(&s)
		case backends.Stolen:
			r.end(now, backends.ReasonTheft)
			s.Ended = r.Lifetime().Ended
			m.feed.changed(s.UserID)
		}
		return nil
	})
	return s, u, verdict, err
}

// MarkSeen implements [backends.Rotator].
func (m *Store) MarkSeen(ctx context.Context, now time.Time, id string, n int64) error {
	return ignoreNotFound(m.withRow(ctx, id, func(r *row) error {
		s := r.Lifetime()
		if s.Refresh.Generation == n && s.Refresh.SeenAt.IsZero() && n > 0 {
			s.Refresh.SeenAt = now
			r.SetLifetime(&s)
		}
		return nil
	}))
}
