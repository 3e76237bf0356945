package backendtest

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/inga-auth/inga/backends"
)

// lateLogin has a login, checked at the current version of a new user, race the change
// of that user, and fails the test if the session lives when both are done.
func (t *tester) lateLogin(change func(id string) error) {
	t.Helper()
	for i := range rounds {
		id := t.join(fmt.Sprintf("user %d", i))
		u, _ := t.named(id)
		logins := []opened{session(id, at(0)), session(id, at(0)), session(id, at(0))}
		calls := []func(){func() {
			if err := change(id); err != nil {
				t.Errorf("changing the user: %v", err)
			}
		}}
		for _, o := range logins {
			calls = append(calls, func() {
				err := t.tryCreate(o, backends.CreateOptions{UserVersion: u.Version})
				if err != nil && !errors.Is(err, backends.ErrConflict) && !errors.Is(err, backends.ErrUserDisabled) && !errors.Is(err, backends.ErrNotFound) {
					t.Errorf("Create: %v, want nil or a refusal", err)
				}
			})
		}
		together(calls...)
		for _, o := range logins {
			if _, _, err := t.Store.Find(t.ctx, at(0), o.ID, o.hash); !errors.Is(err, backends.ErrNotLive) && !errors.Is(err, backends.ErrNotFound) {
				t.Fatalf("a session that was opened before the change: %v, want ErrNotLive or ErrNotFound", err)
			}
		}
	}
}

func passwordBeatsLogin(t *tester) {
	t.lateLogin(func(id string) error {
		_, err := t.users().SetPassword(t.ctx, at(0), id, 0, "new", "")
		return err
	})
}

func disablingBeatsLogin(t *tester) { t.lateLogin(t.offAndOn) }

func deletingBeatsLogin(t *tester) {
	t.lateLogin(func(id string) error { return t.users().DeleteUser(t.ctx, at(0), id) })
}

func changeBeatsRenewal(t *tester) {
	ann := t.join("ann")
	for range rounds {
		o := t.open(ann, at(0))
		renew := t.renew(o, at(interval))
		together(renew, renew, renew, func() {
			if _, err := t.users().SetPassword(t.ctx, at(interval), ann, 0, "new", ""); err != nil {
				t.Errorf("SetPassword: %v", err)
			}
		})
		t.over(o, at(interval), backends.ErrRevoked)
		t.notExtended(o, at(3*interval))
	}
}

// lateAuthentication has a re-authentication, checked at the current version of the user, race a
// new password that ends all sessions but the one with the ID except. It returns the session as
// it was, as it would be, and the error of the call.
func (t *tester) lateAuthentication(ann string, except func(opened) string) (o, next opened, err error) {
	t.Helper()
	o = t.open(ann, at(0))
	_, u := t.live(o, at(0))
	next = o.again(at(interval))
	current := backends.ReauthenticateOptions{Former: at(0), UserVersion: u.Version}
	together(
		func() { err = t.Store.Reauthenticate(t.ctx, at(interval), next.Session, next.hash, current) },
		func() {
			if _, err := t.users().SetPassword(t.ctx, at(interval), ann, 0, "new", except(o)); err != nil {
				t.Errorf("SetPassword: %v", err)
			}
		},
	)
	return o, next, err
}

func passwordBeatsAuthentication(t *tester) {
	ann := t.join("ann")
	for range rounds {
		o, next, err := t.lateAuthentication(ann, func(opened) string { return "" })
		if err != nil && !errors.Is(err, backends.ErrConflict) && !errors.Is(err, backends.ErrNotFound) {
			t.Errorf("Reauthenticate: %v, want nil or a refusal", err)
		}
		for _, h := range []backends.SecretHash{o.hash, next.hash, {}} {
			if _, _, err := t.Store.Find(t.ctx, at(interval), o.ID, h); !errors.Is(err, backends.ErrNotLive) && !errors.Is(err, backends.ErrNotFound) {
				t.Fatalf("a session that was opened before the change: %v, want ErrNotLive or ErrNotFound", err)
			}
		}
	}
}

func exceptedSurvives(t *tester) {
	ann := t.join("ann")
	for range rounds {
		o, next, err := t.lateAuthentication(ann, func(o opened) string { return o.ID })
		switch {
		case err == nil:
			t.unchanged(next, at(interval))
		case errors.Is(err, backends.ErrConflict):
			t.shut(o.ID, next.hash, at(interval))
			t.unchanged(o, at(interval))
		default:
			t.Errorf("Reauthenticate: %v, want nil or ErrConflict", err)
		}
	}
}

func onePassword(t *tester) {
	ann := t.join("ann")
	for range rounds {
		u, _ := t.named(ann)
		var set atomic.Int64
		change := func() {
			switch _, err := t.users().SetPassword(t.ctx, at(0), ann, u.Version, "new", ""); {
			case err == nil:
				set.Add(1)
			case !errors.Is(err, backends.ErrConflict):
				t.Errorf("SetPassword: %v, want ErrConflict or none", err)
			}
		}
		together(change, change, change, change)
		if n := set.Load(); n != 1 {
			t.Fatalf("%d of 4 set a password, want 1", n)
		}
	}
}

func passwordBeatsRehash(t *tester) {
	ann := t.join("ann")
	old := "hash of ann"
	for i := range rounds {
		next := fmt.Sprintf("password %d", i)
		together(
			func() {
				if _, err := t.users().SetPassword(t.ctx, at(0), ann, 0, next, ""); err != nil {
					t.Errorf("SetPassword: %v", err)
				}
			},
			func() {
				if err := t.users().Rehash(t.ctx, ann, old, "stronger "+old); err != nil {
					t.Errorf("Rehash: %v", err)
				}
			},
		)
		if _, hash := t.named(ann); hash != next {
			t.Fatalf("hash %q, want %q", hash, next)
		}
		old = next
	}
}

func changedLoginEndsNothing(t *tester) {
	for i := range rounds {
		id := t.user(fmt.Sprintf("user %d", i))
		former, next := t.open(id, at(0)), session(id, at(0))
		_, u := t.live(former, at(0))
		together(func() { t.user(id, "admin") }, func() {
			switch err := t.tryCreate(next, backends.CreateOptions{UserVersion: u.Version, Replaces: former.ID}); {
			case err == nil:
				t.live(next, at(0))
				t.over(former, at(0), backends.ErrRevoked)
			case errors.Is(err, backends.ErrConflict):
				t.shut(next.ID, next.hash, at(0))
				t.live(former, at(0))
			default:
				t.Errorf("Create: %v, want nil or ErrConflict", err)
			}
		})
	}
}
