package backendtest

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

func reauthenticatePromises() []promise {
	return []promise{
		{"proving identity again gives a new secret and a new start, in the same session", newStart},
		{"the former secret opens nothing, however often it was replaced", formerSecrets},
		{"only who knows when the user authenticated last replaces the secret", anotherAuthentication},
		{"a session that no secret opens is authenticated again like any other", withoutSecret},
		{"no session takes the secret of another", secretOfAnother},
		{"a session that has ended is not authenticated again", endedIsNotReauthenticated},
		{"the session of a disabled or deleted user is not authenticated again", nobodyReauthenticates},
		{"of simultaneous calls exactly one wins", oneReauthentication},
		{"a logout wins over an authentication in flight", logoutBeatsReauthentication},
		{"a slice that was given to Reauthenticate stays the caller's", reauthenticateCopies},
		{"Reauthenticate with a context that has ended fails and changes nothing", reauthenticateWithoutContext},
	}
}

// again returns the session as it is after its user authenticated at now, with a secret
// that is in no store yet.
func (o opened) again(now time.Time) opened {
	next := session(o.UserID, now)
	next.ID = o.ID
	next.AMR = []string{"hwk"}
	next.IdleTimeout, next.RenewalInterval = 2*idle, 2*interval
	next.IdleDeadline, next.AbsoluteDeadline = now.Add(2*idle), now.Add(2*absolute)
	next.Kind, next.Client, next.CreatedAt, next.Refresh = o.Kind, o.Client, o.CreatedAt, o.Refresh
	return next
}

func (t *tester) reauthenticate(next opened, now, former time.Time, want error) {
	t.Helper()
	if err := t.Store.Reauthenticate(t.ctx, now, next.Session, former, next.hash); !errors.Is(err, want) {
		t.Errorf("Reauthenticate: %v, want %v", err, want)
	}
}

func newStart(t *tester) {
	// SID-3, TL-4.
	o := session(t.user("ann"), at(0))
	o.Refresh = backends.Refresh{Generation: 7, RotatedAt: at(0)}
	t.create(o)
	bystander := t.open("ann", at(0))
	next := o.again(at(time.Minute))
	given := next
	given.Kind, given.CreatedAt = "other", at(time.Minute)
	given.Client = backends.Client{IP: "192.0.2.99"}
	next.Refresh = backends.Refresh{Generation: 8, RotatedAt: at(time.Minute)}
	given.Refresh = next.Refresh
	t.reauthenticate(given, at(time.Minute), at(0), nil)
	s, u := t.live(next, at(time.Minute))
	t.same(s, next.Session)
	if u.ID != "ann" {
		t.Errorf("user %q, want ann", u.ID)
	}
	if _, _, err := t.Store.FindBySecret(t.ctx, at(time.Minute), o.hash); !errors.Is(err, backends.ErrNotFound) {
		t.Errorf("the former secret: %v, want ErrNotFound", err)
	}
	t.live(next, at(time.Minute+2*idle-tick))
	t.over(next, at(time.Minute+2*idle), backends.ErrExpired)
	s, _ = t.live(bystander, at(time.Minute))
	t.same(s, bystander.Session)
}

func formerSecrets(t *tester) {
	// Promise 13: state per session is constant.
	first := t.begun()
	former := []opened{first}
	for i := range 30 {
		now := at(time.Duration(i+1) * time.Second)
		o := former[len(former)-1]
		next := o.again(now)
		t.reauthenticate(next, now, o.AuthenticatedAt, nil)
		former = append(former, next)
	}
	current := former[len(former)-1]
	for _, o := range former[:len(former)-1] {
		if s, _, err := t.Store.FindBySecret(t.ctx, at(31*time.Second), o.hash); !errors.Is(err, backends.ErrNotFound) {
			t.Errorf("a former secret: session %q, error %v; want ErrNotFound", s.ID, err)
		}
		t.reauthenticate(current.again(at(31*time.Second)), at(31*time.Second), o.AuthenticatedAt, backends.ErrNotFound)
	}
	t.live(current, at(31*time.Second))
	t.revoke(first, at(31*time.Second), true)
	t.over(current, at(31*time.Second), backends.ErrRevoked)
}

func anotherAuthentication(t *tester) {
	// Whoever read the session before it was authenticated again has an old picture of it.
	o := t.begun()
	for _, former := range []time.Time{{}, at(-tick), at(tick), at(time.Minute)} {
		next := o.again(at(time.Minute))
		t.reauthenticate(next, at(time.Minute), former, backends.ErrNotFound)
		if _, _, err := t.Store.FindBySecret(t.ctx, at(time.Minute), next.hash); !errors.Is(err, backends.ErrNotFound) {
			t.Errorf("the refused secret: %v, want ErrNotFound", err)
		}
	}
	s, _ := t.live(o, at(time.Minute))
	t.same(s, o.Session)
}

func withoutSecret(t *tester) {
	o := session(t.user("ann"), at(0))
	o.Kind, o.hash = backends.KindToken, backends.SecretHash{}
	t.create(o)
	next := o.again(at(time.Minute))
	t.reauthenticate(next, at(time.Minute), at(0), nil)
	t.live(next, at(time.Minute))
	last := next.again(at(2 * time.Minute))
	last.hash = backends.SecretHash{}
	t.reauthenticate(last, at(2*time.Minute), at(time.Minute), nil)
	s, _ := t.live(last, at(2*time.Minute))
	t.same(s, last.Session)
	if _, _, err := t.Store.FindBySecret(t.ctx, at(2*time.Minute), next.hash); !errors.Is(err, backends.ErrNotFound) {
		t.Errorf("the former secret: %v, want ErrNotFound", err)
	}
}

