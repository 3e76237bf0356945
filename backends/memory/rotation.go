package memory

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Rotator = (*Store)(nil)

// Rotate implements [backends.Rotator].
func (m *Store) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (s backends.Session, u backends.User, verdict backends.Rotation, err error) {
	err = m.withRow(ctx, id, func(r *row, _ *account) error {
		if !r.opens(h) {
			return backends.ErrNotFound
		}
		s.ID = id
		if err := r.answer(now, &s, &u); err != nil {
			return err
		}
		switch verdict = s.Rotation(now, n, g); verdict {
		case backends.Refused:
			s, u = backends.Session{}, backends.User{}
			return backends.ErrNotFound
		case backends.Rotated:
			s.Rotate(now)
			r.SetLifetime(&s)
		case backends.Recovered:
			s.Recover(now)
			r.SetLifetime(&s)
		case backends.Stolen:
			r.end(now, backends.ReasonTheft)
			m.feed.changed(s.UserID)
		}
		s = r.session() // the times as they are kept
		return nil
	})
	return s, u, verdict, err
}

// MarkSeen implements [backends.Rotator].
func (m *Store) MarkSeen(ctx context.Context, now time.Time, id string, n int64) error {
	return ignoreNotFound(m.withRow(ctx, id, func(r *row, _ *account) error {
		s := r.Lifetime()
		if s.Refresh.Generation == n && s.Refresh.SeenAt.IsZero() && n > 0 {
			s.Refresh.SeenAt = now
			r.SetLifetime(&s)
		}
		return nil
	}))
}
