package redis_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

// A page that passes sessions which have expired is read in several round trips.
func TestEachLiveSessionIsInOnePageWhateverEndsOrIsUsedWhileThePageIsRead(t *testing.T) {
	for what, meanwhile := range map[string]func(s *redis.Store, expired []string, oldest string) error{
		"sessions end": func(s *redis.Store, expired []string, _ string) error {
			for _, id := range expired {
				if _, err := s.Revoke(context.Background(), t0.Add(time.Minute), id, backends.ReasonLogout); err != nil {
					return err
				}
			}
			return nil
		},
		"a session is used": func(s *redis.Store, _ []string, oldest string) error {
			_, _, err := s.Extend(context.Background(), t0.Add(2*time.Minute), oldest)
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			client, prefix := dial(t, redistest.Shared(t).Addr()), redistest.Prefix(t)+":"
			s := open(t, redis.Config{Client: client, Prefix: prefix})
			join(t, s, "ann")
			live := openEachSecond(t, s, t0, 6, time.Hour)
			expired := openEachSecond(t, s, t0.Add(6*time.Second), 6, time.Second)

			reader := open(t, redis.Config{Prefix: prefix, Client: &meddled{client, func() { check(t, meanwhile(s, expired, live[0])) }}})
			listed := map[string]int{}
			for p, first := (backends.Page{Limit: 4}), true; first || p.After != ""; first = false {
				page, next, err := reader.List(t.Context(), t0.Add(time.Minute), "ann", p)
				check(t, err)
				for _, o := range page {
					listed[o.ID]++
				}
				p.After = next
			}
			for i, id := range live {
				if n := listed[id]; n != 1 {
					t.Errorf("session %d is in %d pages, want 1", i, n)
				}
			}
		})
	}
}

// openEachSecond opens sessions of ann, one each second.
func openEachSecond(t *testing.T, s *redis.Store, from time.Time, n int, idle time.Duration) (ids []string) {
	t.Helper()
	for i := range n {
		o, now := session("ann"), from.Add(time.Duration(i)*time.Second)
		o.CreatedAt, o.IdleTimeout = now, idle
		o.Begin(now, 12*time.Hour)
		_, err := s.Create(t.Context(), now, o, backends.NewSecret().Hash(), backends.CreateOptions{})
		check(t, err)
		ids = append(ids, o.ID)
	}
	return ids
}

// A meddled client is one to which something comes in between, after its first pipeline.
type meddled struct {
	rueidis.Client
	do func() // once
}

func (c *meddled) DoMulti(ctx context.Context, commands ...rueidis.Completed) []rueidis.RedisResult {
	results := c.Client.DoMulti(ctx, commands...)
	if do := c.do; do != nil {
		c.do = nil
		do()
	}
	return results
}
