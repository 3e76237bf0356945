package backendtest

import (
	"errors"
	"slices"
	"time"

	"github.com/inga-auth/inga/backends"
)

func findPromises() []promise {
	return []promise{
		{"a secret or an ID that was never issued opens nothing and is not adopted", neverIssued},
		{"the zero hash is nobody's", zeroHash},
		{"what the store keeps opens nothing", dumpOpensNothing},
		{"text that can be no ID is not found", idNotText},
		{"a session that has ended is returned with the refusal", endIsTold},
		{"a session that was revoked says so even when it would have expired since", revokedBeforeExpired},
		{"disabling a user takes effect on the next request", disabledNextRequest},
		{"deleting a user takes effect on the next request", deletedNextRequest},
		{"changing roles takes effect on the next request", rolesNextRequest},
		{"a user is found by ID, disabled or not", userFound},
		{"what a finder returned is the caller's own", findersCopy},
		{"a finder with a context that has ended says nothing about the session", findWithoutContext},
	}
}

func neverIssued(t *tester) {
	// Promise 1, SID-4.
	t.begun()
	foreign := session("ann", at(0))
	t.unknown(foreign)
	t.extend(foreign, at(interval), at(idle), false)
	t.revoke(foreign, at(0), false)
	t.unknown(foreign)
}

func zeroHash(t *tester) {
	o := session(t.user("ann"), at(0))
	o.hash = backends.SecretHash{}
	t.create(o)
	if s, _, err := t.Store.FindBySecret(t.ctx, at(0), backends.SecretHash{}); !errors.Is(err, backends.ErrNotFound) {
		t.Errorf("session %q, error %v; want ErrNotFound", s.ID, err)
	}
}

func dumpOpensNothing(t *tester) {
	// Promise 2, SID-6: someone sends what stands in a column as a cookie's secret.
	o := t.begun()
	if s, _, err := t.Store.FindBySecret(t.ctx, at(0), backends.Secret(o.hash).Hash()); !errors.Is(err, backends.ErrNotFound) {
		t.Errorf("session %q, error %v; want ErrNotFound", s.ID, err)
	}
}

func idNotText(t *tester) {
	// SID-10.
	t.begun()
	for what, id := range notText() {
		if s, _, err := t.Store.FindByID(t.ctx, at(0), id); !errors.Is(err, backends.ErrNotFound) {
			t.Errorf("%s: session %q, error %v; want ErrNotFound", what, s.ID, err)
		}
	}
}

func endIsTold(t *tester) {
	revoked, expired := t.begun(), t.open("ann", at(0))
	t.same(t.over(expired, at(idle), backends.ErrExpired), expired.Session)
	if ok, err := t.Store.Revoke(t.ctx, at(time.Second), revoked.ID, backends.ReasonCredentials); !ok || err != nil {
		t.Fatalf("Revoke: %v, %v; want true", ok, err)
	}
	revoked.Ended = backends.Ended{At: at(time.Second), Reason: "credentials"}
	t.same(t.over(revoked, at(time.Second), backends.ErrRevoked), revoked.Session)
}

func revokedBeforeExpired(t *tester) {
	o := t.begun()
	t.revoke(o, at(idle-tick), true)
	for _, now := range []time.Time{at(idle - tick), at(idle), at(absolute), at(absolute + idle)} {
		if s := t.over(o, now, backends.ErrRevoked); s.Ended.Reason != "logout" {
			t.Errorf("reason %q, want logout", s.Ended.Reason)
		}
	}
}

func disabledNextRequest(t *tester) {
	// Promise 8, LO-2.
	o, bobs := t.begun(), t.open(t.user("bob"), at(0))
	t.live(o, at(0))
	t.put(backends.User{ID: "ann", Name: "ann", Roles: []string{"user"}, Disabled: true})
	t.over(o, at(0), backends.ErrNotLive)
	t.extend(o, at(interval), at(interval+idle), false)
	t.live(bobs, at(0))
}

func deletedNextRequest(t *tester) {
	// Promise 8, LO-2.
	o, bobs := t.begun(), t.open(t.user("bob"), at(0))
	t.live(o, at(0))
	t.DropUser(t.T, "ann")
	t.over(o, at(0), backends.ErrNotLive)
	t.extend(o, at(interval), at(interval+idle), false)
	t.live(bobs, at(0))
}

func rolesNextRequest(t *tester) {
	// Promise 8, AZ-2.
	o := t.begun()
	for _, roles := range [][]string{{"user", "admin"}, {"관리자", "a b,c\"{}"}, {}, {"user"}} {
		t.put(backends.User{ID: "ann", Name: "ann", Roles: roles})
		if _, u := t.live(o, at(0)); !slices.Equal(u.Roles, roles) {
			t.Errorf("roles %q, want %q", u.Roles, roles)
		}
	}
}

func userFound(t *tester) {
	t.user("ann", "user", "admin")
	t.put(backends.User{ID: "bob", Name: "bob", Disabled: true})
	for range 2 { // what the first round changes, the second must not see
		u, err := t.Store.FindUser(t.ctx, "ann")
		if err != nil || u.ID != "ann" || !slices.Equal(u.Roles, []string{"user", "admin"}) || u.Disabled || u.Version == 0 {
			t.Fatalf("FindUser: %+v, error %v; want ann with the roles user and admin", u, err)
		}
		u.Roles[0] = "root"
	}
	if u, err := t.Store.FindUser(t.ctx, "bob"); err != nil || u.ID != "bob" || !u.Disabled {
		t.Errorf("FindUser: %+v, error %v; want bob, disabled", u, err)
	}
	t.DropUser(t.T, "bob")
	ids := notText()
	ids["deleted"], ids["other case"] = "bob", "ANN"
	for what, id := range ids {
		if u, err := t.Store.FindUser(t.ctx, id); !errors.Is(err, backends.ErrNotFound) {
			t.Errorf("%s: %+v, error %v; want ErrNotFound", what, u, err)
		}
	}
	_, err := t.Store.FindUser(ended(t.ctx), "ann")
	t.aboutTheStore("FindUser", err)
}

func findersCopy(t *tester) {
	o := session(t.user("ann", "user"), at(0))
	t.create(o)
	for range 2 { // what the first round changes, the second must not see
		s, u := t.live(o, at(0))
		t.same(s, o.Session)
		if u.Roles[0] != "user" {
			t.Errorf("role %q, want user", u.Roles[0])
		}
		byID, byIDUser, _ := t.Store.FindByID(t.ctx, at(0), o.ID)
		s.AMR[0], u.Roles[0] = "mfa", "admin"
		byID.AMR[1], byIDUser.Roles[0] = "mfa", "admin"
	}
}

func findWithoutContext(t *tester) {
	// A store that could not be asked lets nobody in and logs nobody out.
	o := t.begun()
	_, _, err := t.Store.FindBySecret(ended(t.ctx), at(0), o.hash)
	t.aboutTheStore("FindBySecret", err)
	_, _, err = t.Store.FindByID(ended(t.ctx), at(0), o.ID)
	t.aboutTheStore("FindByID", err)
	t.live(o, at(0))
}
