package redis

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/redis/rueidis"
	"golang.org/x/sync/errgroup"

	"github.com/inga-auth/inga/backends"
)

// List implements [backends.SessionLister], in two round trips for a page, and more for one that passes
// sessions which have ended, or many that were seen at the same time.
func (s *Store) List(ctx context.Context, now time.Time, userID string, p backends.Page) ([]backends.Session, string, error) {
	seen, id, limit, err := p.Start()
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var live []backends.Session
	for most, last := limit+1, false; !last; most *= 2 {
		// From the first again: sessions that end or are used meanwhile move the others, so there is no
		// place where the next ones begin.
		if live, last, err = s.listed(ctx, now, userID, seen, most); err != nil {
			return nil, "", failed("list sessions", err)
		}
		live = slices.DeleteFunc(live, func(s backends.Session) bool {
			c := s.LastSeenAt.Compare(seen)
			return c > 0 || c == 0 && s.ID >= id
		})
		last = last || len(live) > limit
	}
	return p.Cut(live)
}

// listed returns the live ones of the user's sessions that were last seen at the time or before, of the
// first so many, and whether there are no more.
func (s *Store) listed(ctx context.Context, now time.Time, userID string, seen time.Time, most int) (live []backends.Session, last bool, err error) {
	ids, err := s.client.Do(ctx, s.client.B().Zrevrangebyscore().Key(s.keys.list(userID)).
		Max(strconv.FormatInt(seen.UnixMicro(), 10)).Min("-inf").Limit(0, int64(most)).Build()).AsStrSlice()
	if err != nil || len(ids) == 0 {
		return nil, true, err
	}
	rows, user, epoch, err := s.rows(ctx, userID, ids)
	if err != nil {
		return nil, false, err
	}
	for i, id := range ids {
		f := found{row(rows[i]), user, epoch}
		if f.row == "" {
			continue // it has gone, and the list does not know it yet
		}
		found, _, _, err := f.live(id, now)
		switch {
		case err == nil:
			live = append(live, found)
		case !errors.Is(err, backends.ErrNotLive):
			return nil, false, err
		}
	}
	return live, len(ids) < most, nil
}

// rows returns the rows of sessions of the user, empty for those that have gone. It reads the user and the
// epoch before and after them, and again if they have changed meanwhile: see Store.live.
func (s *Store) rows(ctx context.Context, userID string, ids []string) (rows []string, user account, epoch string, err error) {
	b := s.client.B()
	for {
		commands := []rueidis.Completed{s.readUser(userID), b.Get().Key(s.keys.epoch(tag(ids[0]))).Build()}
		for _, id := range ids {
			commands = append(commands, b.Get().Key(s.keys.session(id)).Build())
		}
		commands = append(commands, s.readUser(userID), b.Get().Key(s.keys.epoch(tag(ids[0]))).Build())
		read := make([]string, len(commands))
		for i, r := range s.client.DoMulti(ctx, commands...) {
			if read[i], err = optional(r); err != nil {
				return nil, "", "", err
			}
		}
		if n := len(ids); read[0] == read[n+2] && read[1] == read[n+3] {
			return read[2 : n+2], account(read[0]), read[1], nil
		}
	}
}

// RevokeUser implements [backends.SessionLister]. The sessions are over at once, however many they
// are. Then they are marked and counted, 250 in a round trip. Those that are not marked, because the
// process stops, are by the next end of the user's sessions, which counts them and gives its reason.
func (s *Store) RevokeUser(ctx context.Context, now time.Time, userID, except string, why backends.Reason) (int, error) {
	if err := why.Validate(); err != nil {
		return 0, err
	}
	n, err := s.change(ctx, now, userID, change{why: why, except: except})
	if errors.Is(err, backends.ErrNotFound) {
		err = nil
	}
	return n, err
}

// RevokeAll implements [backends.SessionLister]. It writes one key for each of 1024 hash tags,
// however many sessions there are, and once it has begun ctx does not stop it. On an error the
// sessions of some users may have ended, and those of others not: call it again. It cannot be
// all or nothing, because a cluster has no transaction over several slots.
func (s *Store) RevokeAll(ctx context.Context, now time.Time, why backends.Reason) error {
	if err := errors.Join(why.Validate(), ctx.Err()); err != nil {
		return err
	}
	ctx, cancel := s.bound(context.WithoutCancel(ctx))
	defer cancel()
	args := []string{at(now), string(why), newEpoch()}
	var writers errgroup.Group
	writers.SetLimit(32)
	for _, tag := range tags() {
		writers.Go(func() error {
			_, err := s.end(ctx, call{s.scripts["epoch"], []string{s.keys.epoch(tag)}, args})
			return err
		})
	}
	err := writers.Wait()
	s.subscribers.Call("")
	return failed("end all sessions", err)
}
