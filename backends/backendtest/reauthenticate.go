package backendtest

import (
	"errors"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

func reauthenticatePromises() []promise {
	return []promise{
		{"proving identity again gives a new secret and a new start, in the same session", newStart},
		{"the former secret opens nothing, however often it was replaced", formerSecrets},
		{"only a caller that knows when the user last authenticated replaces the secret", otherAuthentication},
		{"a proof at another version of the user is a conflict, and the session keeps its secret", otherVersionAgain},
		{"a session without a secret is authenticated again like any other", withoutSecret},
		{"a session that has ended is not authenticated again", endedIsNotReauthenticated},
		{"the session of a disabled or deleted user is not authenticated again", unavailableUserAgain},
		{"of simultaneous calls exactly one wins", oneReauthentication},
		{"a logout wins over an authentication in flight", logoutBeatsReauthentication},
		{"a slice that was given to Reauthenticate stays the caller's", reauthenticateCopies},
		{"Reauthenticate with a context that has ended fails and changes nothing", reauthenticateWithoutContext},
	}
}

// again returns the session as it is after its user authenticated at now, with a secret that
// is in no store yet.
func (o opened) again(now time.Time) opened {
	next := session(o.UserID, now)
	next.ID = o.ID
	next.AMR = []string{"hwk"}
	next.IdleTimeout, next.RenewalInterval = 2*idle, 2*interval
	next.IdleDeadline, next.AbsoluteDeadline = now.Add(2*idle), now.Add(2*absolute)
	next.Kind, next.Client, next.CreatedAt, next.Refresh = o.Kind, o.Client, o.CreatedAt, o.Refresh
	return next
}

func (t *tester) tryReauthenticate(next opened, now, former time.Time) error {
	return t.Store.Reauthenticate(t.ctx, now, next.Session, next.hash, backends.ReauthenticateOptions{Former: former})
}

func (t *tester) reauthenticate(next opened, now, former time.Time, want error) {
	t.Helper()
	if err := t.tryReauthenticate(next, now, former); !errors.Is(err, want) {
		t.Errorf("Reauthenticate: %v, want %v", err, want)
	}
}

func newStart(t *tester) {
	o := session(t.user("ann"), at(0))
	o.Refresh = backends.Refresh{Generation: 7, RotatedAt: at(0)}
	o.Binding = key("a", at(0))
	t.create(o)
	bystander := t.open("ann", at(0))
	next := o.again(at(time.Minute))
	next.Refresh = backends.Refresh{Generation: 8, RotatedAt: at(time.Minute)}
	next.Binding = key("b", at(time.Minute))
	given := next
	given.Kind, given.CreatedAt = "other", at(time.Minute)
	given.Client = backends.Client{IP: netip.MustParseAddr("192.0.2.99")}
	t.reauthenticate(given, at(time.Minute), at(0), nil)
	s, u := t.live(next, at(time.Minute))
	t.same(s, next.Session)
	if u.ID != "ann" {
		t.Errorf("user %q, want ann", u.ID)
	}
	t.shut(o.ID, o.hash, at(time.Minute))
	t.live(next, at(time.Minute+2*idle-tick))
	t.over(next, at(time.Minute+2*idle), backends.ErrExpired)
	t.unchanged(bystander, at(time.Minute))
}

func formerSecrets(t *tester) {
	first := t.begun()
	former := []opened{first}
	for i := range 10 {
		now := at(time.Duration(i+1) * time.Second)
		o := former[len(former)-1]
		next := o.again(now)
		t.reauthenticate(next, now, o.AuthenticatedAt, nil)
		former = append(former, next)
	}
	current := former[len(former)-1]
	for _, o := range former[:len(former)-1] {
		t.shut(o.ID, o.hash, at(11*time.Second))
		t.reauthenticate(current.again(at(11*time.Second)), at(11*time.Second), o.AuthenticatedAt, backends.ErrNotFound)
	}
	t.live(current, at(11*time.Second))
	t.revoke(first, at(11*time.Second), true)
	t.over(current, at(11*time.Second), backends.ErrRevoked)
}

func otherAuthentication(t *tester) {
	o := t.begun()
	for _, former := range []time.Time{{}, at(-tick), at(tick), at(time.Minute - tick)} {
		next := o.again(at(time.Minute))
		t.reauthenticate(next, at(time.Minute), former, backends.ErrNotFound)
		t.shut(o.ID, next.hash, at(time.Minute))
	}
	t.unchanged(o, at(time.Minute))
}

func otherVersionAgain(t *tester) {
	o := t.begun()
	_, before := t.live(o, at(0))
	t.user("ann", "user", "admin")
	_, after := t.live(o, at(0))
	next := o.again(at(time.Minute))
	for _, version := range []int64{before.Version, after.Version + 1000} {
		stale := backends.ReauthenticateOptions{Former: at(0), UserVersion: version}
		if err := t.Store.Reauthenticate(t.ctx, at(time.Minute), next.Session, next.hash, stale); !errors.Is(err, backends.ErrConflict) {
			t.Errorf("Reauthenticate at version %d of %d: %v, want ErrConflict", version, after.Version, err)
		}
		t.shut(o.ID, next.hash, at(time.Minute))
		t.unchanged(o, at(time.Minute))
	}
	current := backends.ReauthenticateOptions{Former: at(0), UserVersion: after.Version}
	t.ok("Reauthenticate at the user's version", t.Store.Reauthenticate(t.ctx, at(time.Minute), next.Session, next.hash, current))
	t.unchanged(next, at(time.Minute))
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
	t.unchanged(last, at(2*time.Minute))
	t.shut(o.ID, next.hash, at(2*time.Minute))
}

func endedIsNotReauthenticated(t *tester) {
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

func unavailableUserAgain(t *tester) {
	anns, bobs := t.begun(), t.open(t.user("bob"), at(0))
	t.disable("ann")
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
				err := t.tryReauthenticate(nexts[i], now, o.AuthenticatedAt)
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
			if i != int(winner.Load()) {
				t.shut(o.ID, next.hash, now)
			}
		}
		o = nexts[winner.Load()]
		t.live(o, now)
	}
}

func logoutBeatsReauthentication(t *tester) {
	ann := t.user("ann")
	for range rounds {
		o := t.open(ann, at(0))
		next := o.again(at(time.Minute))
		together(
			func() { t.revoke(o, at(time.Minute), true) },
			func() {
				if err := t.tryReauthenticate(next, at(time.Minute), at(0)); err != nil && !errors.Is(err, backends.ErrNotFound) {
					t.Errorf("Reauthenticate: %v, want ErrNotFound or nil", err)
				}
			},
		)
		for _, h := range []backends.SecretHash{o.hash, next.hash} {
			if _, _, err := t.Store.Find(t.ctx, at(time.Minute), o.ID, h); !errors.Is(err, backends.ErrRevoked) && !errors.Is(err, backends.ErrNotFound) {
				t.Errorf("Find with a secret after a logout: %v, want ErrRevoked or ErrNotFound", err)
			}
		}
		if _, _, err := t.Store.Find(t.ctx, at(time.Minute), o.ID, backends.SecretHash{}); !errors.Is(err, backends.ErrRevoked) {
			t.Errorf("Find after a logout: %v, want ErrRevoked", err)
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
	former := backends.ReauthenticateOptions{Former: at(0)}
	t.aboutTheStore("Reauthenticate", t.Store.Reauthenticate(ended(t.ctx), at(time.Minute), next.Session, next.hash, former))
	t.unchanged(o, at(time.Minute))
}
