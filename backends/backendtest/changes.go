package backendtest

import (
	"time"

	"github.com/inga-auth/inga/backends"
)

// A change ends a session of the user, or changes the user.
type change struct {
	what, userID string
	call         func() error
}

// changes prepares a store and returns all changes that it supports, to be made in this order.
func (t *tester) changes() []change {
	t.Helper()
	return append(t.sessionChanges(), t.userChanges()...)
}

// userChanges are those that the application makes if it keeps the users.
func (t *tester) userChanges() []change {
	t.Helper()
	t.user("bob", "user")
	return []change{
		{"new roles", "bob", func() error { t.user("bob", "admin"); return nil }},
		{"disabling", "bob", func() error { t.disable("bob"); return nil }},
		{"deleting", "bob", func() error { t.DropUser(t.T, "bob"); return nil }},
	}
}

// sessionChanges are those that the store makes.
func (t *tester) sessionChanges() []change {
	t.Helper()
	ann, eve := t.user("ann", "user"), t.user("eve")
	o, replaced := t.open(ann, at(0)), t.open(ann, at(0))
	next, fresh, last := o.again(at(time.Second)), session(ann, at(time.Second)), session(ann, at(2*time.Second))
	all := []change{
		{"Reauthenticate", ann, func() error { return t.tryReauthenticate(next, at(time.Second), at(0)) }},
		{"Revoke", ann, func() error {
			_, err := t.Store.Revoke(t.ctx, at(time.Second), o.ID, backends.ReasonLogout)
			return err
		}},
		{"Create in place of another", ann, func() error { return t.tryCreate(fresh, backends.CreateOptions{Replaces: replaced.ID}) }},
		{"Create with a limit", ann, func() error { return t.tryCreate(last, within(backends.Limit{Total: 1})) }},
	}
	if supports[backends.Binder](t) {
		bound := t.open(eve, at(0))
		all = append(all, change{"Bind", eve, func() error {
			_, err := t.binder().Bind(t.ctx, at(0), bound.ID, key("a", at(0)))
			return err
		}})
	}
	if supports[backends.Rotator](t) {
		stolen := ofKind(backends.KindToken, eve, at(0))
		stolen.Refresh = backends.Refresh{Generation: 3, RotatedAt: at(0)}
		t.create(stolen)
		all = append(all, change{"theft", eve, func() error {
			_, _, _, err := t.rotator().Rotate(t.ctx, at(0), stolen.ID, stolen.hash, 1, grace)
			return err
		}})
	}
	if supports[backends.SessionLister](t) {
		all = append(all, change{"RevokeUser", eve, func() error {
			t.open(eve, at(0))
			_, err := t.lister().RevokeUser(t.ctx, at(0), eve, "", "x")
			return err
		}}, change{"RevokeAll", eve, func() error {
			t.open(eve, at(0))
			err := t.lister().RevokeAll(t.ctx, at(0), "x")
			return err
		}})
	}
	if keepsUsers(t) {
		all = append(all, change{"SetPassword", eve, func() error {
			_, err := t.users().SetPassword(t.ctx, at(0), eve, 0, "x", "")
			return err
		}})
	}
	return all
}
