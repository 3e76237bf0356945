package backendtest

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

// A meeting is a Limit callback in which simultaneous logins wait for each other. A store that
// counts the sessions before it locks the user lets all of them in, and each goes on with a
// count that is wrong by then. A store that holds a lock lets one in at a time: the first one
// gives up waiting, and no other waits. A store that detects the conflict and tries again lets
// all of them in too, and may.
type meeting struct {
	backends.Limit
	logins  int
	perLook time.Duration
	in      atomic.Int32
	all     chan struct{} // closed when all logins are in, or the first has given up
	open    func()        // closes all
}

// meet returns a meeting of as many logins. One login takes about the given time.
func meet(l backends.Limit, logins int, login time.Duration) *meeting {
	m := &meeting{Limit: l, logins: logins, perLook: max(login/8, 20*time.Microsecond), all: make(chan struct{})}
	m.open = sync.OnceFunc(func() { close(m.all) })
	return m
}

func (m *meeting) limit(backends.User) backends.Limit {
	switch int(m.in.Add(1)) {
	case 1:
		m.wait()
	case m.logins:
		m.open()
	}
	<-m.all
	return m.Limit
}

// wait blocks as often as there are logins. Each time the scheduler runs the goroutines that can
// run, so a login that can come has come after that, however slow the machine is.
func (m *meeting) wait() {
	defer m.open()
	for range m.logins {
		select {
		case <-m.all:
			return
		case <-time.After(m.perLook):
		}
	}
}

// crowd logs in many times at once and returns how many sessions live afterwards, and how many
// logins were refused and made.
func (t *tester) crowd(l backends.Limit) (live, refused, logins int) {
	t.Helper()
	began := time.Now()
	ann := t.user("ann")
	t.revoke(t.open(ann, at(0)), at(0), true)
	all := make([]opened, max(50, 2*runtime.GOMAXPROCS(0)))
	m := meet(l, len(all), time.Since(began))
	var no atomic.Int32
	var calls []func()
	for i := range all {
		all[i] = session(ann, at(0))
		calls = append(calls, func() {
			switch err := t.tryCreate(all[i], backends.CreateOptions{Limit: m.limit}); {
			case errors.Is(err, backends.ErrLimit):
				no.Add(1)
			case err != nil:
				t.Errorf("Create: %v", err)
			}
		})
	}
	together(calls...)
	for _, o := range all {
		if _, _, err := t.Store.Find(t.ctx, at(0), o.ID, o.hash); err == nil {
			live++
		}
	}
	return live, int(no.Load()), len(all)
}

func logInWithinLimit(t *tester) {
	if live, refused, _ := t.crowd(backends.Limit{Total: 3}); live != 3 || refused != 0 {
		t.Errorf("%d live sessions and %d refused logins, want 3 and 0", live, refused)
	}
}

func refuseBeyondLimit(t *tester) {
	if live, refused, logins := t.crowd(backends.Limit{Total: 1, Refuse: true}); live != 1 || refused != logins-1 {
		t.Errorf("%d live sessions and %d refused logins of %d, want 1 and %d", live, refused, logins, logins-1)
	}
}
