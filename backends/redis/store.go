package redis

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/subscribers"
)

// A Store keeps sessions and users in Redis. All methods may be called concurrently.
type Store struct {
	client      rueidis.Client
	keys        keys
	scripts     map[string]script
	confirm     int
	timeout     time.Duration
	subscribers subscribers.Table
}

var (
	_ backends.Store         = (*Store)(nil)
	_ backends.Rotator       = (*Store)(nil)
	_ backends.SessionLister = (*Store)(nil)
	_ backends.Sweeper       = (*Store)(nil)
	_ backends.Values        = (*Store)(nil)
	_ backends.Claims        = (*Store)(nil)
	_ backends.Attempts      = (*Store)(nil)
	_ backends.UserFinder    = (*Store)(nil)
	_ backends.UserStore     = (*Store)(nil)
	_ backends.Subscriber    = (*Store)(nil)
)

// Extend implements [backends.Store].
func (s *Store) Extend(ctx context.Context, now time.Time, id string) (idleDeadline time.Time, ok bool, err error) {
	if !backends.ValidID(id) {
		return time.Time{}, false, nil
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	answer, err := s.run(ctx, s.call("extend", id, id, at(now)))
	if err != nil || len(answer) == 0 {
		return time.Time{}, false, failed("extend session", err)
	}
	idle, err := answer[0].ToString()
	c := cursor{rest: idle}
	return c.time(), err == nil, failed("extend session", err)
}

// Reauthenticate implements [backends.Store].
func (s *Store) Reauthenticate(ctx context.Context, now time.Time, n backends.Session, next backends.SecretHash, o backends.ReauthenticateOptions) error {
	if err := n.Validate(); err != nil {
		return err
	}
	// Compared as times are kept: two starts in one microsecond are one.
	if n.AuthenticatedAt.UnixMicro() <= o.Former.UnixMicro() {
		return fmt.Errorf("%w: Session.AuthenticatedAt is %v, want after ReauthenticateOptions.Former %v", backends.ErrInvalidArgument, n.AuthenticatedAt, o.Former)
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	answer, err := s.end(ctx, s.call("reauthenticate", n.ID, n.ID, at(now), at(o.Former), version(o.UserVersion), lifetime(&n), string(next[:]), replaceable(&n)))
	switch word(answer, 0) {
	case "unknown":
		return backends.ErrNotFound
	case "conflict":
		return backends.ErrConflict
	case "ok":
		s.subscribers.Call(word(answer, 1))
	}
	return failed("re-authenticate", err)
}

// Revoke implements [backends.Store].
func (s *Store) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	if err := why.Validate(); err != nil {
		return false, err
	}
	if !backends.ValidID(id) {
		return false, nil
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	answer, err := s.end(ctx, s.call("revoke", id, id, at(now), string(why)))
	if userID := word(answer, 1); userID != "" {
		s.subscribers.Call(userID)
	}
	return number(answer, 0) == 1, failed("revoke session", err)
}

// Subscribe implements [backends.Subscriber]. A Store observes the changes that it makes itself
// and, while Watch runs, all others. f is called while the subscriptions are locked: it must call
// neither the Store nor stop.
func (s *Store) Subscribe(userID string, f func()) (stop func()) {
	return s.subscribers.Subscribe(userID, f)
}

// bound bounds what a call may take, waiting for a connection included: an answer that comes
// later than that is for a client who has gone.
func (s *Store) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	return undated{ctx}, cancel
}

// undated hides when a context will end. The client closes a connection, which others share, for a
// command that was sent with a deadline and has no answer by then; without one it stops waiting.
type undated struct{ context.Context }

func (undated) Deadline() (time.Time, bool) { return time.Time{}, false }

// failed translates the error of a command.
func failed(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: redis: %s: %w", backends.ErrUnavailable, what, err)
}

// version is a user's version as scripts take it: empty for any.
func version(v int64) string {
	if v == 0 {
		return ""
	}
	return packed(v)
}

// word returns a text of the answer of a script, empty if there is none.
func word(answer []rueidis.RedisMessage, i int) string {
	if i >= len(answer) {
		return ""
	}
	text, _ := answer[i].ToString()
	return text
}

// number returns a number of the answer of a script, 0 if there is none.
func number(answer []rueidis.RedisMessage, i int) int {
	if i >= len(answer) {
		return 0
	}
	n, _ := answer[i].AsInt64()
	return int(n)
}
