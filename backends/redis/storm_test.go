package redis_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

const (
	stormLag     = time.Second
	stormTimeout = 3 * time.Second
	stormLimit   = 3
)

// A storm is processes that log users in and out, and use their sessions, while things happen to the
// cluster.
type storm struct {
	cluster *redistest.Cluster
	stores  []*cache.Store // one for each process
	settled []string       // sessions that nobody ends and all replicas have

	mu       sync.Mutex
	users    []*stormUser
	problems []string
	counts   map[string]int
	slowest  time.Duration
}

// A stormUser is one that logs in and out again and again. One worker acts for it at a time.
type stormUser struct {
	sync.Mutex
	id   string
	live []string             // sessions that should be live
	over map[string]time.Time // when the end of a session was confirmed
}

func newStorm(t *testing.T, processes, users int) *storm {
	t.Helper()
	s := &storm{cluster: redistest.StartCluster(t, aof...), counts: map[string]int{}}
	for range processes {
		store := open(t, redis.Config{Client: dial(t, s.cluster.Addrs()...), Prefix: "inga:", Confirm: 1, Timeout: stormTimeout})
		c := cached(t, cache.Config{Store: store, MaxLag: stormLag, MaxAge: time.Hour})
		follow(t, c)
		s.stores = append(s.stores, c)
	}
	for i := range users {
		u := &stormUser{id: fmt.Sprint("user", i), over: map[string]time.Time{}}
		s.users = append(s.users, u)
		check(t, s.stores[0].Users().CreateUser(t.Context(), backends.User{ID: u.id}, ""))
		rest := "rest" + u.id
		check(t, s.stores[0].Users().CreateUser(t.Context(), backends.User{ID: rest}, ""))
		n := stormSession(rest)
		_, err := s.stores[0].Create(t.Context(), time.Now(), n, backends.SecretHash{}, backends.CreateOptions{})
		check(t, err)
		// The end of another session is confirmed, and with it all before it on the same master.
		check(t, s.stores[0].Users().SetRoles(t.Context(), rest, []string{"user"}))
		s.settled = append(s.settled, n.ID)
	}
	return s
}

func stormSession(userID string) backends.Session {
	n := session(userID)
	now := time.Now()
	n.CreatedAt, n.Refresh.RotatedAt = now, now
	n.Begin(now, 12*time.Hour)
	return n
}

// run has workers act until ctx ends.
func (s *storm) run(ctx context.Context, workers int) {
	var all sync.WaitGroup
	for i := range workers {
		random := rand.New(rand.NewPCG(uint64(i), 1))
		all.Go(func() {
			for ctx.Err() == nil {
				s.step(ctx, random, s.stores[random.IntN(len(s.stores))])
			}
		})
	}
	all.Wait()
}

func (s *storm) step(ctx context.Context, random *rand.Rand, store *cache.Store) {
	if random.IntN(4) == 0 {
		s.rests(ctx, store, s.settled[random.IntN(len(s.settled))])
		return
	}
	u := s.users[random.IntN(len(s.users))]
	u.Lock()
	defer u.Unlock()
	switch n := random.IntN(10); {
	case n == 0 || len(u.live) == 0:
		s.login(ctx, store, u)
	case n == 1:
		s.logout(ctx, store, u, random.IntN(len(u.live)))
	default:
		s.use(ctx, store, u)
	}
}

func (s *storm) login(ctx context.Context, store *cache.Store, u *stormUser) {
	n := stormSession(u.id)
	var ended []string
	err := s.timed(ctx, "login", func() (err error) {
		ended, err = store.Create(ctx, time.Now(), n, backends.SecretHash{}, backends.CreateOptions{Limit: backends.Limit{Total: stormLimit}.ForAll})
		return err
	})
	if err == nil {
		u.live = append(u.live, n.ID)
		for _, id := range ended {
			u.over[id] = time.Now()
			u.live = without(u.live, id)
		}
		return
	}
	u.live = nil // which have been ended is not known
}

func without(all []string, id string) (rest []string) {
	for _, other := range all {
		if other != id {
			rest = append(rest, other)
		}
	}
	return rest
}

func (s *storm) logout(ctx context.Context, store *cache.Store, u *stormUser, i int) {
	id := u.live[i]
	u.live = without(u.live, id)
	err := s.timed(ctx, "logout", func() error {
		_, err := store.Revoke(ctx, time.Now(), id, backends.ReasonLogout)
		return err
	})
	if err == nil {
		u.over[id] = time.Now()
	}
}

// use looks up all sessions of the user.
func (s *storm) use(ctx context.Context, store *cache.Store, u *stormUser) {
	for id, over := range u.over {
		began := time.Now()
		if err := s.find(ctx, store, id); err == nil && began.Sub(over) > stormLag {
			s.problem("a session is let pass %v after its end was confirmed", began.Sub(over))
		}
		if time.Since(over) > 30*time.Second {
			delete(u.over, id)
		}
	}
	for _, id := range u.live {
		_ = s.find(ctx, store, id)
	}
}

