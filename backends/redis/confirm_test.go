package redis_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

func TestAnEndThatTooFewReplicasHaveIsInForceAndReportedAndARepetitionConfirmsIt(t *testing.T) {
	cluster := redistest.StartCluster(t)
	client := dial(t, cluster.Addrs()...)
	c := redis.Config{Client: client, Prefix: "inga:", Confirm: 1, Timeout: 2 * time.Second}
	s := open(t, c)
	ctx := t.Context()
	link, until := backends.HashName("link", "7"), t0.Add(time.Hour)
	later := t0.Add(time.Minute)

	join(t, s, "ann")
	revoked, _ := login(t, s, "ann")
	former, _ := login(t, s, "ann")
	rotating, secret := login(t, s, "ann")
	again, _ := login(t, s, "ann")
	stolen := session("ann")
	stolen.Refresh.Generation = 3
	_, err := s.Create(ctx, t0, stolen, secret.Hash(), backends.CreateOptions{})
	check(t, err)
	join(t, s, "bob")
	join(t, s, "eve")
	eve, err := s.FindUser(ctx, "eve")
	check(t, err)
	ends := []struct {
		name   string
		do     func(s *redis.Store) error
		repeat func(s *redis.Store) error // nil: the same
		then   error                      // of the repetition that is confirmed
	}{
		{name: "Revoke", do: func(s *redis.Store) error { _, err := s.Revoke(ctx, t0, revoked.ID, backends.ReasonLogout); return err }},
		{name: "Rotate", do: func(s *redis.Store) error {
			_, _, _, err := s.Rotate(ctx, later, rotating.ID, secret.Hash(), 1, backends.Grace{Overlap: time.Second})
			return err
		}},
		{name: "Rotate of a thief", then: backends.ErrRevoked, do: func(s *redis.Store) error {
			_, _, _, err := s.Rotate(ctx, later, stolen.ID, secret.Hash(), 1, backends.Grace{})
			return err
		}},
		{name: "Create that replaces", do: func(s *redis.Store) error {
			_, err := s.Create(ctx, t0, session("ann"), secret.Hash(), backends.CreateOptions{Replaces: former.ID})
			return err
		}},
		{name: "Create with a limit", do: func(s *redis.Store) error {
			_, err := s.Create(ctx, t0, session("ann"), secret.Hash(), backends.CreateOptions{Limit: backends.Limit{Total: 9}.ForAll})
			return err
		}},
		{name: "Reauthenticate", do: func(s *redis.Store) error {
			again.Begin(again.AuthenticatedAt.Add(time.Second), time.Hour)
			return s.Reauthenticate(ctx, t0, again, secret.Hash(), backends.ReauthenticateOptions{Former: again.AuthenticatedAt.Add(-time.Second)})
		}},
		{name: "SetPassword", do: func(s *redis.Store) error { _, err := s.Users().SetPassword(ctx, t0, "ann", 0, "new", ""); return err }},
		{name: "SetPassword of a version", then: backends.ErrConflict, do: func(s *redis.Store) error {
			_, err := s.Users().SetPassword(ctx, t0, "eve", eve.Version, "new", "")
			return err
		}},
		{name: "SetRoles", do: func(s *redis.Store) error { return s.Users().SetRoles(ctx, "ann", nil) }},
		{name: "SetDisabled", do: func(s *redis.Store) error { return s.Users().SetDisabled(ctx, t0, "ann", true) }},
		{name: "RevokeUser", do: func(s *redis.Store) error {
			_, err := s.RevokeUser(ctx, t0, "ann", "", backends.ReasonRevoked)
			return err
		}},
		{name: "DeleteUser", then: backends.ErrNotFound, do: func(s *redis.Store) error { return s.Users().DeleteUser(ctx, t0, "bob") }},
		{name: "Claim", do: func(s *redis.Store) error { _, err := s.Claim(ctx, t0, link, until); return err },
			repeat: func(s *redis.Store) error {
				until = until.Add(time.Hour)
				_, err := s.Claim(ctx, until.Add(-time.Hour), link, until)
				return err
			}},
	}

	for _, end := range ends {
		// The claim may be in another shard.
		var resume []func()
		for _, master := range cluster.Masters(t) {
			for _, replica := range cluster.Replicas(t, master) {
				resume = append(resume, replica.Pause(t))
			}
		}
		if end.repeat == nil {
			end.repeat = end.do
		}
		for _, do := range []func(*redis.Store) error{end.do, end.repeat} { // what is found done is not confirmed either
			if err := do(open(t, redis.Config{Client: dial(t, cluster.Addrs()...), Prefix: "inga:", Confirm: 1, Timeout: 2 * time.Second})); !errors.Is(err, backends.ErrUnconfirmed) || !errors.Is(err, backends.ErrUnavailable) {
				t.Errorf("%s without replicas: %v, want ErrUnconfirmed", end.name, err)
			}
		}
		for _, r := range resume {
			r()
		}
		if err := end.repeat(s); !errors.Is(err, end.then) {
			t.Errorf("%s again: %v, want %v", end.name, err, end.then)
		}
	}
	alone := open(t, redis.Config{Client: client, Prefix: "inga:"})
	for _, o := range []backends.Session{revoked, former, rotating, again} {
		if _, _, err := alone.Find(context.Background(), t0, o.ID, backends.SecretHash{}); !errors.Is(err, backends.ErrRevoked) {
			t.Errorf("Find: %v, want ErrRevoked", err)
		}
	}
}

// A client of one server waits for a connection whatever becomes of the context.
func TestACallThatIsToBeConfirmedEndsWithItsContextAndGivesALateConnectionBack(t *testing.T) {
	slow := &slowToConnect{Client: dial(t, redistest.Shared(t).Addr()), connect: make(chan struct{}), given: make(chan struct{})}
	s := open(t, redis.Config{Client: slow, Confirm: 1, Timeout: time.Minute})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := s.Revoke(ctx, t0, backends.NewID("ann"), backends.ReasonLogout)
		ended <- err
	}()
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) || errors.Is(err, backends.ErrUnconfirmed) {
			t.Errorf("Revoke: %v, want context.Canceled", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("Revoke waits for a connection")
	}
	close(slow.connect)
	<-slow.given
}

// slowToConnect has no connection until it may go on, and says when one is given back.
type slowToConnect struct {
	rueidis.Client
	connect, given chan struct{}
}

func (c *slowToConnect) Dedicate() (rueidis.DedicatedClient, func()) {
	<-c.connect
	conn, release := c.Client.Dedicate()
	return conn, func() { release(); close(c.given) }
}
