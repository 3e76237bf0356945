package memory

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Rotator = (*Store)(nil)

// Rotate implements [backends.Rotator].
func (m *Store) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	if err := ctx.Err(); err != nil {
		return backends.Session{}, backends.User{}, backends.Refused, err
	}
	r, ok := m.sessions.find(id)
	if !ok || none(h) {
		return backends.Session{}, backends.User{}, backends.Refused, backends.ErrNotFound
	}
	r.owner.mu.Lock()
	defer r.owner.mu.Unlock()
	if r.secret != h {
		return backends.Session{}, backends.User{}, backends.Refused, backends.ErrNotFound
	}
	s, u, err := r.answer(now)
	if err != nil {
		return s, u, backends.Refused, err
	}
	rotation := s.Rotation(now, n, g)
	switch rotation {
	case backends.Refused:
		return backends.Session{}, backends.User{}, rotation, backends.ErrNotFound
	case backends.Rotated:
		r.rotate(now)
	case backends.Stolen:
		r.end(now, backends.ReasonTheft)
		m.feed.changed(s.UserID)
	}
	s = r.session()
	return s.Clone(), u, rotation, nil
}

// MarkSeen implements [backends.Rotator].
func (m *Store) MarkSeen(ctx context.Context, now time.Time, id string, n int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r, ok := m.sessions.find(id)
	if !ok {
		return nil
	}
	r.owner.mu.Lock()
	defer r.owner.mu.Unlock()
	if r.refresh != nil && r.refresh.Generation == n && r.refresh.SeenAt.IsZero() {
		r.refresh = &backends.Refresh{Generation: n, RotatedAt: r.refresh.RotatedAt, SeenAt: instant(now.UnixMicro())}
	}
	return nil
}

// rotate makes the next generation current, and counts as activity.
func (r *row) rotate(now time.Time) {
	r.refresh = &backends.Refresh{Generation: r.refresh.Generation + 1, RotatedAt: instant(now.UnixMicro())}
	r.seen = max(r.seen, now.UnixMicro())
	r.idleEnd = min(max(r.idleEnd, now.Add(r.idle).UnixMicro()), r.absoluteEnd)
}
