package backendtest

import (
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

func binderPromises() []promise {
	return []promise{
		{"a live session is bound to the key, once", boundOnce},
		{"of simultaneous calls one binds", oneBinds},
		{"a session that is over, or was never there, is not bound", overIsNotBound},
		{"the session of a disabled or deleted user is not bound", unavailableUserIsNotBound},
		{"a logout wins over a binding in flight", logoutBeatsBinding},
		{"a session that began bound is not bound to another key", begunBound},
		{"a recorded proof moves forward only, and only for the key of the session", provedForward},
		{"a proof is not recorded for a session that is over", provedTooLate},
		{"activity and rotation leave the binding as it is", boundWhileUsed},
		{"a binding that is not valid is a mistake, and binds nothing", invalidBindings},
		{"a binding with a context that has ended changes nothing", bindWithoutContext},
	}
}

func (t *tester) binder() backends.Binder { return t.Store.(backends.Binder) }

// bind fails the test unless the answer of Bind is want.
func (t *tester) bind(o opened, b backends.Binding, now time.Time, want bool) {
	t.Helper()
	got, err := t.binder().Bind(t.ctx, now, o.ID, b)
	if err != nil || got != want {
		t.Errorf("Bind at %v: %v, error %v; want %v", now.Sub(at(0)), got, err, want)
	}
}

func (t *tester) prove(o opened, b backends.Binding, now time.Time) {
	t.Helper()
	if err := t.binder().Proved(t.ctx, now, o.ID, b.Thumbprint); err != nil {
		t.Errorf("Proved at %v: %v", now.Sub(at(0)), err)
	}
}

func boundOnce(t *tester) {
	o, bystander := t.begun(), t.open("ann", at(0))
	t.unchanged(o, at(0))
	o.Binding = key("a", at(time.Second))
	t.bind(o, o.Binding, at(time.Second), true)
	t.unchanged(o, at(time.Second))
	t.bind(o, key("b", at(time.Minute)), at(time.Minute), false)
	t.bind(o, o.Binding, at(time.Minute), false)
	t.unchanged(o, at(time.Minute))
	t.unchanged(bystander, at(time.Minute))
}

func oneBinds(t *tester) {
	ann := t.user("ann")
	for range rounds {
		o := t.open(ann, at(0))
		winner := atomic.Int32{}
		winner.Store(-1)
		var calls []func()
		for i := range 8 {
			calls = append(calls, func() {
				ok, err := t.binder().Bind(t.ctx, at(tick), o.ID, key(string(rune('a'+i)), at(tick)))
				if err != nil {
					t.Errorf("Bind: %v", err)
				}
				if ok && !winner.CompareAndSwap(-1, int32(i)) {
					t.Error("two calls bound, want one")
				}
			})
		}
		together(calls...)
		if winner.Load() < 0 {
			t.Fatal("no call bound, want one")
		}
		o.Binding = key(string(rune('a'+winner.Load())), at(tick))
		t.unchanged(o, at(tick))
	}
}

func overIsNotBound(t *tester) {
	revoked, expired := t.begun(), t.open("ann", at(0))
	t.revoke(revoked, at(tick), true)
	t.bind(revoked, key("a", at(tick)), at(tick), false)
	t.bind(expired, key("a", at(idle)), at(idle), false)
	foreign := session("ann", at(0))
	t.bind(foreign, key("a", at(0)), at(0), false)
	t.unknown(foreign)
	for what, id := range notID() {
		if ok, err := t.binder().Bind(t.ctx, at(0), id, key("a", at(0))); ok || err != nil {
			t.Errorf("%s: Bind: %v, error %v; want false and no error", what, ok, err)
		}
		if err := t.binder().Proved(t.ctx, at(0), id, key("a", at(0)).Thumbprint); err != nil {
			t.Errorf("%s: Proved: %v", what, err)
		}
	}
	if s := t.over(revoked, at(tick), backends.ErrRevoked); s.Binding != (backends.Binding{}) {
		t.Errorf("bound to %+v after it had ended", s.Binding)
	}
	t.same(t.over(expired, at(idle), backends.ErrExpired), expired.Session)
	t.bind(expired, key("a", at(idle-tick)), at(idle-tick), true)
}

func unavailableUserIsNotBound(t *tester) {
	anns, bobs := t.begun(), t.open(t.user("bob"), at(0))
	t.disable("ann")
	t.DropUser(t.T, "bob")
	for _, o := range []opened{anns, bobs} {
		t.bind(o, key("a", at(0)), at(0), false)
		t.over(o, at(0), backends.ErrNotLive)
	}
}

func logoutBeatsBinding(t *tester) {
	ann := t.user("ann")
	for range rounds {
		o := t.open(ann, at(0))
		together(
			func() { t.revoke(o, at(tick), true) },
			func() {
				if _, err := t.binder().Bind(t.ctx, at(tick), o.ID, key("a", at(tick))); err != nil {
					t.Errorf("Bind: %v", err)
				}
			},
		)
		t.over(o, at(tick), backends.ErrRevoked)
	}
}

func begunBound(t *tester) {
	o := session(t.user("ann"), at(0))
	o.Binding = key("a", at(0))
	t.create(o)
	t.bind(o, key("b", at(tick)), at(tick), false)
	t.unchanged(o, at(tick))
	free := o.again(at(time.Minute))
	t.reauthenticate(free, at(time.Minute), at(0), nil)
	t.unchanged(free, at(time.Minute))
	t.bind(free, key("b", at(time.Minute)), at(time.Minute), true)
}

func provedForward(t *tester) {
	o := t.begun()
	a, b := key("a", at(0)), key("b", at(0))
	t.prove(o, a, at(tick))
	t.unchanged(o, at(tick))
	t.bind(o, a, at(0), true)
	o.Binding = a
	for _, step := range []struct {
		by        backends.Binding
		now, want time.Duration
	}{
		{a, tick, tick}, {a, time.Minute, time.Minute}, {a, time.Minute - tick, time.Minute},
		{b, 2 * time.Minute, time.Minute}, {backends.Binding{}, 2 * time.Minute, time.Minute}, {a, 3 * time.Minute, 3 * time.Minute},
	} {
		t.prove(o, step.by, at(step.now))
		o.Binding.ProvedAt = at(step.want)
		t.unchanged(o, at(step.now))
	}
}

func provedTooLate(t *tester) {
	o, expired := session(t.user("ann"), at(0)), session("ann", at(0))
	o.Binding, expired.Binding = key("a", at(0)), key("b", at(0))
	t.create(o)
	t.create(expired)
	t.revoke(o, at(tick), true)
	t.prove(o, o.Binding, at(2*tick))
	if s := t.over(o, at(2*tick), backends.ErrRevoked); s.Binding != o.Binding {
		t.Errorf("the binding is %+v, want %+v", s.Binding, o.Binding)
	}
	t.prove(expired, expired.Binding, at(idle))
	t.same(t.over(expired, at(idle), backends.ErrExpired), expired.Session)
}

func boundWhileUsed(t *tester) {
	o := session(t.user("ann"), at(0))
	o.Refresh = backends.Refresh{Generation: 1, RotatedAt: at(0)}
	t.create(o)
	o.Binding = key("a", at(0))
	t.bind(o, o.Binding, at(0), true)
	t.extend(o, at(interval), at(interval+idle))
	o.LastSeenAt, o.IdleDeadline = at(interval), at(interval+idle)
	t.unchanged(o, at(interval))
	if supports[backends.Rotator](t) {
		t.rotate(o, at(interval), 1, backends.Rotated, 2)
		if s, _ := t.live(o, at(interval)); s.Binding != o.Binding {
			t.Errorf("the binding is %+v after a rotation, want %+v", s.Binding, o.Binding)
		}
	}
}

func invalidBindings(t *tester) {
	o := t.begun()
	for what, spoil := range spoiledBindings() {
		b := key("a", at(0))
		spoil(&b)
		ok, err := t.binder().Bind(t.ctx, at(0), o.ID, b)
		if t.mistaken(what, err); ok {
			t.Errorf("%s: bound", what)
		}
	}
	ok, err := t.binder().Bind(t.ctx, at(0), o.ID, backends.Binding{})
	if t.mistaken("no key", err); ok {
		t.Error("no key: bound")
	}
	t.unchanged(o, at(0))
}

func bindWithoutContext(t *tester) {
	o := t.begun()
	ok, err := t.binder().Bind(ended(t.ctx), at(0), o.ID, key("a", at(0)))
	if t.aboutTheStore("Bind", err); ok {
		t.Error("bound")
	}
	t.unchanged(o, at(0))
	t.bind(o, key("a", at(0)), at(0), true)
	t.aboutTheStore("Proved", t.binder().Proved(ended(t.ctx), at(tick), o.ID, key("a", at(0)).Thumbprint))
	o.Binding = key("a", at(0))
	t.unchanged(o, at(tick))
}
