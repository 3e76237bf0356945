package redis_test

import (
	"errors"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

// A shard is a cluster with a user in it, the master that has them, and its replica.
type shard struct {
	*redistest.Cluster
	store           *redis.Store
	user            string
	master, replica *redistest.Server
}

func newShard(t *testing.T, confirm int) *shard {
	t.Helper()
	c := redistest.StartCluster(t, aof...)
	s := open(t, redis.Config{Client: dial(t, c.Addrs()...), Prefix: "inga:", Confirm: confirm, Timeout: 2 * time.Second})
	const user = "ann"
	join(t, s, user)
	master := c.Master(t, "{"+backends.Place(user)[:2]+"}")
	return &shard{c, s, user, master, c.Replicas(t, master)[0]}
}

// loseMaster kills the master, and returns when its replica has taken over.
func (s *shard) loseMaster(t *testing.T) {
	t.Helper()
	s.master.Kill()
	s.AwaitFailover(t, s.master)
}

func TestAnEndThatIsConfirmedHoldsAfterAFailover(t *testing.T) {
	s := newShard(t, 1)
	lives, _ := login(t, s.store, s.user)
	over, _ := login(t, s.store, s.user)
	token, secret := login(t, s.store, s.user)
	grace := backends.Grace{Overlap: time.Hour}
	later := t0.Add(10 * time.Minute)

	_, _, verdict, err := s.store.Rotate(t.Context(), later, token.ID, secret.Hash(), 1, backends.Grace{Overlap: time.Second})
	if err != nil || verdict != backends.Rotated {
		t.Fatalf("Rotate: %v, %v", verdict, err)
	}
	first, err := s.store.Claim(t.Context(), t0, backends.HashName("link", "a"), t0.Add(time.Hour))
	if err != nil || !first {
		t.Fatalf("Claim: %v, %v", first, err)
	}
	revoke(t, s.store, over.ID)
	s.loseMaster(t)
	awaitServing(t, s.store, over.ID)
	finds(t, s.store, over.ID, backends.ErrRevoked)
	finds(t, s.store, lives.ID, nil)
	if again, err := s.store.Claim(t.Context(), t0, backends.HashName("link", "a"), t0.Add(time.Hour)); again {
		t.Errorf("a name is claimed twice (%v)", err)
	}

	row, _, verdict, err := s.store.Rotate(t.Context(), later, token.ID, secret.Hash(), 1, grace)
	// The successor that was handed out is answered again. No replica confirms it: there is none left.
	if !errors.Is(err, backends.ErrUnconfirmed) {
		t.Errorf("Rotate: %v, %v, %v; want ErrUnconfirmed without a replica", row.Refresh, verdict, err)
	}
	s.master.Restart(t)
	s.AwaitSettled(t)
	row, _, verdict, err = s.store.Rotate(t.Context(), later, token.ID, secret.Hash(), 1, grace)
	if err != nil || verdict != backends.Replayed || row.Refresh.Generation != 2 {
		t.Errorf("Rotate: generation %d, %v, %v; want 2, replayed", row.Refresh.Generation, verdict, err)
	}
}

// replaceMaster kills the master and has the replica take over, which is down, with what it had.
func (s *shard) replaceMaster(t *testing.T) {
	t.Helper()
	s.master.Kill()
	s.replica.Restart(t)
	s.AwaitFailover(t, s.master)
}

// The danger: the replica does not have the end when it takes over. The caller knew.
func TestAnEndThatNoReplicaHasIsAnErrorAndAFailoverMayUndoIt(t *testing.T) {
	s := newShard(t, 1)
	over, _ := login(t, s.store, s.user)
	token, secret := login(t, s.store, s.user)
	s.confirmed(t)
	s.replica.Kill()

	ended, err := s.store.Revoke(t.Context(), t0, over.ID, backends.ReasonLogout)
	if !ended || !errors.Is(err, backends.ErrUnconfirmed) || !errors.Is(err, backends.ErrUnavailable) {
		t.Errorf("Revoke: %v, %v; want true, ErrUnconfirmed", ended, err)
	}
	finds(t, s.store, over.ID, backends.ErrRevoked) // it holds as long as the master lives
	_, _, _, err = s.store.Rotate(t.Context(), t0.Add(10*time.Minute), token.ID, secret.Hash(), 1, backends.Grace{Overlap: time.Second})
	if !errors.Is(err, backends.ErrUnconfirmed) {
		t.Errorf("Rotate: %v, want ErrUnconfirmed: a successor that may be forgotten must not be handed out", err)
	}
	s.replaceMaster(t)
	awaitServing(t, s.store, over.ID)
	finds(t, s.store, over.ID, nil)
}

// Without a confirmation nobody is told.
func TestWithoutConfirmationAFailoverMayUndoAnEnd(t *testing.T) {
	s := newShard(t, 0)
	over, _ := login(t, s.store, s.user)
	token, secret := login(t, s.store, s.user)
	s.confirmed(t)
	s.replica.Kill()
	revoke(t, s.store, over.ID) // no error
	rotated := generation(t, s.store, token.ID, secret)()
	s.replaceMaster(t)
	awaitServing(t, s.store, over.ID)
	finds(t, s.store, over.ID, nil)
	row, _, err := s.store.Find(t.Context(), t0, token.ID, backends.SecretHash{})
	if err != nil || rotated != 2 || row.Refresh.Generation != 1 {
		t.Errorf("generation %d was handed out, and is %d now (%v); want 2, 1", rotated, row.Refresh.Generation, err)
	}
}

// confirmed returns when the replica has all writes so far.
func (s *shard) confirmed(t *testing.T) {
	t.Helper()
	confirming := open(t, redis.Config{Client: dial(t, s.Addrs()...), Prefix: "inga:", Confirm: 1})
	n, _ := login(t, confirming, s.user)
	revoke(t, confirming, n.ID)
}

func TestWhileAMasterIsPausedItsUsersGetAnErrorInTimeAndOthersAreServed(t *testing.T) {
	s := newShard(t, 0)
	n, _ := login(t, s.store, s.user)
	other := s.elsewhere(t)
	resume := s.master.Pause(t)
	began := time.Now()
	finds(t, s.store, n.ID, backends.ErrUnavailable)
	if took := time.Since(began); took > 10*time.Second { // Config.Timeout is 2
		t.Errorf("it took %v", took)
	}
	finds(t, s.store, other, nil)
	resume()
	awaitServing(t, s.store, n.ID)
	finds(t, s.store, n.ID, nil)
}

// elsewhere returns a session on another master.
func (s *shard) elsewhere(t *testing.T) string {
	t.Helper()
	for _, user := range []string{"bob", "eve", "joe", "kim", "lee", "max", "pat", "sam"} {
		if s.Master(t, "{"+backends.Place(user)[:2]+"}") == s.master {
			continue
		}
		join(t, s.store, user)
		n, _ := login(t, s.store, user)
		return n.ID
	}
	t.Fatal("all users are on one master")
	return ""
}

// The danger: a master that was suspended, a virtual machine for example, and has been replaced
// meanwhile, answers from what it knew, until it has noticed.
func TestAMasterThatWasReplacedWhileItWasPausedNoticesBeforeLong(t *testing.T) {
	s := newShard(t, 1)
	over, _ := login(t, s.store, s.user)
	idle := open(t, redis.Config{Client: dial(t, s.Addrs()...), Prefix: "inga:"}) // a process that has not noticed the failover
	finds(t, idle, over.ID, nil)
	s.confirmed(t)
	resume := s.master.Pause(t)
	s.AwaitFailover(t, s.master)
	aware := open(t, redis.Config{Client: dial(t, s.replica.Addr()), Prefix: "inga:"})
	if ended, err := aware.Revoke(t.Context(), t0, over.ID, backends.ReasonLogout); !ended || err != nil {
		t.Fatalf("Revoke: %v, %v", ended, err)
	}
	began := time.Now()
	resume()
	wrong := 0
	for {
		_, _, err := idle.Find(t.Context(), t0, over.ID, backends.SecretHash{})
		if err == nil {
			wrong++
		}
		if errors.Is(err, backends.ErrRevoked) {
			break
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("Find: %v, want ErrRevoked", err)
		}
	}
	t.Logf("%d wrong answers in %v", wrong, time.Since(began).Round(time.Millisecond))
}
