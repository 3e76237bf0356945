package backendtest

import (
	"errors"

	"github.com/inga-auth/inga/backends"
)

func olderIsTheft(t *tester) {
	o := t.refreshable()
	t.rotate(o, at(overlap), 1, backends.Rotated, 2)
	t.rotate(o, at(2*overlap), 2, backends.Rotated, 3)
	t.rotate(o, at(2*overlap), 1, backends.Stolen, 3)
}

func theftEndsTheSession(t *tester) {
	o := t.refreshable()
	other := t.refreshableOf("ann")
	t.rotate(o, at(overlap), 1, backends.Rotated, 2)
	t.rotate(o, at(2*overlap), 2, backends.Rotated, 3)
	stolen := at(2*overlap + tick)
	t.endedAs(t.rotate(o, stolen, 1, backends.Stolen, 3), "theft", stolen)
	t.endedAs(t.over(o, stolen, backends.ErrRevoked), "theft", stolen)
	t.notRotated(o, stolen, 3, backends.ErrRevoked) // the current token too
	t.notRotated(o, stolen, 1, backends.ErrRevoked) // found out once
	t.rotate(other, stolen, 1, backends.Rotated, 2)
}

func guessed(t *tester) {
	// Guessing logs no one out.
	o := t.refreshable()
	t.rotate(o, at(overlap), 1, backends.Rotated, 2)
	for _, n := range []int64{3, 4, 1 << 62, 0, -1} {
		t.notRotated(o, at(2*overlap), n, backends.ErrNotFound)
	}
	for what, id := range notID() {
		if _, _, got, err := t.rotator().Rotate(t.ctx, at(2*overlap), id, o.hash, 2, grace); !errors.Is(err, backends.ErrNotFound) || got != backends.Refused {
			t.Errorf("%s: %v, error %v; want refused, ErrNotFound", what, got, err)
		}
	}
	t.notRotated(session("ann", at(0)), at(2*overlap), 2, backends.ErrNotFound)
	noRefresh := t.open("ann", at(0))
	t.notRotated(noRefresh, at(tick), 0, backends.ErrNotFound)
	t.notRotated(noRefresh, at(tick), 1, backends.ErrNotFound)
	t.rotate(o, at(2*overlap), 2, backends.Rotated, 3)
}

func wrongHashRotates(t *tester) {
	o, other, over := t.refreshable(), t.refreshableOf("ann"), t.refreshableOf("ann")
	t.revoke(over, at(0), true)
	noSecret := ofKind(backends.KindToken, "ann", at(0))
	noSecret.Refresh, noSecret.hash = backends.Refresh{Generation: 1, RotatedAt: at(0)}, backends.SecretHash{}
	t.create(noSecret)
	for _, h := range []backends.SecretHash{{}, {31: 1}, other.hash, backends.NewSecret().Hash()} {
		for _, o := range []opened{o, over, noSecret} {
			o.hash = h
			for _, n := range []int64{1, 0, 2} {
				t.notRotated(o, at(overlap), n, backends.ErrNotFound)
			}
		}
	}
	t.unchanged(o, at(overlap))
	t.unchanged(noSecret, at(overlap))
}

func overIsNotRotated(t *tester) {
	o := t.refreshable()
	t.revoke(o, at(tick), true)
	t.notRotated(o, at(overlap), 1, backends.ErrRevoked)
	t.notRotated(t.refreshableOf("ann"), at(idle), 1, backends.ErrExpired)
}

func unavailableIsNotRotated(t *tester) {
	o := t.refreshable()
	t.disable("ann")
	t.notRotated(o, at(overlap), 1, backends.ErrNotLive)
	t.DropUser(t.T, "ann")
	t.notRotated(o, at(overlap), 1, backends.ErrNotLive)
}

func refusedRefreshStaysOver(t *tester) {
	o := t.refreshable()
	t.disable("ann")
	t.notRotated(o, at(overlap), 1, backends.ErrNotLive)
	t.user("ann", "user")
	t.notRotated(o, at(overlap), 1, backends.ErrRevoked)
	t.over(o, at(overlap), backends.ErrRevoked)
}
