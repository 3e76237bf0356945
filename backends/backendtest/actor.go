package backendtest

import (
	"time"

	"github.com/inga-auth/inga/backends"
)

func actorPromises() []promise {
	return []promise{
		{"a session in which another user acts says so, to its end", actorIsKept},
		{"a session in which another user acts counts in no limit", actingCountsNowhere},
		{"a session in which another user acts ends none, and is refused by no limit", actingEndsNone},
	}
}

// acting returns a session of the user in which root acts, begun at now. It is in no store yet.
func acting(userID string, now time.Time) opened {
	o := session(userID, now)
	o.Actor = backends.Actor{UserID: "root", SessionID: backends.NewID("root"), UserVersion: 7}
	return o
}

func actorIsKept(t *tester) {
	own := t.open(t.user("ann"), at(0))
	o := acting("ann", at(0))
	o.Actor.UserVersion = -1 << 40
	t.create(o)
	t.unchanged(o, at(0))
	next := o.again(at(time.Minute)) // which says nothing of the actor
	t.reauthenticate(next, at(time.Minute), at(0), nil)
	next.Actor = o.Actor
	t.unchanged(next, at(time.Minute))
	t.revoke(next, at(time.Minute), true)
	if s := t.over(next, at(time.Minute), backends.ErrRevoked); s.Actor != o.Actor {
		t.Errorf("the actor is %+v, want %+v", s.Actor, o.Actor)
	}
	t.unchanged(own, at(time.Minute))
}

func actingCountsNowhere(t *tester) {
	ann := t.user("ann")
	for _, limit := range []backends.Limit{{Total: 1, Refuse: true}, {PerKind: 1, Refuse: true}, {Total: 1}, {PerKind: 1}} {
		first, second := acting(ann, at(0)), acting(ann, at(time.Second))
		t.create(first)
		t.create(second)
		own := session(ann, at(2*time.Second))
		t.wantEnded(t.admit(own, within(limit), nil))
		t.live(first, at(2*time.Second))
		t.live(second, at(2*time.Second))
		t.revoke(own, at(2*time.Second), true)
	}
}

func actingEndsNone(t *tester) {
	own := t.begun()
	for _, limit := range []backends.Limit{{Total: 1, Refuse: true}, {PerKind: 1, Refuse: true}, {Total: 1}, {PerKind: 1}} {
		o := acting("ann", at(time.Second))
		t.wantEnded(t.admit(o, within(limit), nil))
		t.live(o, at(time.Second))
	}
	t.live(own, at(time.Second))
}

// spoiledActors returns changes that each make a valid Actor of a session invalid.
func spoiledActors() map[string]func(*backends.Session) {
	bad := map[string]func(*backends.Session){
		"an actor without a version": func(s *backends.Session) { s.Actor.UserVersion = 0 },
		"an actor who is the user":   func(s *backends.Session) { s.Actor.UserID = s.UserID },
		"the session of an actor":    func(s *backends.Session) { s.Actor.SessionID = s.ID },
	}
	for what, id := range notID() {
		bad["Actor.SessionID "+what] = func(s *backends.Session) { s.Actor.SessionID = id }
	}
	for what, text := range notText() {
		bad["Actor.UserID "+what] = func(s *backends.Session) { s.Actor.UserID = text }
	}
	return bad
}
