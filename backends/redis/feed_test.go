package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

// A diary is a listener that writes down what it hears.
type diary struct {
	mu        sync.Mutex
	listening time.Time
	heard     []string
	upToDate  time.Time
	beats     int
}

func (d *diary) Listening() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.listening = time.Now()
}

func (d *diary) Changed(c backends.Change) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard = append(d.heard, c.UserID)
}

func (d *diary) UpToDate(at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.upToDate, d.beats = at, d.beats+1
}

func (d *diary) Interrupted(error) {}

func (d *diary) read() (heard []string, upToDate time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.heard), d.upToDate
}

// A watching is a Watch that runs.
type watching struct {
	*diary
	ended  chan struct{}
	err    error
	cancel context.CancelFunc
}

// watch watches the store, and returns when it is up to date.
func watch(t *testing.T, s *redis.Store) *watching {
	t.Helper()
	w := startWatch(t, s)
	w.await(t, time.Time{})
	return w
}

// startWatch watches the store until the test ends.
func startWatch(t *testing.T, s *redis.Store) *watching {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &watching{diary: &diary{}, ended: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(w.ended)
		w.err = s.Watch(ctx, 20*time.Millisecond, w.diary)
	}()
	t.Cleanup(func() {
		cancel()
		<-w.ended
	})
	return w
}

// await returns when the listener is up to date as of a later time.
func (w *watching) await(t *testing.T, since time.Time) (heard []string) {
	t.Helper()
	for late := time.After(time.Minute); ; {
		heard, at := w.read()
		if at.After(since) {
			return heard
		}
		select {
		case <-w.ended:
			t.Fatalf("the watch has ended: %v", w.err)
		case <-late:
			t.Fatal("the listener does not come up to date")
		case <-time.After(time.Millisecond):
		}
	}
}

// over returns when the watch has ended.
func (w *watching) over(t *testing.T) {
	t.Helper()
	select {
	case <-w.ended:
	case <-time.After(time.Minute):
		t.Fatal("the watch does not end")
	}
	if w.err == nil || errors.Is(w.err, context.Canceled) {
		t.Errorf("the watch has ended with %v", w.err)
	}
}

// announce does what each script does that changes something of a user.
func announce(ctx context.Context, c rueidis.Client, prefix, userID string) error {
	key := prefix + "c:{" + backends.Place(userID)[:2] + "}" + userID
	const script = "redis.call('SET', KEYS[1], '') return redis.call('DEL', KEYS[1])"
	return c.Do(ctx, c.B().Eval().Script(script).Numkeys(2).Key(key, prefix+"m:{"+backends.Place(userID)[:2]+"}").Build()).Error()
}

// announced announces a change, over a connection that has to be made anew.
func announced(t *testing.T, c rueidis.Client, prefix, userID string) {
	t.Helper()
	for late := time.Now().Add(time.Minute); ; {
		err := announce(t.Context(), c, prefix, userID)
		if err == nil {
			return
		}
		if time.Now().After(late) {
			t.Fatal(err)
		}
	}
}

func TestAListenerHearsOfChangesOnAllMastersBeforeItIsUpToDate(t *testing.T) {
	onBoth(t, func(t *testing.T, client rueidis.Client) {
		prefix := redistest.Prefix(t) + ":"
		s := open(t, redis.Config{Client: client, Prefix: prefix})
		w := watch(t, s)
		for i := range 200 {
			id := fmt.Sprintf("user {%d}", i)
			check(t, announce(t.Context(), client, prefix, id))
			if heard := w.await(t, time.Now()); !slices.Contains(heard, id) {
				t.Fatalf("up to date without %q", id)
			}
		}
		if heard, _ := w.read(); slices.Contains(heard, "") {
			t.Errorf("anything may have changed, says %q", heard)
		}
	})
}

// Its connections track what they read, in a mode that cannot be changed while they do.
func TestAWatchListensOverAClientThatHasACacheOfItsOwn(t *testing.T) {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{redistest.Shared(t).Addr()}})
	check(t, err)
	t.Cleanup(client.Close)
	prefix := redistest.Prefix(t) + ":"
	w := watch(t, open(t, redis.Config{Client: client, Prefix: prefix}))
	check(t, announce(t.Context(), client, prefix, "ann"))
	if heard := w.await(t, time.Now()); !slices.Equal(heard, []string{"ann"}) {
		t.Errorf("heard %q, want ann", heard)
	}
}

func TestAWatchOverAClientWithoutRESP3SaysSo(t *testing.T) {
	client, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{redistest.Shared(t).Addr()}, AlwaysRESP2: true, DisableCache: true})
	check(t, err)
	t.Cleanup(client.Close)
	w := startWatch(t, open(t, redis.Config{Client: client}))
	w.over(t)
	if !strings.Contains(w.err.Error(), "RESP3") {
		t.Errorf("error %v, want that RESP3 is needed", w.err)
	}
}

func TestChangesOfOtherPrefixesAreNotHeard(t *testing.T) {
	onBoth(t, func(t *testing.T, client rueidis.Client) {
		prefix := redistest.Prefix(t) + ":"
		w := watch(t, open(t, redis.Config{Client: client, Prefix: prefix}))
		check(t, announce(t.Context(), client, redistest.Prefix(t), "ann"))
		if heard := w.await(t, time.Now()); len(heard) != 0 {
			t.Errorf("heard %q", heard)
		}
	})
}

func TestAfterFLUSHALLAnythingMayHaveChanged(t *testing.T) {
	server := redistest.Start(t)
	w := watch(t, open(t, redis.Config{Client: dial(t, server.Addr()), Prefix: "inga:"}))
	server.Do(t, "FLUSHALL")
	if heard := w.await(t, time.Now()); !slices.Equal(heard, []string{""}) {
		t.Errorf("heard %q, want that anything may have changed", heard)
	}
}

func TestAWatchEndsWithItsServerAndHearsTheNextOne(t *testing.T) {
	server := redistest.Start(t)
	client := dial(t, server.Addr())
	s := open(t, redis.Config{Client: client, Prefix: "inga:"})
	w := watch(t, s)
	server.Kill()
	w.over(t)
	startWatch(t, s).over(t)
	server.Restart(t)
	again := watch(t, s)
	announced(t, client, "inga:", "bob")
	if heard := again.await(t, time.Now()); !slices.Equal(heard, []string{"bob"}) {
		t.Errorf("heard %q, want bob", heard)
	}
}

func TestWhileAMasterIsPausedNoListenerIsUpToDate(t *testing.T) {
	c := redistest.StartCluster(t)
	client := dial(t, c.Addrs()...)
	s := open(t, redis.Config{Client: client, Prefix: "inga:"})
	w := watch(t, s)
	resume := c.Masters(t)[1].Pause(t)
	paused := time.Now()
	select {
	case <-w.ended:
	case <-time.After(time.Second): // many times the interval
	}
	if _, at := w.read(); at.After(paused) {
		t.Errorf("up to date %v after the pause began", at.Sub(paused))
	}
	resume()
	c.AwaitSettled(t)
	again := watch(t, s)
	announced(t, client, "inga:", "bob")
	if heard := again.await(t, time.Now()); !slices.Contains(heard, "bob") {
		t.Errorf("heard %q, want bob", heard)
	}
}

func onBoth(t *testing.T, test func(t *testing.T, c rueidis.Client)) {
	t.Run("server", func(t *testing.T) { test(t, dial(t, redistest.Shared(t).Addr())) })
	t.Run("cluster", func(t *testing.T) { test(t, dial(t, redistest.SharedCluster(t).Addrs()...)) })
}
