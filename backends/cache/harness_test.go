package cache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/internal/recall"
)

func newCache(t testing.TB, b backends.Store, edit ...func(*cache.Config)) *cache.Store {
	t.Helper()
	c := cache.Config{Store: b}
	for _, e := range edit {
		e(&c)
	}
	s, err := cache.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// follow runs Follow until the test ends.
func follow(t testing.TB, s *cache.Store) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { _ = s.Follow(ctx, nil) })
	t.Cleanup(func() {
		cancel()
		done.Wait()
	})
}

// awaitFollowing waits until the feed has connected.
func awaitFollowing(s *cache.Store) {
	for !s.Following() {
		time.Sleep(time.Millisecond)
	}
}

// maxAge returns a Config edit.
func maxAge(d time.Duration) func(*cache.Config) { return func(c *cache.Config) { c.MaxAge = d } }

// A backend is shared with other processes: what a test calls on its memory.Store is done by
// another one. It counts the calls of the cache, and its feed can fail.
type backend struct {
	*memory.Store
	mu     sync.Mutex
	calls  int           // of Find and Extend
	writes int           // by Extend
	slow   time.Duration // how long Find takes to deliver its answer
	down   error         // the answer to every call
	panics any           // Find panics with it

	afterExtend func() // runs before Extend delivers its answer

	cut     chan struct{} // closed to end the connection of the feed
	quiet   bool          // nothing comes over the connection any more
	stalled bool          // messages are late
	late    []func()
	mute    bool // the feed reports changes, and never that it is up to date
	deaf    bool // the feed reports that it is up to date, and no changes
}

var errDown = errors.New("connection refused")

func (b *backend) called(ctx context.Context) error {
	b.mu.Lock()
	b.calls++
	slow, down, panics := b.slow, b.down, b.panics
	b.mu.Unlock()
	if slow > 0 {
		select {
		case <-time.After(slow):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if panics != nil {
		panic(panics)
	}
	return down
}

// Find looks first and is slow then, like a database whose answer is on its way.
func (b *backend) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := b.Store.Find(ctx, now, id, h)
	if down := b.called(ctx); down != nil {
		return backends.Session{}, backends.User{}, down
	}
	return s, u, err
}

func (b *backend) Extend(ctx context.Context, now time.Time, id string) (time.Time, bool, error) {
	until, ok, err := b.Store.Extend(ctx, now, id)
	b.mu.Lock()
	b.calls++
	if ok {
		b.writes++
	}
	meanwhile := b.afterExtend
	b.mu.Unlock()
	if meanwhile != nil {
		meanwhile()
	}
	return until, ok, err
}

// Watch passes on what the store's feed reports, unless the test prevents it.
func (b *backend) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	b.mu.Lock()
	if b.down != nil {
		defer b.mu.Unlock()
		return b.down
	}
	cut := make(chan struct{})
	b.cut = cut
	b.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- b.Store.Watch(ctx, every, &wire{b, l, cut}) }()
	select {
	case <-cut:
		cancel()
		<-ended
		return errDown
	case err := <-ended:
		return err
	}
}

// A wire is the connection between the feed and its listener.
type wire struct {
	*backend
	l   backends.Listener
	end chan struct{}
}

func (w *wire) Listening() { w.l.Listening() }

func (w *wire) Changed(c backends.Change) { w.deliver(&w.deaf, func() { w.l.Changed(c) }) }

func (w *wire) Interrupted(err error) { w.l.Interrupted(err) }

func (w *wire) UpToDate(at time.Time) { w.deliver(&w.mute, func() { w.l.UpToDate(at) }) }

// deliver keeps the order, as a connection does: a late message holds up the next ones.
func (w *wire) deliver(dropped *bool, message func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.end:
		return
	default:
	}
	if w.quiet || *dropped {
		return
	}
	w.late = append(w.late, message)
	if !w.stalled {
		w.flush()
	}
}

func (b *backend) flush() {
	for _, message := range b.late {
		message()
	}
	b.late = nil
}

// set changes how the backend behaves.
func (b *backend) set(f func(b *backend)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(b)
}

// disconnect ends the connection of the feed, if there is one. Late messages are lost.
func (b *backend) disconnect() {
	if b.cut != nil {
		close(b.cut)
	}
	b.cut, b.late, b.quiet = nil, nil, false
}

// callsSince returns how many calls there were since the last time.
func (b *backend) callsSince() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.calls
	b.calls = 0
	return n
}

// A fixture is a cache of a backend that has the users ann and bob, and one session of ann's.
type fixture struct {
	*testing.T
	*cache.Store
	backend *backend
	users   backends.Users // through the cache
	session backends.Session
	secret  backends.Secret
}

