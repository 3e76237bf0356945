package redis

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
)

// A found is a session as it was read, with its user and what ended all sessions.
type found struct {
	row     row
	account account // empty if there is no such user
	epoch   string  // of all sessions, and those before it; empty if they have never been ended
}

// Find implements [backends.Store].
func (s *Store) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	if !backends.ValidID(id) {
		return backends.Session{}, backends.User{}, backends.ErrNotFound
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	f, _, err := s.look(ctx, id)
	if err != nil {
		return backends.Session{}, backends.User{}, failed("find session", err)
	}
	if f.row == "" || !h.IsZero() && !f.row.opens(h) {
		return backends.Session{}, backends.User{}, backends.ErrNotFound
	}
	return s.live(ctx, now, id, f)
}

// live returns the session with its user, or why it is not live.
//
// The reads of a look-up are no transaction. A session that is the exception of an end, or moves on
// with it otherwise, may seem to be over; and one that is refused because of its user must not live
// again. So a script decides about both. It finds the session over by itself when asked again.
func (s *Store) live(ctx context.Context, now time.Time, id string, f found) (backends.Session, backends.User, error) {
	found, u, alone, err := f.live(id, now)
	if alone {
		return found, u, err
	}
	answer, failure := s.end(ctx, s.call("refuse", id, id, at(now)))
	if failure != nil {
		return found, backends.User{}, failed("end session", failure)
	}
	if len(answer) == 0 {
		return backends.Session{}, backends.User{}, backends.ErrNotFound
	}
	f = asFound(answer)
	found, u, _, err = f.live(id, now)
	return found, u, err
}

// asFound returns the found of a script: row, account and epoch.
func asFound(answer []rueidis.RedisMessage) found {
	return found{row(word(answer, 0)), account(word(answer, 1)), word(answer, 2)}
}

// look reads the session with the ID in one round trip, together with what more reads. They are
// commands of one slot and no script, which would take the server longer, and no MGET, which
// fails while a slot is moved.
func (s *Store) look(ctx context.Context, id string, more ...rueidis.Completed) (f found, rest []rueidis.RedisResult, err error) {
	b := s.client.B()
	results := s.client.DoMulti(ctx, append([]rueidis.Completed{
		b.Get().Key(s.keys.session(id)).Build(),
		b.Hgetall().Key(s.keys.users(id)).Build(),
		b.Get().Key(s.keys.epoch(tag(id))).Build(),
	}, more...)...)
	session, err1 := optional(results[0])
	users, err2 := results[1].AsStrMap()
	epoch, err3 := optional(results[2])
	if err := errors.Join(err1, err2, err3); err != nil {
		return found{}, nil, err
	}
	f = found{row: row(session), epoch: epoch}
	if len(session) > ofTexts {
		c := cursor{rest: session[ofTexts:]}
		f.account = account(users[c.text()])
	}
	return f, results[3:], nil
}

// optional returns the string of a result, empty if there is none.
func optional(r rueidis.RedisResult) (string, error) {
	text, err := r.ToString()
	if rueidis.IsRedisNil(err) {
		return "", nil
	}
	return text, err
}

// live returns the session with its user, or why it is not live, and whether that is in the row alone:
// it is not if others end with it, or it is refused because of its user.
func (f *found) live(id string, now time.Time) (s backends.Session, u backends.User, alone bool, err error) {
	if s, err = f.row.session(id); err != nil {
		return s, u, true, failed("read session", err)
	}
	own := s.Ended.Reason != ""
	var user *backends.User
	if f.account != "" {
		if user, err = f.account.end(&s, f.row); err != nil {
			return backends.Session{}, u, true, failed("read user", err)
		}
	}
	if how, over := former(f.epoch, string(f.row[ofAll:ofSecret])); over && !own {
		s.Ended = how
	}
	if err := s.Live(user, now); err != nil {
		return s, u, own || errors.Is(err, backends.ErrExpired), err
	}
	return s, *user, true, nil
}

// former reports whether the epoch, one of all sessions, is over, and how it ended. The oldest that is
// known stands for those before.
func former(epochs, its string) (how backends.Ended, over bool) {
	c := cursor{rest: cmp.Or(epochs, firstEpoch)}
	if c.take(8) == its {
		return how, false
	}
	how.Reason = backends.ReasonRevoked
	for found := ""; c.rest != "" && found != its; {
		found = c.take(8)
		how = backends.Ended{At: c.time(), Reason: backends.Reason(c.text())}
	}
	return how, true
}

// firstEpoch is that of a tag whose sessions have never been ended together.
const firstEpoch = "\x00\x00\x00\x00\x00\x00\x00\x00"
