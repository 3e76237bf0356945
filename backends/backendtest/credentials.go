package backendtest

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

func credentialPromises() []promise {
	return []promise{
		{"a new password ends the user's other sessions, and counts them", passwordEndsOthers},
		{"a new password without an exception ends all sessions of the user", passwordEndsAll},
		{"a stronger hash of the same password ends nothing and keeps the version", rehashEndsNothing},
		{"a hash that was replaced meanwhile is not replaced again", rehashOfOldHash},
		{"new roles hold from the next request on, and end nothing", newRoles},
		{"disabling a user ends all their sessions, and enabling brings none back", disablingEnds},
		{"a session that had expired does not come back with the user when the clock is set back", disablingEndsExpired},
		{"deleting a user ends all their sessions and frees the name", deletingEnds},
		{"a login that was checked before the user changed is a conflict", staleLogins},
		{"a login that races a new password does not survive it", passwordBeatsLogin},
		{"a login that races disabling the user does not survive it", disablingBeatsLogin},
		{"a login that races deleting the user does not survive it", deletingBeatsLogin},
		{"a renewal that races a change of the user does not survive it", changeBeatsRenewal},
		{"a new password for another version of the user is a conflict and changes nothing", stalePasswords},
		{"of simultaneous new passwords for one version exactly one is set", onePassword},
		{"a new password wins over a stronger hash of the old one", passwordBeatsRehash},
	}
}

func passwordEndsOthers(t *tester) {
	// Promise 8, LO-3.
	ann := t.join("ann", "user")
	expired := t.open(ann, at(-idle))
	revoked, other, current := t.open(ann, at(0)), t.open(ann, at(0)), t.open(ann, at(0))
	bobs := t.open(t.join("bob"), at(0))
	t.revoke(revoked, at(0), true)
	t.newVersion(ann, func() error {
		n, err := t.users().SetPassword(t.ctx, at(time.Minute), ann, 0, "new hash", current.ID)
		if n != 1 {
			t.Errorf("%d sessions ended, want 1", n)
		}
		return err
	})
	if _, hash := t.named(ann); hash != "new hash" {
		t.Errorf("hash %q, want new hash", hash)
	}
	t.live(current, at(time.Minute))
	t.live(bobs, at(time.Minute))
	t.over(expired, at(time.Minute), backends.ErrNotLive)
	s := t.over(other, at(time.Minute), backends.ErrRevoked)
	if s.Ended.Reason != "credentials" || !s.Ended.At.Equal(at(time.Minute)) {
		t.Errorf("ended %+v, want credentials at %v", s.Ended, at(time.Minute))
	}
	if s := t.over(revoked, at(time.Minute), backends.ErrRevoked); s.Ended.Reason != "logout" {
		t.Errorf("the reason of a session that had ended is %q now, want logout", s.Ended.Reason)
	}
}

func passwordEndsAll(t *tester) {
	// LO-3.
	ann := t.join("ann")
	first, second := t.open(ann, at(0)), t.open(ann, at(0))
	bobs := t.open(t.join("bob"), at(0))
	for _, except := range []string{"", bobs.ID} {
		if n, err := t.users().SetPassword(t.ctx, at(0), ann, 0, "new", except); n != 2 || err != nil {
			t.Errorf("SetPassword: %d ended, error %v; want 2", n, err)
		}
		t.over(first, at(0), backends.ErrRevoked)
		t.over(second, at(0), backends.ErrRevoked)
		t.live(bobs, at(0))
		first, second = t.open(ann, at(0)), t.open(ann, at(0))
	}
}

func rehashEndsNothing(t *tester) {
	o := t.open(t.join("ann"), at(0))
	before, _ := t.named("ann")
	t.ok("Rehash", t.users().Rehash(t.ctx, "ann", "hash of ann", "stronger"))
	after, hash := t.named("ann")
	if hash != "stronger" || after.Version != before.Version {
		t.Errorf("hash %q at version %d, want stronger at %d", hash, after.Version, before.Version)
	}
	t.live(o, at(0))
}