func secretOfAnother(t *tester) {
	o, other := t.begun(), t.open("ann", at(0))
	next := o.again(at(time.Minute))
	next.hash = other.hash
	if err := t.Store.Reauthenticate(t.ctx, at(time.Minute), next.Session, at(0), next.hash); err == nil {
		t.Error("Reauthenticate with the secret of another session succeeded, want an error")
	}
	for _, untouched := range []opened{o, other} {
		s, _ := t.live(untouched, at(time.Minute))
		t.same(s, untouched.Session)
	}
}

func endedIsNotReauthenticated(t *tester) {
	// Promise 3.
	revoked, expired := t.begun(), t.open("ann", at(0))
	t.revoke(revoked, at(time.Minute), true)
	t.reauthenticate(revoked.again(at(time.Minute)), at(time.Minute), at(0), backends.ErrNotFound)
	t.over(revoked, at(time.Minute), backends.ErrRevoked)
	t.reauthenticate(expired.again(at(idle)), at(idle), at(0), backends.ErrNotFound)
	t.over(expired, at(idle), backends.ErrExpired)
	foreign := session("ann", at(0))
	t.reauthenticate(foreign, at(0), at(-tick), backends.ErrNotFound)
	t.unknown(foreign)
}

func nobodyReauthenticates(t *tester) {
	// LO-2.
	anns, bobs := t.begun(), t.open(t.user("bob"), at(0))
	t.put(backends.User{ID: "ann", Name: "ann", Disabled: true})
	t.DropUser(t.T, "bob")
	for _, o := range []opened{anns, bobs} {
		t.reauthenticate(o.again(at(time.Minute)), at(time.Minute), at(0), backends.ErrNotFound)
		t.over(o, at(time.Minute), backends.ErrNotLive)
	}
}

func oneReauthentication(t *tester) {
	o := t.begun()
	for i := range rounds {
		now := at(time.Duration(i+1) * time.Second)
		nexts := make([]opened, 8)
		winner := atomic.Int32{}
		winner.Store(-1)
		var calls []func()
		for i := range nexts {
			nexts[i] = o.again(now)
			calls = append(calls, func() {
				err := t.Store.Reauthenticate(t.ctx, now, nexts[i].Session, o.AuthenticatedAt, nexts[i].hash)
				if err == nil && !winner.CompareAndSwap(-1, int32(i)) {
					t.Error("two calls won, want one")
				}
				if err != nil && !errors.Is(err, backends.ErrNotFound) {
					t.Errorf("Reauthenticate: %v, want ErrNotFound", err)
				}
			})
		}
		together(calls...)
		if winner.Load() < 0 {
			t.Fatal("no call won, want one")
		}
		for i, next := range nexts {
			_, _, err := t.Store.FindBySecret(t.ctx, now, next.hash)
			if i != int(winner.Load()) && !errors.Is(err, backends.ErrNotFound) {
				t.Errorf("the secret of a loser: %v, want ErrNotFound", err)
			}
		}
		o = nexts[winner.Load()]
		t.live(o, now)
	}
}

func logoutBeatsReauthentication(t *tester) {
	// Promise 3, LO-5.
	ann := t.user("ann")
	for range rounds {
		o := t.open(ann, at(0))
		next := o.again(at(time.Minute))
		together(
			func() { t.revoke(o, at(time.Minute), true) },
			func() {
				err := t.Store.Reauthenticate(t.ctx, at(time.Minute), next.Session, at(0), next.hash)
				if err != nil && !errors.Is(err, backends.ErrNotFound) {
					t.Errorf("Reauthenticate: %v, want ErrNotFound or nil", err)
				}
			},
		)
		for _, h := range []backends.SecretHash{o.hash, next.hash} {
			if _, _, err := t.Store.FindBySecret(t.ctx, at(time.Minute), h); !errors.Is(err, backends.ErrRevoked) && !errors.Is(err, backends.ErrNotFound) {
				t.Errorf("FindBySecret after a logout: %v, want ErrRevoked or ErrNotFound", err)
			}
		}
		if _, _, err := t.Store.FindByID(t.ctx, at(time.Minute), o.ID); !errors.Is(err, backends.ErrRevoked) {
			t.Errorf("FindByID after a logout: %v, want ErrRevoked", err)
		}
	}
}

func reauthenticateCopies(t *tester) {
	o := t.begun()
	next := o.again(at(time.Minute))
	t.reauthenticate(next, at(time.Minute), at(0), nil)
	next.AMR[0] = "X"
	if s, _ := t.live(next, at(time.Minute)); s.AMR[0] != "hwk" {
		t.Errorf("AMR %v, want hwk: the store shares slices with its caller", s.AMR)
	}
}

func reauthenticateWithoutContext(t *tester) {
	o := t.begun()
	next := o.again(at(time.Minute))
	t.aboutTheStore("Reauthenticate", t.Store.Reauthenticate(ended(t.ctx), at(time.Minute), next.Session, at(0), next.hash))
	s, _ := t.live(o, at(time.Minute))
	t.same(s, o.Session)
}
