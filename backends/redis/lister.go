package redis

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
)

// List implements [backends.SessionLister], in one round trip.
func (s *Store) List(ctx context.Context, now time.Time, userID string, p backends.Page) ([]backends.Session, string, error) {
	seen, after, limit, err := p.Start()
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	place := backends.Place(userID)
	answer, err := s.run(ctx, s.call("list", place, userID, place[tagLen:], at(now), strconv.FormatInt(seen.UnixMicro(), 10), after, strconv.Itoa(limit+1)))
	if err != nil {
		return nil, "", failed("list sessions", err)
	}
	var live []backends.Session
	for i := 2; i+1 < len(answer); i += 2 {
		f := found{row(word(answer, i+1)), account(word(answer, 0)), word(answer, 1)}
		found, _, err := f.live(word(answer, i), now)
		if err != nil {
			return nil, "", err
		}
		live = append(live, found)
	}
	return p.Cut(live)
}

// RevokeUser implements [backends.SessionLister]. The sessions are over at once, however many they
// are. Then they are marked and counted, 250 in a round trip.
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
	todo := make(chan string)
	var (
		workers sync.WaitGroup
		mu      sync.Mutex
		failure error
	)
	for range 32 {
		workers.Go(func() {
			for tag := range todo {
				_, err := s.end(ctx, call{s.scripts["epoch"], []string{s.keys.epoch(tag)}, args})
				if err != nil {
					mu.Lock()
					failure = err
					mu.Unlock()
				}
			}
		})
	}
	for _, tag := range tags() {
		todo <- tag
	}
	close(todo)
	workers.Wait()
	s.subscribers.Call("")
	return failed("end all sessions", failure)
}