func newFixture(t *testing.T, edit ...func(*cache.Config)) *fixture {
	t.Helper()
	b := &backend{Store: memory.New()}
	for _, name := range []string{"ann", "bob"} {
		if err := b.Users().CreateUser(t.Context(), backends.User{ID: name, Name: name, Roles: []string{"user"}}, "hash"); err != nil {
			t.Fatal(err)
		}
	}
	f := &fixture{T: t, Store: newCache(t, b, edit...), backend: b}
	f.users = f.Users()
	f.login("ann")
	return f
}

// newSession returns a session that lasts for a day, and an hour without activity.
func newSession(userID string) backends.Session {
	now := time.Now()
	s := backends.Session{
		ID: backends.NewID(userID), UserID: userID, Kind: backends.KindCookie, AMR: []string{"pwd"},
		CreatedAt: now, IdleTimeout: time.Hour, RenewalInterval: time.Minute,
	}
	s.Begin(now, 24*time.Hour)
	return s
}

// login opens a session in another process. It is the session of the fixture from then on.
func (f *fixture) login(userID string) { f.open(newSession(userID)) }

func (f *fixture) open(s backends.Session) {
	f.Helper()
	f.session, f.secret = s, backends.NewSecret()
	if _, err := f.backend.Create(f.Context(), time.Now(), s, f.secret.Hash(), backends.CreateOptions{}); err != nil {
		f.Fatal(err)
	}
}

// follow runs Follow until the test ends, and waits until the feed has connected.
func (f *fixture) follow() *fixture {
	f.Helper()
	follow(f.T, f.Store)
	awaitFollowing(f.Store)
	return f
}

func (f *fixture) id() recall.ID {
	f.Helper()
	id, ok := recall.ParseID(f.session.ID)
	if !ok {
		f.Fatalf("%q is no ID", f.session.ID)
	}
	return id
}

func (f *fixture) findWith(h backends.SecretHash) (backends.Session, backends.User, error) {
	return f.Find(f.Context(), time.Now(), f.session.ID, h)
}

func (f *fixture) find() error {
	_, _, err := f.findWith(f.secret.Hash())
	return err
}

// live fails the test unless the session is found, by so many calls of the backend.
func (f *fixture) live(calls int) {
	f.Helper()
	f.backend.callsSince()
	if err := f.find(); err != nil {
		f.Fatalf("the session: %v, want it live", err)
	}
	if n := f.backend.callsSince(); n != calls {
		f.Fatalf("%d calls, want %d", n, calls)
	}
}

// refused fails the test unless the session is refused with want.
func (f *fixture) refused(want error) {
	f.Helper()
	if err := f.find(); !errors.Is(err, want) {
		f.Fatalf("the session: %v, want %v", err, want)
	}
}

// revokedElsewhere has another process end the session.
func (f *fixture) revokedElsewhere() {
	f.Helper()
	if ok, err := f.backend.Revoke(f.Context(), time.Now(), f.session.ID, backends.ReasonRevoked); !ok || err != nil {
		f.Fatalf("Revoke: %v, %v", ok, err)
	}
}

// extendedElsewhere has another process record activity.
func (f *fixture) extendedElsewhere() {
	f.Helper()
	if _, ok, err := f.backend.Store.Extend(f.Context(), time.Now(), f.session.ID); !ok || err != nil {
		f.Fatalf("Extend: %v, %v", ok, err)
	}
}

// extend fails the test unless Extend reports want.
func (f *fixture) extend(want bool) {
	f.Helper()
	if _, ok, err := f.Extend(f.Context(), time.Now(), f.session.ID); ok != want || err != nil {
		f.Fatalf("Extend: %v, %v; want %v", ok, err, want)
	}
}

// A reauthenticator is the cache, or its backend.
type reauthenticator interface {
	Reauthenticate(context.Context, time.Time, backends.Session, backends.SecretHash, backends.ReauthenticateOptions) error
}

// reauthenticate gives the session a new secret and the idle timeout, in the given process.
func (f *fixture) reauthenticate(in reauthenticator, idle time.Duration) {
	f.Helper()
	next, former := f.session, f.session.AuthenticatedAt
	next.IdleTimeout, next.RenewalInterval = idle, min(idle, time.Minute)
	next.Begin(former.Add(time.Second), 24*time.Hour)
	secret := backends.NewSecret()
	if err := in.Reauthenticate(f.Context(), next.AuthenticatedAt, next, secret.Hash(), backends.ReauthenticateOptions{Former: former}); err != nil {
		f.Fatalf("Reauthenticate: %v", err)
	}
	f.session, f.secret = next, secret
}
