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
	ctx, users := t.Context(), s.Users()
	link, until := backends.HashName("link", "7"), t0.Add(time.Hour)
	later := t0.Add(time.Minute)

	join(t, s, "ann")
	revoked, _ := login(t, s, "ann")
	former, _ := login(t, s, "ann")
	rotating, secret := login(t, s, "ann")
	again, _ := login(t, s, "ann")
	ends := []struct {
		name   string
		do     func() error
		repeat func() error // nil: the same
	}{
		{"Revoke", func() error { _, err := s.Revoke(ctx, t0, revoked.ID, backends.ReasonLogout); return err }, nil},
		{"Rotate", func() error {
			_, _, _, err := s.Rotate(ctx, later, rotating.ID, secret.Hash(), 1, backends.Grace{Overlap: time.Second})
			return err
		}, nil},
		{"Create that replaces", func() error {
			_, err := s.Create(ctx, t0, session("ann"), secret.Hash(), backends.CreateOptions{Replaces: former.ID})
			return err
		}, nil},
		{"Create with a limit", func() error {
			_, err := s.Create(ctx, t0, session("ann"), secret.Hash(), backends.CreateOptions{Limit: backends.Limit{Total: 9}.ForAll})
			return err
		}, nil},
		{"Reauthenticate", func() error {
			again.Begin(again.AuthenticatedAt.Add(time.Second), time.Hour)
			return s.Reauthenticate(ctx, t0, again, secret.Hash(), backends.ReauthenticateOptions{Former: again.AuthenticatedAt.Add(-time.Second)})
		}, nil},
		{"SetPassword", func() error { _, err := users.SetPassword(ctx, t0, "ann", 0, "new", ""); return err }, nil},
		{"SetRoles", func() error { return users.SetRoles(ctx, "ann", nil) }, nil},
		{"SetDisabled", func() error { return users.SetDisabled(ctx, t0, "ann", true) }, nil},
		{"RevokeUser", func() error { _, err := s.RevokeUser(ctx, t0, "ann", "", backends.ReasonRevoked); return err }, nil},
		{"Claim", func() error { _, err := s.Claim(ctx, t0, link, until); return err },
			func() error {
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
		for _, do := range []func() error{end.do, end.repeat} { // what is found done is not confirmed either
			if err := do(); !errors.Is(err, backends.ErrUnconfirmed) || !errors.Is(err, backends.ErrUnavailable) {
				t.Errorf("%s without replicas: %v, want ErrUnconfirmed", end.name, err)
			}
		}
		for _, r := range resume {
			r()
		}
		if err := end.repeat(); err != nil {
			t.Errorf("%s again: %v", end.name, err)
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
