package memory

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

// A Store keeps users and sessions in memory. Finding a session costs the same with one
// session stored and with millions, and requests of different users do not wait for each
// other. All methods may be called concurrently; those that are given a context that has
// ended return its error and do nothing.
//
// Times are kept in microseconds.
type Store struct {
	accounts *index[string, *account] // by user ID
	names    *index[string, *account]
	sessions *index[string, *row] // by session ID
	secrets  *index[backends.SecretHash, *row]
	graves   *index[*account, *account] // deleted users with rows to be swept

	version atomic.Int64 // the last that a user was given; none is given twice
	feed    feed
}

var _ backends.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{
		accounts: newIndex[string, *account](),
		names:    newIndex[string, *account](),
		sessions: newIndex[string, *row](),
		secrets:  newIndex[backends.SecretHash, *row](),
		graves:   newIndex[*account, *account](),
	}
}

// Create implements [backends.Store].
func (m *Store) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, terms backends.Admission) ([]string, error) {
	a, err := m.account(ctx, s.UserID)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.admits(terms.UserVersion); err != nil {
		return nil, err
	}
	superseded, err := a.room(now, s.Kind, terms)
	if err != nil {
		return nil, err
	}
	r := newRow(a, s, h)
	if !m.sessions.add(r.id, r) {
		return nil, backends.ErrConflict
	}
	if !none(h) && !m.secrets.add(h, r) {
		m.sessions.remove(r.id)
		return nil, backends.ErrConflict
	}
	ended := m.supersede(now, a, terms.Replaces, superseded)
	if len(ended) > 0 {
		m.feed.changed(a.user.ID)
	}
	a.hold(r)
	return ended, nil
}

// supersede ends the session that was replaced and those that were superseded, as far as
// they are the account's, and returns those that lived until then.
func (m *Store) supersede(now time.Time, a *account, replaced string, superseded []string) (ended []string) {
	end := func(id string, why backends.Reason) {
		if r, ok := m.sessions.find(id); ok && r.owner == a && r.end(now, why) {
			ended = append(ended, id)
		}
	}
	end(replaced, backends.ReasonReplaced)
	for _, id := range superseded {
		end(id, backends.ReasonSuperseded)
	}
	return ended
}

// FindBySecret implements [backends.Store].
func (m *Store) FindBySecret(ctx context.Context, now time.Time, h backends.SecretHash) (backends.Session, backends.User, error) {
	if err := ctx.Err(); err != nil {
		return backends.Session{}, backends.User{}, err
	}
	r, ok := m.secrets.find(h)
	if !ok {
		return backends.Session{}, backends.User{}, backends.ErrNotFound
	}
	r.owner.mu.RLock()
	defer r.owner.mu.RUnlock()
	// The secret may have been replaced since the index was asked.
	if r.secret != h {
		return backends.Session{}, backends.User{}, backends.ErrNotFound
	}
	return r.answer(now)
}

// FindByID implements [backends.Store].
func (m *Store) FindByID(ctx context.Context, now time.Time, id string) (backends.Session, backends.User, error) {
	if err := ctx.Err(); err != nil {
		return backends.Session{}, backends.User{}, err
	}
	r, ok := m.sessions.find(id)
	if !ok {
		return backends.Session{}, backends.User{}, backends.ErrNotFound
	}
	r.owner.mu.RLock()
	defer r.owner.mu.RUnlock()
	return r.answer(now)
}

// FindUser implements [backends.Store].
func (m *Store) FindUser(ctx context.Context, userID string) (backends.User, error) {
	a, err := m.account(ctx, userID)
	if err != nil {
		return backends.User{}, err
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.gone {
		return backends.User{}, backends.ErrNotFound
	}
	return a.user.Clone(), nil
}

// Extend implements [backends.Store].
func (m *Store) Extend(ctx context.Context, now time.Time, id string, until time.Time) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	r, ok := m.sessions.find(id)
	if !ok {
		return false, nil
	}
	r.owner.mu.Lock()
	defer r.owner.mu.Unlock()
	seen := now.UnixMicro()
	if seen-r.seen < r.interval.Microseconds() || !r.live(now) {
		return false, nil
	}
	r.seen = seen
	r.idleEnd = min(max(r.idleEnd, until.UnixMicro()), r.absoluteEnd)
	return true, nil
}

// Reauthenticate implements [backends.Store]. It returns ErrConflict if next opens a
// session already.
func (m *Store) Reauthenticate(ctx context.Context, now time.Time, s backends.Session, former time.Time, next backends.SecretHash) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r, ok := m.sessions.find(s.ID)
	if !ok {
		return backends.ErrNotFound
	}
	r.owner.mu.Lock()
	defer r.owner.mu.Unlock()
	if r.authenticated != former.UnixMicro() || !r.live(now) {
		return backends.ErrNotFound
	}
	if !none(next) && !m.secrets.add(next, r) {
		return backends.ErrConflict
	}
	if !none(r.secret) {
		m.secrets.remove(r.secret)
	}
	r.secret = next
	r.begin(s)
	m.feed.changed(r.owner.user.ID)
	return nil
}

// Revoke implements [backends.Store].
func (m *Store) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	r, ok := m.sessions.find(id)
	if !ok {
		return false, nil
	}
	r.owner.mu.Lock()
	defer r.owner.mu.Unlock()
	defer m.feed.changed(r.owner.user.ID)
	return r.end(now, why), nil
}

// account returns the account of a user, who may be deleted by the time it is locked.
func (m *Store) account(ctx context.Context, userID string) (*account, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a, ok := m.accounts.find(userID)
	if !ok {
		return nil, backends.ErrNotFound
	}
	return a, nil
}

func none(h backends.SecretHash) bool { return h == backends.SecretHash{} }
