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
)

// A backend is a store that others use as well: what a test calls on Store is done by another
// process. It counts what the cache asks, and its feed can be cut.
type backend struct {
	*memory.Store
	mu     sync.Mutex
	asked  int
	writes int
	slow   time.Duration // how long a question takes
	down   error         // what every call answers

	cut     chan struct{} // closed to end the connection of the feed
	quiet   bool          // the connection is there, and nothing will come over it any more
	stalled bool          // what comes is late
	late    []func()
	mute    bool // the feed tells of changes, and cannot say that it is up to date
}

var errDown = errors.New("connection refused")

func (b *backend) ask(ctx context.Context) error {
	b.mu.Lock()
	b.asked++
	slow, down := b.slow, b.down
	b.mu.Unlock()
	if slow > 0 {
		select {
		case <-time.After(slow):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return down
}

// FindBySecret looks first and is slow then, like a database whose answer is on its way.
func (b *backend) FindBySecret(ctx context.Context, now time.Time, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := b.Store.FindBySecret(ctx, now, h)
	if down := b.ask(ctx); down != nil {
		return backends.Session{}, backends.User{}, down
	}
	return s, u, err
}

func (b *backend) FindByID(ctx context.Context, now time.Time, id string) (backends.Session, backends.User, error) {
	s, u, err := b.Store.FindByID(ctx, now, id)
	if down := b.ask(ctx); down != nil {
		return backends.Session{}, backends.User{}, down
	}
	return s, u, err
}

func (b *backend) Extend(ctx context.Context, now time.Time, id string, until time.Time) (bool, error) {
	ok, err := b.Store.Extend(ctx, now, id, until)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if ok {
		b.writes++
	}
	return ok, err
}

// Watch passes on what the store's feed says, unless the test has something against it.
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

// A wire is what lies between the feed and its listener.
type wire struct {
	*backend
	l   backends.Listener
	end chan struct{}
}

func (w *wire) Listening() { w.l.Listening() }

func (w *wire) Changed(c backends.Change) { w.deliver(func() { w.l.Changed(c) }) }

func (w *wire) UpToDate(at time.Time) {
	w.mu.Lock()
	mute := w.mute
	w.mu.Unlock()
	if !mute {
		w.deliver(func() { w.l.UpToDate(at) })
	}
}

// deliver keeps the order, as a connection does: what is late holds up what comes after it.
func (w *wire) deliver(message func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	select {
	case <-w.end:
		return
	default:
	}
	if w.quiet {
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

// disconnect ends the connection of the feed, if there is one; what was on its way is lost.
func (b *backend) disconnect() {
	if b.cut != nil {
		close(b.cut)
	}
	b.cut, b.late, b.quiet = nil, nil, false
}

// questions returns how many there were since the last call.
func (b *backend) questions() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.asked
	b.asked = 0
	return n
}

// A fixture is a cache around a backend that has the users ann, and bob, and one session of
// ann's.
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
		if err := b.CreateUser(t.Context(), backends.User{ID: name, Name: name, Roles: []string{"user"}}, "hash"); err != nil {
			t.Fatal(err)
		}
	}
	f := &fixture{T: t, Store: newCache(t, b, edit...), backend: b}
	f.users = f.Store.Users(b)
	f.session, f.secret = f.login("ann")
	return f
}

// login opens a session elsewhere: one that lasts for a day, and an hour without activity.
func (f *fixture) login(userID string) (backends.Session, backends.Secret) {
	f.Helper()
	now := time.Now().UTC()
	s := backends.Session{
		ID: backends.NewID(), UserID: userID, Kind: backends.KindCookie, AMR: []string{"pwd"},
		CreatedAt: now, AuthenticatedAt: now, LastSeenAt: now,
		IdleTimeout: time.Hour, RenewalInterval: time.Minute,
		IdleDeadline: now.Add(time.Hour), AbsoluteDeadline: now.Add(24 * time.Hour),
	}
	secret := backends.NewSecret()
	if _, err := f.backend.Create(f.Context(), now, s, secret.Hash(), backends.Admission{}); err != nil {
		f.Fatal(err)
	}
	return s, secret
}

// follow has the cache follow the feed until the test ends, and waits for it to listen.
func (f *fixture) follow() *fixture {
	f.Helper()
	follow(f.T, f.Store)
	for !f.Following() {
		time.Sleep(time.Millisecond)
	}
	return f
}

func (f *fixture) find() error {
	_, _, err := f.FindBySecret(f.Context(), time.Now(), f.secret.Hash())
	return err
}

// live fails the test unless the session is found, by so many questions to the backend.
func (f *fixture) live(questions int) {
	f.Helper()
	f.backend.questions()
	if err := f.find(); err != nil {
		f.Fatalf("the session: %v, want it live", err)
	}
	if n := f.backend.questions(); n != questions {
		f.Fatalf("%d questions, want %d", n, questions)
	}
}

// over fails the test unless the session is refused with want.
func (f *fixture) over(want error) {
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
