package redis_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
)

// t0 is when the sessions of the tests begin.
var t0 = time.Date(2031, time.May, 6, 12, 0, 0, 0, time.UTC)

// session returns a session of the user that begins at t0, with a user agent of 100 bytes.
func session(userID string) backends.Session {
	s := backends.Session{
		ID: backends.NewID(userID), UserID: userID, Kind: backends.KindCookie, AMR: []string{"pwd"},
		Client:    backends.Client{IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "Mozilla/5.0 " + strings.Repeat("x", 88)},
		CreatedAt: t0, IdleTimeout: 30 * time.Minute, RenewalInterval: time.Minute,
		Refresh: backends.Refresh{Generation: 1, RotatedAt: t0},
	}
	s.Begin(t0, 12*time.Hour)
	return s
}

// join creates a user.
func join(t testing.TB, s *redis.Store, userID string) {
	t.Helper()
	check(t, s.Users().CreateUser(context.Background(), backends.User{ID: userID, Name: userID, Roles: []string{"user"}}, "hash of "+userID))
}

// login creates a session of the user.
func login(t testing.TB, s *redis.Store, userID string) (backends.Session, backends.Secret) {
	t.Helper()
	n, secret := session(userID), backends.NewSecret()
	_, err := s.Create(context.Background(), t0, n, secret.Hash(), backends.CreateOptions{})
	check(t, err)
	return n, secret
}

// fill creates users and sessions of theirs, and returns the IDs of the sessions.
func fill(t testing.TB, s *redis.Store, users, sessionsEach int) []string {
	t.Helper()
	ids := make([]string, users*sessionsEach)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range 64 {
		workers.Go(func() {
			for n := int(next.Add(1)); n <= users; n = int(next.Add(1)) {
				user := fmt.Sprintf("user-%d", n)
				join(t, s, user)
				for i := range sessionsEach {
					opened, _ := login(t, s, user)
					ids[(n-1)*sessionsEach+i] = opened.ID
				}
			}
		})
	}
	workers.Wait()
	return ids
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		check(t, err)
		return v
	}
}

// A counter counts the round trips of a client.
type counter struct {
	rueidis.Client
	trips atomic.Int64
}

func (c *counter) Do(ctx context.Context, command rueidis.Completed) rueidis.RedisResult {
	c.trips.Add(1)
	return c.Client.Do(ctx, command)
}

func (c *counter) DoMulti(ctx context.Context, commands ...rueidis.Completed) []rueidis.RedisResult {
	c.trips.Add(1)
	return c.Client.DoMulti(ctx, commands...)
}

func (c *counter) Dedicate() (rueidis.DedicatedClient, func()) {
	d, release := c.Client.Dedicate()
	return &dedicated{d, c}, release
}

type dedicated struct {
	rueidis.DedicatedClient
	counter *counter
}

func (d *dedicated) DoMulti(ctx context.Context, commands ...rueidis.Completed) []rueidis.RedisResult {
	d.counter.trips.Add(1)
	return d.DedicatedClient.DoMulti(ctx, commands...)
}
