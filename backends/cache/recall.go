package cache

import (
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/inga-auth/inga/internal/recall"
)

var _ recall.Store = (*Store)(nil)

// Recall is for packages of this module.
func (s *Store) Recall(now time.Time, id recall.ID, d recall.Digest) (note any, _ *recall.Entry, ok bool) {
	e, _ := s.table.GetIfPresent(id)
	if e == nil {
		return nil, nil, false
	}
	v := e.credential(d)
	if v == nil || !e.Session.LiveAt(now) || !s.trusted(e, s.moment(now)) {
		return nil, nil, false
	}
	return v.note, &e.Entry, true
}

// Remember is for packages of this module.
func (s *Store) Remember(id recall.ID, authenticatedAt time.Time, d recall.Digest, note any, size int) {
	s.replace(id, func(e *entry) *entry {
		if !e.authenticatedAt(authenticatedAt) || e.credential(d) != nil {
			return nil
		}
		return e.remembering(verified{digest: d, note: note, size: size})
	})
}

// replace replaces the entry of the session, if it is cached, by what change returns, unless
// that is nil. No other change of the entry comes between.
func (s *Store) replace(id recall.ID, change func(*entry) *entry) {
	s.table.ComputeIfPresent(id, func(e *entry) (*entry, otter.ComputeOp) {
		if c := change(e); c != nil {
			return c, otter.WriteOp
		}
		return e, otter.CancelOp
	})
}
