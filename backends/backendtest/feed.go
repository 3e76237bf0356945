package backendtest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
)

func feedPromises() []promise {
	return []promise{
		{"whatever ends a session, or changes its user, is told", changesAreTold},
		{"mere activity is not told", activityIsNotTold},
		{"every listener is told", everyListener},
		{"who is up to date has heard of everything before that, over and over", upToDate},
		{"a watch ends with its context, and nothing is told after that", watchEnds},
	}
}

// A listener writes down what it hears.
type listener struct {
	mu        sync.Mutex
	listening bool
	changed   []string // the users
	upToDate  time.Time
	beats     int
	ended     error // why the watch has
}

func (l *listener) Listening() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listening = true
}

func (l *listener) Changed(c backends.Change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changed = append(l.changed, c.UserID)
}

func (l *listener) UpToDate(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.listening {
		panic("backendtest: up to date before it is listening")
	}
	l.upToDate, l.beats = at, l.beats+1
}

// listen watches the store until the returned function is called, or the test ends.
func (t *tester) listen() (l *listener, stop func() error) {
	t.Helper()
	l = &listener{}
	ctx, cancel := context.WithCancel(t.ctx)
	ended := make(chan error, 1)
	go func() {
		err := t.Store.(backends.Feed).Watch(ctx, 10*time.Millisecond, l)
		l.mu.Lock()
		l.ended = err
		l.mu.Unlock()
		ended <- err
	}()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { _ = stop() })
	t.caughtUp(l)
	return l, stop
}

// caughtUp waits until the listener has heard of everything so far, and returns the users
// since the last call.
func (t *tester) caughtUp(l *listener) []string {
	t.Helper()
	begin := time.Now()
	for time.Since(begin) < 30*time.Second {
		l.mu.Lock()
		if l.ended != nil {
			defer l.mu.Unlock()
			t.Fatalf("the watch has ended: %v", l.ended)
		}
		upToDate, changed := l.upToDate, l.changed
		if upToDate.After(begin) {
			l.changed = nil
			l.mu.Unlock()
			return changed
		}
		l.mu.Unlock()
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the listener does not come up to date")
	return nil
}

// told fails the test unless the call is told as a change of the user, or of everything.
func (t *tester) told(l *listener, userID, what string, call func() error) {
	t.Helper()
	t.ok(what, call())
	if heard := t.caughtUp(l); !slices.Contains(heard, userID) && !slices.Contains(heard, "") {
		t.Errorf("%s: heard of %q, want %q", what, heard, userID)
	}
}

func changesAreTold(t *tester) {
	// Promise 18.
	ann := t.user("ann", "user")
	t.user("bob")
	l, _ := t.listen()
	o, other := t.open(ann, at(0)), t.open(ann, at(0))
	next := o.again(at(time.Second))
	t.told(l, ann, "Reauthenticate", func() error {
		return t.Store.Reauthenticate(t.ctx, at(time.Second), next.Session, at(0), next.hash)
	})
	t.told(l, ann, "Revoke", func() error {
		_, err := t.Store.Revoke(t.ctx, at(0), o.ID, backends.ReasonLogout)
		return err
	})
	a := backends.Admission{Replaces: other.ID}
	t.told(l, ann, "Create in place of another", func() error {
		_, err := t.Store.Create(t.ctx, at(0), session(ann, at(0)).Session, backends.NewSecret().Hash(), a)
		return err
	})
	t.told(l, ann, "Create with a limit", func() error {
		_, err := t.Store.Create(t.ctx, at(0), session(ann, at(0)).Session, backends.NewSecret().Hash(), within(backends.Limit{Total: 1}))
		return err
	})
	t.told(l, ann, "new roles", func() error { t.put(backends.User{ID: ann, Name: ann, Roles: []string{"admin"}}); return nil })
	t.told(l, ann, "disabling", func() error { t.put(backends.User{ID: ann, Name: ann, Disabled: true}); return nil })
	t.told(l, "bob", "deleting", func() error { t.DropUser(t.T, "bob"); return nil })
	if r, ok := t.Store.(backends.Rotator); ok {
		stolen := ofKind(backends.KindToken, t.user("eve"), at(0))
		stolen.Refresh = backends.Refresh{Generation: 3, RotatedAt: at(0)}
		t.create(stolen)
		t.told(l, "eve", "theft", func() error {
			_, _, _, err := r.Rotate(t.ctx, at(0), stolen.ID, stolen.hash, 1, grace)
			return err
		})
	}
	if d, ok := t.Store.(backends.Directory); ok {
		for what, call := range map[string]func() error{
			"RevokeUser": func() error { _, err := d.RevokeUser(t.ctx, at(0), "eve", "", "x"); return err },
			"RevokeAll":  func() error { _, err := d.RevokeAll(t.ctx, at(0), "x"); return err },
		} {
			t.open("eve", at(0))
			t.told(l, "eve", what, call)
		}
	}
	if u, ok := t.Store.(backends.Users); ok {
		t.told(l, "eve", "SetPassword", func() error { _, err := u.SetPassword(t.ctx, at(0), "eve", 0, "x", ""); return err })
	}
}

func activityIsNotTold(t *tester) {
	l, _ := t.listen()
	o := t.begun()
	t.caughtUp(l) // a new user may be told
	o2 := ofKind(backends.KindToken, "ann", at(0))
	o2.Refresh = backends.Refresh{Generation: 1, RotatedAt: at(0)}
	t.create(o2)
	t.live(o, at(0))
	t.extend(o, at(interval), at(interval+idle), true)
	if r, ok := t.Store.(backends.Rotator); ok {
		if _, _, _, err := r.Rotate(t.ctx, at(0), o2.ID, o2.hash, 1, grace); err != nil {
			t.Errorf("Rotate: %v", err)
		}
		t.ok("MarkSeen", r.MarkSeen(t.ctx, at(0), o2.ID, 2))
	}
	if v, ok := t.Store.(backends.Values); ok {
		t.ok("SetValue", v.SetValue(t.ctx, at(interval), o.ID, "cart", nil))
	}
	if heard := t.caughtUp(l); len(heard) != 0 {
		t.Errorf("heard of %q, want nothing", heard)
	}
}

func everyListener(t *tester) {
	o := t.begun()
	first, _ := t.listen()
	second, _ := t.listen()
	t.revoke(o, at(0), true)
	for _, l := range []*listener{first, second} {
		if heard := t.caughtUp(l); !slices.Contains(heard, "ann") && !slices.Contains(heard, "") {
			t.Errorf("heard of %q, want ann", heard)
		}
	}
}

func upToDate(t *tester) {
	l, _ := t.listen()
	for range rounds {
		o := t.open(t.user("ann"), at(0))
		t.caughtUp(l)
		t.told(l, "ann", "Revoke", func() error {
			_, err := t.Store.Revoke(t.ctx, at(0), o.ID, backends.ReasonLogout)
			return err
		})
	}
	if l.beats < rounds {
		t.Errorf("up to date %d times, want more than %d", l.beats, rounds)
	}
}

func watchEnds(t *tester) {
	o := t.begun()
	l, stop := t.listen()
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Watch: %v, want context.Canceled", err)
	}
	l.changed = nil
	t.revoke(o, at(0), true)
	after, _ := t.listen()
	t.caughtUp(after)
	if len(l.changed) != 0 {
		t.Errorf("heard of %q after the end", l.changed)
	}
}