// rests looks up a session that nothing ends.
func (s *storm) rests(ctx context.Context, store *cache.Store, id string) {
	if err := s.find(ctx, store, id); err != nil && !errors.Is(err, backends.ErrUnavailable) && ctx.Err() == nil {
		s.problem("a user is logged out: %v", err)
	}
}

func (s *storm) find(ctx context.Context, store *cache.Store, id string) error {
	return s.timed(ctx, "look-up", func() error {
		_, _, err := store.Find(ctx, time.Now(), id, backends.SecretHash{})
		return err
	})
}

// timed calls f, and counts how it ends.
func (s *storm) timed(ctx context.Context, what string, f func() error) error {
	began := time.Now()
	err := f()
	took := time.Since(began)
	if ctx.Err() != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slowest = max(s.slowest, took)
	switch {
	case err == nil, errors.Is(err, backends.ErrNotLive), errors.Is(err, backends.ErrNotFound):
		s.counts[what]++
	case errors.Is(err, backends.ErrUnconfirmed):
		s.counts[what+" unconfirmed"]++
	case errors.Is(err, backends.ErrUnavailable):
		s.counts[what+" unavailable"]++
	default:
		s.problems = append(s.problems, fmt.Sprintf("%s: %v", what, err))
	}
	return err
}

func (s *storm) problem(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems = append(s.problems, fmt.Sprintf(format, args...))
}

func (s *storm) report(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Logf("%v, the slowest %v", s.counts, s.slowest.Round(time.Millisecond))
	for i, p := range s.problems {
		if i == 10 {
			t.Fatalf("and %d more", len(s.problems)-i)
		}
		t.Error(p)
	}
	if s.slowest > 10*stormTimeout {
		t.Errorf("an answer took %v, want little more than Config.Timeout", s.slowest)
	}
	for _, what := range []string{"login", "logout", "look-up"} {
		if s.counts[what] < 20 {
			t.Errorf("%d times a %s: the test shows nothing", s.counts[what], what)
		}
	}
}

// No session whose end was confirmed is let pass after MaxLag, nobody is logged out whose login a
// replica had, and whatever does not succeed is ErrUnavailable.
func TestWhateverHappensToTheClusterEndsHoldAndNobodyIsLoggedOut(t *testing.T) {
	s := newStorm(t, 3, 30)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.run(ctx, 8) })
	rounds := 1
	if *long {
		rounds = 10
	}
	for range rounds {
		for _, trouble := range troubles() {
			trouble.make(t, s.cluster)
			s.cluster.AwaitSettled(t)
			s.awaitMore(t)
			t.Log(trouble.name)
		}
	}
	cancel()
	running.Wait()
	s.report(t)
}

// awaitMore returns when logouts have been confirmed again.
func (s *storm) awaitMore(t *testing.T) {
	t.Helper()
	logouts := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.counts["logout"]
	}
	before := logouts()
	for late := time.Now().Add(time.Minute); logouts() < before+20; <-time.After(10 * time.Millisecond) {
		if time.Now().After(late) {
			s.report(t)
			t.Fatal("no logout is confirmed any more")
		}
	}
}

// While a slot is moved, there and back, fifty logins at once leave as many sessions as the limit
// allows. Those that fail are ErrUnavailable, and are tried again.
func TestWhileSlotsAreMovedTheLimitHolds(t *testing.T) {
	s := newStorm(t, 2, 1)
	const user = "crowd"
	check(t, s.stores[0].Users().CreateUser(t.Context(), backends.User{ID: user}, ""))
	for range 2 {
		var logins sync.WaitGroup
		for i := range 50 {
			logins.Go(func() { insist(t, s.stores[i%2], user) })
		}
		s.moveSlot(t, "{"+backends.Place(user)[:2]+"}")
		logins.Wait()
		page, _, err := s.stores[0].List(t.Context(), time.Now(), user, backends.Page{})
		if err != nil || len(page) != stormLimit {
			t.Errorf("%d sessions, %v; want %d", len(page), err, stormLimit)
		}
	}
}

// insist logs the user in.
func insist(t *testing.T, store *cache.Store, user string) {
	for late := time.Now().Add(time.Minute); ; {
		_, err := store.Create(t.Context(), time.Now(), stormSession(user), backends.SecretHash{}, backends.CreateOptions{Limit: backends.Limit{Total: stormLimit}.ForAll})
		if err == nil {
			return
		}
		if !errors.Is(err, backends.ErrUnavailable) || time.Now().After(late) {
			t.Errorf("Create: %v", err)
			return
		}
	}
}

// moveSlot moves the slot of the key to another master.
func (s *storm) moveSlot(t *testing.T, key string) {
	t.Helper()
	m := newMove(t, s.cluster, key)
	m.begin(t)
	for keys := m.keys(t); len(keys) > 0; keys = m.keys(t) {
		for _, key := range keys {
			m.move(t, key)
		}
	}
	m.end(t)
}