func rehashOfOldHash(t *tester) {
	t.join("ann")
	for _, old := range []string{"another", "", "hash of ann ", "HASH OF ANN"} {
		t.ok("Rehash", t.users().Rehash(t.ctx, "ann", old, "stronger"))
		if _, hash := t.named("ann"); hash != "hash of ann" {
			t.Errorf("hash %q, want the one that was not named", hash)
		}
	}
}

func newRoles(t *tester) {
	// Promise 8, AZ-2.
	o := t.open(t.join("ann", "user"), at(0))
	for _, roles := range [][]string{{"user", "admin"}, nil, {"b", "a", "b"}} {
		t.newVersion("ann", func() error { return t.users().SetRoles(t.ctx, "ann", roles) })
		if _, u := t.live(o, at(0)); !slices.Equal(u.Roles, roles) {
			t.Errorf("roles %q, want %q", u.Roles, roles)
		}
	}
}

func disablingEnds(t *tester) {
	// Promise 8, LO-2.
	ann := t.join("ann")
	first, second, bobs := t.open(ann, at(0)), t.open(ann, at(0)), t.open(t.join("bob"), at(0))
	disable := func(disabled bool) {
		t.newVersion(ann, func() error { return t.users().SetDisabled(t.ctx, at(time.Minute), ann, disabled) })
		if u, hash := t.named(ann); u.Disabled != disabled || hash != "hash of ann" {
			t.Errorf("disabled is %v, hash %q; want %v, hash of ann", u.Disabled, hash, disabled)
		}
		for _, o := range []opened{first, second} {
			t.over(o, at(time.Minute), backends.ErrNotLive)
			t.extend(o, at(2*time.Minute), at(2*time.Minute+idle), false)
		}
	}
	disable(true)
	t.refused(session(ann, at(time.Minute)), 0, backends.ErrUserDisabled)
	disable(false)
	s := t.over(first, at(time.Minute), backends.ErrRevoked)
	if s.Ended.Reason != "user_changed" || !s.Ended.At.Equal(at(time.Minute)) {
		t.Errorf("ended %+v, want user_changed at %v", s.Ended, at(time.Minute))
	}
	t.live(t.open(ann, at(time.Minute)), at(time.Minute))
	t.live(bobs, at(time.Minute))
}

func disablingEndsExpired(t *tester) {
	// LO-2, TL-13.
	ann := t.join("ann")
	o := t.open(ann, at(0))
	t.ok("SetDisabled", t.users().SetDisabled(t.ctx, at(idle+time.Minute), ann, true))
	t.ok("SetDisabled", t.users().SetDisabled(t.ctx, at(idle+time.Minute), ann, false))
	t.over(o, at(idle-4*time.Minute), backends.ErrNotLive)
}

func deletingEnds(t *tester) {
	// Promise 8, LO-2.
	ann := t.join("ann")
	o, bobs := t.open(ann, at(0)), t.open(t.join("bob"), at(0))
	t.ok("DeleteUser", t.users().DeleteUser(t.ctx, at(time.Minute), ann))
	t.over(o, at(time.Minute), backends.ErrNotLive)
	t.over(o, at(0), backends.ErrNotLive)
	t.live(bobs, at(time.Minute))
	t.nobodyNamed(ann)
	t.refused(session(ann, at(time.Minute)), 0, backends.ErrNotFound)
	if err := t.users().DeleteUser(t.ctx, at(time.Minute), ann); !errors.Is(err, backends.ErrNotFound) {
		t.Errorf("second DeleteUser: %v, want ErrNotFound", err)
	}
	t.ok("CreateUser with the name", t.users().CreateUser(t.ctx, backends.User{ID: "ann 2", Name: ann}, ""))
	t.over(o, at(0), backends.ErrNotLive)
}

func staleLogins(t *tester) {
	// Promise 8.
	t.join("ann")
	for what, change := range map[string]func() error{
		"password": func() error {
			_, err := t.users().SetPassword(t.ctx, at(0), "ann", 0, "new", "")
			return err
		},
		"roles":             func() error { return t.users().SetRoles(t.ctx, "ann", []string{"admin"}) },
		"disabled, enabled": func() error { return t.offAndOn("ann") },
	} {
		before := t.newVersion("ann", change)
		o := session("ann", at(0))
		if err := t.tryCreate(o, before); !errors.Is(err, backends.ErrConflict) {
			t.Errorf("%s changed: %v, want ErrConflict", what, err)
		}
		u, _ := t.named("ann")
		t.ok("Create at the current version", t.tryCreate(o, u.Version))
	}
}

