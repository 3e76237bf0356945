package storetest

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/pgtest"
)

// EachCached is [Each] through a cache only.
func EachCached(t *testing.T, test func(t *testing.T, s Store)) {
	t.Run("memory", func(t *testing.T) { test(t, Cached(t, Memory(t))) })
	t.Run("postgres", func(t *testing.T) {
		s := Postgres(t, pgtest.Pool(t), pgtest.Schema(t))
		AddUsers(t, s)
		test(t, Cached(t, s))
	})
}

// A Memo counts how often a store is asked to find a session, and to remember a credential.
// The store is one that [Cached] returned.
type Memo struct {
	Store
	Asked, Remembered atomic.Int64
}

// FindBySecret implements [backends.Store].
func (m *Memo) FindBySecret(ctx context.Context, now time.Time, h backends.SecretHash) (backends.Session, backends.User, error) {
	m.Asked.Add(1)
	return m.Store.FindBySecret(ctx, now, h)
}

// FindByID implements [backends.Store].
func (m *Memo) FindByID(ctx context.Context, now time.Time, id string) (backends.Session, backends.User, error) {
	m.Asked.Add(1)
	return m.Store.FindByID(ctx, now, id)
}

// Recall implements [backends.Recaller].
func (m *Memo) Recall(now time.Time, h backends.CredentialHash) (any, *backends.Session, *backends.User, bool) {
	return m.Store.(backends.Recaller).Recall(now, h)
}

// Remember implements [backends.Recaller].
func (m *Memo) Remember(h backends.CredentialHash, s backends.Session, note any, size int) {
	m.Remembered.Add(1)
	m.Store.(backends.Recaller).Remember(h, s, note, size)
}
