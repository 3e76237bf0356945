package backendtest

import (
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
)

func subscriberPromises() []promise {
	return []promise{
		{"a subscriber is called after each change of the user or a session", subscriberIsCalled},
		{"every subscriber is called", everySubscriber},
		{"a subscriber that stopped is not called again", stoppedIsNotCalled},
	}
}

// A subscription does not count the calls: one call may stand for several changes.
type subscription struct {
	called chan struct{}
	stop   func()
}

func (t *tester) subscribe(userID string) subscription {
	called := make(chan struct{}, 1)
	stop := sync.OnceFunc(t.Store.(backends.Subscriber).Subscribe(userID, func() {
		select {
		case called <- struct{}{}:
		default:
		}
	}))
	t.Cleanup(stop)
	return subscription{called, stop}
}

// calledBy fails the test unless the change is followed by a call.
func (t *tester) calledBy(s subscription, c change) {
	t.Helper()
	s.drain() // calls for earlier changes
	t.ok(c.what, c.call())
	if !t.called(s) {
		t.Fatalf("%s: the subscriber is not called", c.what)
	}
}

func (s subscription) drain() (called bool) {
	select {
	case <-s.called:
		return true
	default:
		return false
	}
}

func (t *tester) called(s subscription) bool {
	select {
	case <-s.called:
		return true
	case <-time.After(t.patience()):
		return false
	}
}

func subscriberIsCalled(t *tester) {
	changes := t.sessionChanges()
	if t.ownUsers { // others are changed past the store
		changes = t.changes()
	}
	for _, c := range changes {
		t.calledBy(t.subscribe(c.userID), c)
	}
}

func everySubscriber(t *tester) {
	o := t.begun()
	first, second := t.subscribe("ann"), t.subscribe("ann")
	t.calledBy(first, change{"Revoke", "ann", func() error {
		t.revoke(o, at(0), true)
		return nil
	}})
	if !t.called(second) {
		t.Error("the second subscriber is not called")
	}
}

func stoppedIsNotCalled(t *tester) {
	ann := t.user("ann")
	stopped, other := t.subscribe(ann), t.subscribe(ann)
	stopped.stop()
	stopped.drain() // a call for the new user
	for range 3 {   // a call for the first change comes before one for the last
		o := t.open(ann, at(0))
		t.calledBy(other, change{"Revoke", ann, func() error {
			t.revoke(o, at(0), true)
			return nil
		}})
	}
	if stopped.drain() {
		t.Error("a subscriber that stopped is called")
	}
}