func (t *tester) offAndOn(id string) error {
	return errors.Join(
		t.users().SetDisabled(t.ctx, at(0), id, true),
		t.users().SetDisabled(t.ctx, at(0), id, false),
	)
}

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
				err := t.tryCreate(o, u.Version)
				if err != nil && !errors.Is(err, backends.ErrConflict) && !errors.Is(err, backends.ErrUserDisabled) && !errors.Is(err, backends.ErrNotFound) {
					t.Errorf("Create: %v, want nil or a refusal", err)
				}
			})
		}
		together(calls...)
		for _, o := range logins {
			if _, _, err := t.Store.FindBySecret(t.ctx, at(0), o.hash); !errors.Is(err, backends.ErrNotLive) && !errors.Is(err, backends.ErrNotFound) {
				t.Fatalf("a session of before the change: %v, want ErrNotLive or ErrNotFound", err)
			}
		}
	}
}

func passwordBeatsLogin(t *tester) {
	// Promise 8.
	t.lateLogin(func(id string) error {
		_, err := t.users().SetPassword(t.ctx, at(0), id, 0, "new", "")
		return err
	})
}

func disablingBeatsLogin(t *tester) { t.lateLogin(t.offAndOn) } // LO-2

func deletingBeatsLogin(t *tester) {
	// LO-2.
	t.lateLogin(func(id string) error { return t.users().DeleteUser(t.ctx, at(0), id) })
}

func changeBeatsRenewal(t *tester) {
	// LO-5.
	ann := t.join("ann")
	for range rounds {
		o := t.open(ann, at(0))
		renew := func() {
			if _, err := t.Store.Extend(t.ctx, at(interval), o.ID, at(interval+idle)); err != nil {
				t.Errorf("Extend: %v", err)
			}
		}
		together(renew, renew, renew, func() {
			if _, err := t.users().SetPassword(t.ctx, at(interval), ann, 0, "new", ""); err != nil {
				t.Errorf("SetPassword: %v", err)
			}
		})
		t.over(o, at(interval), backends.ErrRevoked)
		t.extend(o, at(3*interval), at(3*interval+idle), false)
	}
}

func stalePasswords(t *tester) {
	// Promise 8: whoever knew the password of before undoes no change made since.
	ann := t.join("ann")
	for what, change := range map[string]func() error{
		"password": func() error {
			_, err := t.users().SetPassword(t.ctx, at(0), ann, 0, "new", "")
			return err
		},
		"roles":             func() error { return t.users().SetRoles(t.ctx, ann, []string{"admin"}) },
		"disabled, enabled": func() error { return t.offAndOn(ann) },
	} {
		before := t.newVersion(ann, change)
		o := t.open(ann, at(0))
		u, hash := t.named(ann)
		n, err := t.users().SetPassword(t.ctx, at(0), ann, before, "stolen", "")
		if n != 0 || !errors.Is(err, backends.ErrConflict) {
			t.Errorf("%s changed: %d ended, %v; want 0 and ErrConflict", what, n, err)
		}
		t.live(o, at(0))
		if now, h := t.named(ann); h != hash || now.Version != u.Version {
			t.Errorf("%s changed: hash %q of version %d, want %q of %d still", what, h, now.Version, hash, u.Version)
		}
		if n, err := t.users().SetPassword(t.ctx, at(0), ann, u.Version, "newer", ""); n != 1 || err != nil {
			t.Errorf("%s changed: %d ended, %v, with the version of now; want 1", what, n, err)
		}
	}
	if _, err := t.users().SetPassword(t.ctx, at(0), "nobody", 1, "new", ""); !errors.Is(err, backends.ErrNotFound) {
		t.Errorf("SetPassword of nobody: %v, want ErrNotFound", err)
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
