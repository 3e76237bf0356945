package postgres_test

import (
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
)

func TestSubscribersAreCalledAfterEachChangeThatTheStoreMakes(t *testing.T) {
	f := open(t)
	check(t, f.users.CreateUser(t.Context(), backends.User{ID: "bob"}, ""))
	calls := map[string]int{}
	for _, id := range []string{"ann", "bob"} {
		t.Cleanup(f.Subscribe(id, func() { calls[id]++ }))
	}
	stop := f.Subscribe("ann", func() { calls["stopped"]++ })
	stop()
	s, secret := login(t, f, "ann")
	for _, row := range []struct {
		what     string
		do       func() error
		ann, bob int // calls
	}{
		{"a login", func() error { login(t, f, "ann"); return nil }, 0, 0},
		{"activity", func() error { _, _, err := f.Extend(t.Context(), t0.Add(time.Minute), s.ID); return err }, 0, 0},
		{"a theft", func() error {
			_, _, _, err := f.Rotate(t.Context(), t0.Add(time.Minute), s.ID, secret.Hash(), 1, backends.Grace{})
			check(t, err)
			check(t, f.MarkSeen(t.Context(), t0.Add(time.Minute), s.ID, 2))
			_, _, _, err = f.Rotate(t.Context(), t0.Add(time.Minute), s.ID, secret.Hash(), 1, backends.Grace{})
			return err
		}, 1, 0},
		{"a session that has ended", func() error { _, err := f.Revoke(t.Context(), t0, s.ID, "x"); return err }, 0, 0},
		{"all sessions of a user", func() error { _, err := f.RevokeUser(t.Context(), t0, "bob", "", "x"); return err }, 0, 1},
		{"all sessions", func() error { return f.RevokeAll(t.Context(), t0, "x") }, 1, 1},
		{"roles", func() error { return f.users.SetRoles(t.Context(), "ann", nil) }, 1, 0},
		{"a password", func() error { _, err := f.users.SetPassword(t.Context(), t0, "ann", 0, "$x", ""); return err }, 1, 0},
		{"a deleted user", func() error { return f.users.DeleteUser(t.Context(), t0, "bob") }, 0, 1},
		{"an unknown user", func() error { _ = f.users.DeleteUser(t.Context(), t0, "bob"); return nil }, 0, 0},
	} {
		clear(calls)
		check(t, row.do())
		if calls["ann"] != row.ann || calls["bob"] != row.bob || calls["stopped"] != 0 {
			t.Errorf("%s: calls %v, want %d of ann, %d of bob", row.what, calls, row.ann, row.bob)
		}
	}
}

func TestSubscribersAreCalledForChangesThatWatchReports(t *testing.T) {
	f, e := open(t), newEar()
	called := make(chan struct{}, 10)
	t.Cleanup(f.Subscribe("ann", func() { called <- struct{}{} }))
	e.listen(t, f.Store)
	exec(t, f.pool, in(f.schema, "UPDATE {schema}.users SET disabled = true"))
	e.want(t, "a change by another program", "ann")
	if len(called) != 1 {
		t.Errorf("%d calls, want 1", len(called))
	}
}
