package backendtest

import (
	"errors"
	"slices"
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
		{"an authentication that races a new password does not survive it", passwordBeatsAuthentication},
		{"an authentication that races a new password keeps the session that it excepts", exceptedSurvives},
		{"a new password for another version of the user is a conflict and changes nothing", stalePasswords},
		{"of simultaneous new passwords for one version exactly one is set", onePassword},
		{"a new password wins over a stronger hash of the old one", passwordBeatsRehash},
	}
}

func passwordEndsOthers(t *tester) {
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
	t.endedAs(t.over(other, at(time.Minute), backends.ErrRevoked), "credentials", at(time.Minute))
	t.endedAs(t.over(revoked, at(time.Minute), backends.ErrRevoked), "logout", at(0))
}

func passwordEndsAll(t *tester) {
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
			t.Errorf("hash %q, want the stored one", hash)
		}
	}
}

func newRoles(t *tester) {
	o := t.open(t.join("ann", "user"), at(0))
	for _, roles := range [][]string{{"user", "admin"}, nil, {"b", "a", "b"}} {
		t.newVersion("ann", func() error { return t.users().SetRoles(t.ctx, "ann", roles) })
		if _, u := t.live(o, at(0)); !slices.Equal(u.Roles, roles) {
			t.Errorf("roles %q, want %q", u.Roles, roles)
		}
	}
}

func disablingEnds(t *tester) {
	ann := t.join("ann")
	first, second, bobs := t.open(ann, at(0)), t.open(ann, at(0)), t.open(t.join("bob"), at(0))
	disable := func(disabled bool) {
		t.newVersion(ann, func() error { return t.users().SetDisabled(t.ctx, at(time.Minute), ann, disabled) })
		if u, hash := t.named(ann); u.Disabled != disabled || hash != "hash of ann" {
			t.Errorf("disabled is %v, hash %q; want %v, hash of ann", u.Disabled, hash, disabled)
		}
		for _, o := range []opened{first, second} {
			t.over(o, at(time.Minute), backends.ErrNotLive)
			t.notExtended(o, at(2*time.Minute))
		}
	}
	disable(true)
	t.refused(session(ann, at(time.Minute)), backends.CreateOptions{}, backends.ErrUserDisabled)
	disable(false)
	t.endedAs(t.over(first, at(time.Minute), backends.ErrRevoked), "user_ended", at(time.Minute))
	t.live(t.open(ann, at(time.Minute)), at(time.Minute))
	t.live(bobs, at(time.Minute))
}

func disablingEndsExpired(t *tester) {
	ann := t.join("ann")
	o := t.open(ann, at(0))
	t.ok("SetDisabled", t.users().SetDisabled(t.ctx, at(idle+time.Minute), ann, true))
	t.ok("SetDisabled", t.users().SetDisabled(t.ctx, at(idle+time.Minute), ann, false))
	t.over(o, at(idle-4*time.Minute), backends.ErrNotLive)
}

func deletingEnds(t *tester) {
	ann := t.join("ann")
	o, bobs := t.open(ann, at(0)), t.open(t.join("bob"), at(0))
	t.ok("DeleteUser", t.users().DeleteUser(t.ctx, at(time.Minute), ann))
	t.over(o, at(time.Minute), backends.ErrNotLive)
	t.over(o, at(0), backends.ErrNotLive)
	t.live(bobs, at(time.Minute))
	t.nobodyNamed(ann)
	t.refused(session(ann, at(time.Minute)), backends.CreateOptions{}, backends.ErrNotFound)
	if err := t.users().DeleteUser(t.ctx, at(time.Minute), ann); !errors.Is(err, backends.ErrNotFound) {
		t.Errorf("second DeleteUser: %v, want ErrNotFound", err)
	}
	t.ok("CreateUser with the name", t.users().CreateUser(t.ctx, backends.User{ID: "ann 2", Name: ann}, ""))
	t.over(o, at(0), backends.ErrNotLive)
}

func staleLogins(t *tester) {
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
		if err := t.tryCreate(o, backends.CreateOptions{UserVersion: before}); !errors.Is(err, backends.ErrConflict) {
			t.Errorf("%s changed: %v, want ErrConflict", what, err)
		}
		u, _ := t.named("ann")
		t.ok("Create at the current version", t.tryCreate(o, backends.CreateOptions{UserVersion: u.Version}))
	}
}

func (t *tester) offAndOn(id string) error {
	return errors.Join(
		t.users().SetDisabled(t.ctx, at(0), id, true),
		t.users().SetDisabled(t.ctx, at(0), id, false),
	)
}

func stalePasswords(t *tester) {
	// Knowing the former password undoes no change that was made since.
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
		t.Errorf("SetPassword of an unknown user: %v, want ErrNotFound", err)
	}
}
