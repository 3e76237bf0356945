package redis_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

var (
	aof    = []string{"--appendonly", "yes", "--appendfsync", "always"}
	second = []string{"--appendonly", "yes", "--appendfsync", "everysec"}
)

// revoke ends a session, and fails the test if that is not confirmed.
func revoke(t testing.TB, s backends.Store, id string) {
	t.Helper()
	if ended, err := s.Revoke(t.Context(), t0, id, backends.ReasonLogout); err != nil || !ended {
		t.Fatalf("Revoke: %v, %v", ended, err)
	}
}

// finds fails the test unless Find of the session returns the error want, nil if it lives.
func finds(t testing.TB, s backends.Store, id string, want error) {
	t.Helper()
	if _, _, err := s.Find(t.Context(), t0, id, backends.SecretHash{}); !errors.Is(err, want) {
		t.Errorf("Find: %v, want %v", err, want)
	}
}

// awaitServing returns when the store answers for the session, whatever it does.
func awaitServing(t testing.TB, s backends.Store, id string) {
	t.Helper()
	for late := time.Now().Add(time.Minute); ; <-time.After(10 * time.Millisecond) {
		_, _, err := s.Find(t.Context(), t0, id, backends.SecretHash{})
		if !errors.Is(err, backends.ErrUnavailable) {
			return
		}
		if time.Now().After(late) {
			t.Fatalf("it does not serve: %v", err)
		}
	}
}

// generation returns a function that presents the first generation of the session, and returns the one
// that it is answered with.
func generation(t testing.TB, s *redis.Store, id string, secret backends.Secret) func() int64 {
	return func() int64 {
		t.Helper()
		row, _, _, err := s.Rotate(t.Context(), t0.Add(time.Minute), id, secret.Hash(), 1, backends.Grace{Overlap: 30 * time.Second})
		check(t, err)
		return row.Refresh.Generation
	}
}

// claimed returns a function that claims a name, and reports whether it was free.
func claimed(t testing.TB, s *redis.Store) func() bool {
	return func() bool {
		t.Helper()
		free, err := s.Claim(t.Context(), t0, backends.HashName("link", "a"), t0.Add(time.Hour))
		check(t, err)
		return free
	}
}

// The process is killed. What a crash of the machine does to a file that was not synced cannot be
// shown here.
func TestAfterAKilledServerStartsAgainAnEndHoldsIfItWasAppended(t *testing.T) {
	for _, c := range []struct {
		name        string
		config      []string
		lives, over error // what finds a session that lived, and one that was over
	}{
		{"appendfsync always", aof, nil, backends.ErrRevoked},
		{"appendfsync everysec", second, nil, backends.ErrRevoked},
		// A snapshot brings back what ended after it.
		{"appendonly no", nil, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := redistest.Start(t, c.config...)
			s := open(t, redis.Config{Client: dial(t, server.Addr())})
			join(t, s, "ann")
			lives, secret := login(t, s, "ann")
			over, _ := login(t, s, "ann")
			if c.config == nil {
				server.Do(t, "SAVE")
			}
			revoke(t, s, over.ID)
			rotate, claim := generation(t, s, lives.ID, secret), claimed(t, s)
			if g := rotate(); g != 2 || !claim() {
				t.Fatalf("generation %d, want 2, and that the name is free", g)
			}
			server.Kill()
			finds(t, s, lives.ID, backends.ErrUnavailable)
			server.Restart(t)
			awaitServing(t, s, lives.ID)
			finds(t, s, lives.ID, c.lives)
			finds(t, s, over.ID, c.over)
			// The first generation is answered with the second, and not rotated again.
			if forgotten := claim(); rotate() != 2 || forgotten != (c.config == nil) {
				t.Errorf("the name is free: %v, want %v", forgotten, c.config == nil)
			}
		})
	}
}

func TestWithoutPersistenceARestartLogsEveryoneOut(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, redis.Config{Client: dial(t, server.Addr())})
	join(t, s, "ann")
	n, _ := login(t, s, "ann")
	server.Kill()
	server.Restart(t)
	awaitServing(t, s, n.ID)
	finds(t, s, n.ID, backends.ErrNotFound)
}

