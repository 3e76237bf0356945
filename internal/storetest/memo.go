package storetest

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/recall"
)

// A Memo counts how often a store is asked to find a session, and to remember a credential.
// The store is one that [Cached] returned.
type Memo struct {
	Store
	Asked, Remembered atomic.Int64
}

var _ recall.Store = (*Memo)(nil)

// Find implements [backends.Store].
func (m *Memo) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	m.Asked.Add(1)
	return m.Store.Find(ctx, now, id, h)
}

// Recall implements [recall.Store].
func (m *Memo) Recall(now time.Time, id recall.ID, d recall.Digest) (note any, e *recall.Entry, ok bool) {
	return m.Store.(recall.Store).Recall(now, id, d)
}

// Remember implements [recall.Store].
func (m *Memo) Remember(id recall.ID, authenticatedAt time.Time, d recall.Digest, note any, size int) {
	m.Remembered.Add(1)
	m.Store.(recall.Store).Remember(id, authenticatedAt, d, note, size)
}
