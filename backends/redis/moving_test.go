package redis_test

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

// The keys of a slot move one after the other. A script that ran where some of them are would take the
// user for deleted, and the list of sessions for empty.
func TestWhileASlotIsMovedSessionsAreFoundAndNothingIsChangedWithHalfOfAUsersKeys(t *testing.T) {
	cluster := redistest.StartCluster(t)
	client := dial(t, cluster.Addrs()...)
	s := open(t, redis.Config{Client: client, Prefix: "inga:"})
	impatient := open(t, redis.Config{Client: client, Prefix: "inga:", Timeout: 100 * time.Millisecond})
	join(t, s, "ann")
	ann, secret := login(t, s, "ann")
	check(t, s.SetValue(t.Context(), t0, ann.ID, "k", []byte("v")))

	m := newMove(t, cluster, "inga:s:{"+ann.ID[:2]+"}"+ann.ID[2:])
	live := func(when string) {
		t.Helper()
		if _, u, err := s.Find(t.Context(), t0, ann.ID, secret.Hash()); err != nil || u.ID != "ann" {
			t.Errorf("%s: Find: user %q, error %v; want ann", when, u.ID, err)
		}
		if v, err := s.Value(t.Context(), t0, ann.ID, "k"); err != nil || string(v) != "v" {
			t.Errorf("%s: Value: %q, error %v; want v", when, v, err)
		}
	}
	refused := func(when string) {
		t.Helper()
		ctx, later := t.Context(), t0.Add(2*time.Minute)
		_, _, extended := impatient.Extend(ctx, later, ann.ID)
		_, revoked := impatient.Revoke(ctx, t0, ann.ID, backends.ReasonLogout)
		_, created := impatient.Create(ctx, t0, session("ann"), secret.Hash(), backends.CreateOptions{})
		_, _, _, rotated := impatient.Rotate(ctx, later, ann.ID, secret.Hash(), 1, backends.Grace{})
		_, ended := impatient.RevokeUser(ctx, t0, "ann", "", backends.ReasonRevoked)
		for what, err := range map[string]error{"Extend": extended, "Revoke": revoked, "Create": created, "Rotate": rotated, "RevokeUser": ended} {
			if !errors.Is(err, backends.ErrUnavailable) {
				t.Errorf("%s: %s: %v, want ErrUnavailable", when, what, err)
			}
		}
	}
	m.begin(t)
	keys := m.keys(t)
	for len(keys) > 0 {
		when := "before " + keys[0] + " is moved"
		live(when)
		refused(when)
		m.move(t, keys[0])
		keys = keys[1:]
	}
	live("with all keys moved")
	refused("with all keys moved")
	m.end(t)
	live("after it")
	if _, ok, err := s.Extend(t.Context(), t0.Add(2*time.Minute), ann.ID); err != nil || !ok {
		t.Errorf("Extend after it: %v, error %v; want true", ok, err)
	}
	if n, err := s.RevokeUser(t.Context(), t0.Add(2*time.Minute), "ann", "", backends.ReasonRevoked); n != 1 || err != nil {
		t.Errorf("RevokeUser after it: %d, error %v; want 1", n, err)
	}
}

// A move is one of a slot from a master to another, step by step.
type move struct {
	cluster  *redistest.Cluster
	from, to *redistest.Server
	slot     string
}

func newMove(t *testing.T, c *redistest.Cluster, key string) move {
	t.Helper()
	m := move{cluster: c, from: c.Master(t, key)}
	m.slot = m.from.Do(t, "CLUSTER", "KEYSLOT", key)
	for _, other := range c.Masters(t) {
		if other != m.from {
			m.to = other
		}
	}
	return m
}

func (m move) begin(t *testing.T) {
	t.Helper()
	v := m.cluster.View(t)
	m.to.Do(t, "CLUSTER", "SETSLOT", m.slot, "IMPORTING", v.ID(m.from))
	m.from.Do(t, "CLUSTER", "SETSLOT", m.slot, "MIGRATING", v.ID(m.to))
}

func (m move) keys(t *testing.T) []string {
	t.Helper()
	return strings.Fields(m.from.Do(t, "CLUSTER", "GETKEYSINSLOT", m.slot, strconv.Itoa(100)))
}

func (m move) move(t *testing.T, key string) {
	t.Helper()
	host, port, err := net.SplitHostPort(m.to.Addr())
	check(t, err)
	m.from.Do(t, "MIGRATE", host, port, key, "0", "5000")
}

func (m move) end(t *testing.T) {
	t.Helper()
	to := m.cluster.View(t).ID(m.to)
	for _, node := range []*redistest.Server{m.to, m.from} {
		node.Do(t, "CLUSTER", "SETSLOT", m.slot, "NODE", to)
	}
	m.cluster.AwaitSettled(t)
}
