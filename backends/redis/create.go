package redis

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
)

// Create implements [backends.Store]. Session.ID must be from [backends.NewID] for the user:
// another one is ErrConflict, as its place belongs to other users.
//
// A login with a limit is two round trips, of which the first reads the user; should the user change
// in between, there are two more.
func (s *Store) Create(ctx context.Context, now time.Time, n backends.Session, h backends.SecretHash, o backends.CreateOptions) (ended []string, err error) {
	if err := n.Validate(); err != nil {
		return nil, err
	}
	place := backends.Place(n.UserID)
	if n.ID[:len(place)] != place {
		return nil, fmt.Errorf("%w: redis: Session.ID is not from NewID for Session.UserID", backends.ErrConflict)
	}
	if n.Actor != (backends.Actor{}) {
		o.Limit = nil
	}
	if !backends.ValidID(o.Replaces) || tag(o.Replaces) != tag(n.ID) {
		o.Replaces = "" // no session of the user has it
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	answer, err := s.create(ctx, now, &n, h, o)
	ended, _ = texts(answer, 1)
	if len(ended) > 0 {
		s.subscribers.Call(n.UserID)
	}
	return ended, err
}

func (s *Store) create(ctx context.Context, now time.Time, n *backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]rueidis.RedisMessage, error) {
	run, args := s.run, []string{n.ID, n.UserID, at(now), encode(n, h), version(o.UserVersion), o.Replaces}
	if o.Replaces != "" || o.Limit != nil {
		run = s.end
	}
	for {
		seen, l, err := s.limit(ctx, n.UserID, o)
		if err != nil {
			return nil, err
		}
		answer, err := run(ctx, s.call("create", n.ID, append(args[:6:6], seen, string(n.Kind), strconv.Itoa(l.Total), strconv.Itoa(l.PerKind), flag(l.Refuse))...))
		switch word(answer, 0) {
		case "unknown":
			return nil, backends.ErrNotFound
		case "disabled":
			return nil, backends.ErrUserDisabled
		case "conflict":
			return nil, backends.ErrConflict
		case "limit":
			return nil, backends.ErrLimit
		case "again":
			continue // the user has changed since the limit was asked for
		}
		return answer, failed("create session", err)
	}
}

// limit returns what o says about the user, as stored.
func (s *Store) limit(ctx context.Context, userID string, o backends.CreateOptions) (stored string, l backends.Limit, err error) {
	if o.Limit == nil {
		return "", l, nil
	}
	a, err := s.account(ctx, userID)
	if err != nil {
		return "", l, err
	}
	u, _, _, err := a.user(userID)
	switch {
	case err != nil:
		return "", l, failed("read user", err)
	case u.Disabled:
		return "", l, backends.ErrUserDisabled
	case o.UserVersion != 0 && o.UserVersion != u.Version:
		return "", l, backends.ErrConflict
	}
	l = o.Limit(u)
	return string(a), l, l.Validate()
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// texts returns a list of texts within the answer of a script.
func texts(answer []rueidis.RedisMessage, i int) ([]string, error) {
	if i >= len(answer) {
		return nil, nil
	}
	list, err := answer[i].AsStrSlice()
	if len(list) == 0 {
		return nil, err
	}
	return list, err
}
