package redis_test

import (
	"context"
	"errors"
	"testing"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

// A torn client has something done between the first of several reads and the others.
type torn struct {
	rueidis.Client
	do func()
}

func (c *torn) DoMulti(ctx context.Context, commands ...rueidis.Completed) []rueidis.RedisResult {
	results := c.Client.DoMulti(ctx, commands[0])
	if do := c.do; do != nil {
		c.do = nil
		do()
	}
	return append(results, c.Client.DoMulti(ctx, commands[1:]...)...)
}

// The reads of a look-up are no transaction.
func TestASessionThatStaysWhenOthersEndIsFoundMeanwhile(t *testing.T) {
	client := dial(t, redistest.Shared(t).Addr())
	prefix := redistest.Prefix(t) + ":"
	s := open(t, redis.Config{Client: client, Prefix: prefix})
	join(t, s, "ann")
	stays, _ := login(t, s, "ann")
	ends, _ := login(t, s, "ann")
	check(t, s.SetValue(t.Context(), t0, stays.ID, "k", []byte("v")))
	between := &torn{Client: client}
	looking := open(t, redis.Config{Client: between, Prefix: prefix})
	change := func() {
		_, err := s.Users().SetPassword(context.Background(), t0, "ann", 0, "new", stays.ID)
		check(t, err)
	}

	between.do = change
	if _, _, err := looking.Find(t.Context(), t0, stays.ID, backends.SecretHash{}); err != nil {
		t.Errorf("Find: %v, want that it lives", err)
	}
	between.do = change
	if v, err := looking.Value(t.Context(), t0, stays.ID, "k"); err != nil || string(v) != "v" {
		t.Errorf("Value: %q, error %v; want v", v, err)
	}
	between.do = change
	if list, _, err := looking.List(t.Context(), t0, "ann", backends.Page{}); len(list) != 1 || err != nil {
		t.Errorf("%d sessions are listed, error %v; want 1", len(list), err)
	}
	if _, _, err := s.Find(t.Context(), t0, ends.ID, backends.SecretHash{}); !errors.Is(err, backends.ErrRevoked) {
		t.Errorf("Find of the other: %v, want ErrRevoked", err)
	}
	// What has gone meanwhile was there when it was asked for.
	between.do = func() {
		_, err := s.RevokeUser(context.Background(), t0, "ann", "", backends.ReasonRevoked)
		check(t, err)
	}
	if _, _, err := looking.Find(t.Context(), t0, stays.ID, backends.SecretHash{}); !errors.Is(err, backends.ErrRevoked) {
		t.Errorf("Find while it ends: %v, want ErrRevoked", err)
	}
}