func TestWhenMemoryIsFullNobodyLogsInAndEverythingCanBeEnded(t *testing.T) {
	server := redistest.Start(t)
	s := open(t, redis.Config{Client: dial(t, server.Addr())})
	for _, user := range []string{"ann", "bob", "eve", "joe"} {
		join(t, s, user)
	}
	var ids [6]string
	for i, user := range []string{"ann", "ann", "bob", "eve", "joe", "joe"} {
		n, _ := login(t, s, user)
		ids[i] = n.ID
	}
	refreshed, secret := login(t, s, "ann")
	fillMemory(t, server)

	_, err := s.Create(t.Context(), t0, session("ann"), secret.Hash(), backends.CreateOptions{})
	if !errors.Is(err, backends.ErrUnavailable) || !strings.Contains(err.Error(), "OOM") {
		t.Fatalf("Create: %v, want ErrUnavailable as memory is full", err)
	}
	finds(t, s, ids[0], nil)
	users, ctx := s.Users(), t.Context()
	_, _, err = s.Extend(ctx, t0.Add(2*time.Minute), ids[0])
	check(t, err)
	_, _, verdict, err := s.Rotate(ctx, t0.Add(2*time.Minute), refreshed.ID, secret.Hash(), 1, backends.Grace{Overlap: time.Second})
	if err != nil || verdict != backends.Rotated {
		t.Errorf("Rotate: %v, %v", verdict, err)
	}
	revoke(t, s, ids[0])
	_, err = s.RevokeUser(ctx, t0, "ann", "", "x")
	check(t, err)
	_, err = users.SetPassword(ctx, t0, "bob", 0, "new", "")
	check(t, err)
	check(t, users.SetDisabled(ctx, t0, "eve", true))
	check(t, users.DeleteUser(ctx, t0, "joe"))
	for i, want := range []error{backends.ErrRevoked, backends.ErrRevoked, backends.ErrRevoked, backends.ErrNotLive, backends.ErrNotLive, backends.ErrNotLive} {
		finds(t, s, ids[i], want)
	}
	check(t, s.RevokeAll(ctx, t0, "x"))
}

// fillMemory leaves no memory for anything.
func fillMemory(t *testing.T, server *redistest.Server) {
	t.Helper()
	server.Do(t, "CONFIG", "SET", "maxmemory-policy", "noeviction")
	server.Do(t, "CONFIG", "SET", "maxmemory", strconv.Itoa(1<<20)) // less than an empty server has
}

func TestAfterFLUSHALLEveryoneIsLoggedOutAndNamesCanBeClaimedAgain(t *testing.T) {
	server := redistest.Start(t)
	client := dial(t, server.Addr())
	s := cached(t, cache.Config{Store: open(t, redis.Config{Client: client}), MaxLag: time.Minute, MaxAge: time.Hour})
	follow(t, s)
	check(t, s.Users().CreateUser(t.Context(), backends.User{ID: "ann"}, ""))
	n := session("ann")
	_, err := s.Create(t.Context(), t0, n, backends.NewSecret().Hash(), backends.CreateOptions{})
	check(t, err)
	claim := func() bool {
		first, err := s.Claim(t.Context(), t0, backends.HashName("link", "a"), t0.Add(time.Hour))
		check(t, err)
		return first
	}
	claim()
	if claim() {
		t.Error("a name is claimed twice")
	}
	awaitFollowing(t, s)
	finds(t, s, n.ID, nil)
	server.Do(t, "FLUSHALL")
	for late := time.Now().Add(30 * time.Second); ; {
		_, _, err := s.Find(t.Context(), t0, n.ID, backends.SecretHash{})
		if errors.Is(err, backends.ErrNotFound) {
			break
		}
		if time.Now().After(late) {
			t.Fatalf("Find through the cache: %v, want ErrNotFound before MaxLag", err)
		}
	}
	if !claim() {
		t.Error("the name is claimed still")
	}
}

func awaitFollowing(t *testing.T, s *cache.Store) {
	t.Helper()
	for late := time.Now().Add(time.Minute); !s.Following(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(late) {
			t.Fatal("the cache does not follow")
		}
	}
}

func TestAfterSCRIPTFLUSHAllOperationsGoOn(t *testing.T) {
	onBoth(t, func(t *testing.T, client rueidis.Client) {
		s := open(t, redis.Config{Client: client})
		flush := func() {
			for _, node := range client.Nodes() {
				_ = node.Do(t.Context(), node.B().ScriptFlush().Build()).Error()
			}
		}
		o := newOperations(t, s)
		o.each(func(name string, _ int, do func(context.Context) error) {
			flush()
			if err := do(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	})
}
