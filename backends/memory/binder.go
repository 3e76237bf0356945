package memory

import (
	"context"
	"time"

	"github.com/inga-auth/inga/backends"
)

// Bind implements [backends.Binder].
func (m *Store) Bind(ctx context.Context, now time.Time, id string, b backends.Binding) (bound bool, err error) {
	if err := b.Validate(); err != nil {
		return false, err
	}
	err = m.withRow(ctx, id, func(r *row) error {
		if _, err := r.state(now); err != nil || r.Binding() != (backends.Binding{}) {
			return nil
		}
		r.SetBinding(b)
		m.feed.changed(r.owner.Load().id)
		bound = true
		return nil
	})
	return bound, ignoreNotFound(err)
}

// Proved implements [backends.Binder].
func (m *Store) Proved(ctx context.Context, now time.Time, id, thumbprint string) error {
	return ignoreNotFound(m.withRow(ctx, id, func(r *row) error {
		b := r.Binding()
		if _, err := r.state(now); err == nil && thumbprint != "" && b.Thumbprint == thumbprint && now.After(b.ProvedAt) {
			b.ProvedAt = now
			r.SetBinding(b)
		}
		return nil
	}))
}
