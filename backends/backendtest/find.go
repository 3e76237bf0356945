package backendtest

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
)

func findPromises() []promise {
	return []promise{
		{"a session that was never created is not found, and not adopted", neverIssued},
		{"the hash of another secret finds nothing", wrongHash},
		{"the hash of another secret does not tell how a session ended", wrongHashOfTheDead},
		{"without a hash the ID alone finds a session", idAlone},
		{"a session without a secret is found by no hash", noHashOpens},
		{"what the store keeps opens nothing", dumpOpensNothing},
		{"text that can be no ID is not found", idNotText},
		{"IDs are compared exactly", idIsExact},
		{"a session that has ended is returned with the refusal", endIsReturned},
		{"a session that was revoked says so even when it would have expired since", revokedBeforeExpired},
		{"disabling a user takes effect on the next request", disabledNextRequest},
		{"deleting a user takes effect on the next request", deletedNextRequest},
		{"a session that was refused because of its user stays over when the user comes back", refusedStaysOver},
		{"changing roles takes effect on the next request", rolesNextRequest},
		{"what Find returned is the caller's own", findCopies},
		{"Find with a context that has ended says nothing about the session", findWithoutContext},
	}
}

func neverIssued(t *tester) {
	t.begun()
	foreign := session("ann", at(0))
	t.unknown(foreign)
	t.notExtended(foreign, at(interval))
	t.revoke(foreign, at(0), false)
	t.unknown(foreign)
}

func wrongHash(t *tester) {
	o, other := t.begun(), t.open("ann", at(0))
	almost := o.hash
	almost[31] ^= 1
	for _, h := range []backends.SecretHash{almost, other.hash, backends.NewSecret().Hash(), backends.Secret{}.Hash()} {
		t.shut(o.ID, h, at(0))
	}
	t.unchanged(o, at(0))
	t.unchanged(other, at(0))
}

func wrongHashOfTheDead(t *tester) {
	revoked, expired := t.begun(), t.open("ann", at(0))
	t.revoke(revoked, at(0), true)
	for _, o := range []opened{revoked, expired} {
		t.shut(o.ID, backends.NewSecret().Hash(), at(idle))
		t.over(o, at(idle), backends.ErrNotLive)
	}
}

func idAlone(t *tester) {
	o := t.begun()
	t.open("ann", at(0))
	s, u, err := t.Store.Find(t.ctx, at(0), o.ID, backends.SecretHash{})
	t.ok("Find", err)
	if t.same(s, o.Session); u.ID != "ann" {
		t.Errorf("user %q, want ann", u.ID)
	}
}

func noHashOpens(t *tester) {
	o := session(t.user("ann"), at(0))
	o.hash = backends.SecretHash{}
	t.create(o)
	for _, h := range []backends.SecretHash{{31: 1}, backends.Secret{}.Hash(), backends.NewSecret().Hash()} {
		t.shut(o.ID, h, at(0))
	}
	t.unchanged(o, at(0))
}

func dumpOpensNothing(t *tester) {
	// Here a cookie presents what a copy of the database shows.
	o := t.begun()
	t.shut(o.ID, backends.Secret(o.hash).Hash(), at(0))
}

func idNotText(t *tester) {
	t.begun()
	for what, id := range notID() {
		for _, h := range []backends.SecretHash{{}, backends.NewSecret().Hash()} {
			if s, _, err := t.Store.Find(t.ctx, at(0), id, h); !errors.Is(err, backends.ErrNotFound) {
				t.Errorf("%s: session %q, error %v; want ErrNotFound", what, s.ID, err)
			}
		}
	}
}

func idIsExact(t *tester) {
	o := session(t.user("ann"), at(0))
	o.ID = o.ID[:22] + "WXYZ"
	t.create(o)
	for _, id := range []string{strings.ToLower(o.ID), o.ID[:22] + "WXYz", o.ID[:22] + "WXY ", o.ID[:22] + "WXY", o.ID[:22] + "WXY_", o.ID + " ", "%"} {
		t.shut(id, backends.SecretHash{}, at(0))
		t.shut(id, o.hash, at(0))
	}
	t.live(o, at(0))
}

func endIsReturned(t *tester) {
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
		t.endedAs(t.over(o, now, backends.ErrRevoked), "logout", at(idle-tick))
	}
}

func disabledNextRequest(t *tester) {
	o, bobs := t.begun(), t.open(t.user("bob"), at(0))
	t.live(o, at(0))
	t.disable("ann")
	t.over(o, at(0), backends.ErrNotLive)
	t.notExtended(o, at(interval))
	t.live(bobs, at(0))
}

func deletedNextRequest(t *tester) {
	o, bobs := t.begun(), t.open(t.user("bob"), at(0))
	t.live(o, at(0))
	t.DropUser(t.T, "ann")
	t.over(o, at(0), backends.ErrNotLive)
	t.notExtended(o, at(interval))
	t.live(bobs, at(0))
}

func refusedStaysOver(t *tester) {
	for _, remove := range []func(){func() { t.disable("ann") }, func() { t.DropUser(t.T, "ann") }} {
		o := t.open(t.user("ann", "user"), at(0))
		remove()
		t.over(o, at(0), backends.ErrNotLive)
		t.user("ann", "user")
		t.endedAs(t.over(o, at(0), backends.ErrRevoked), "user_ended", at(0))
		t.notExtended(o, at(interval))
		t.live(t.open("ann", at(0)), at(0))
	}
}

func rolesNextRequest(t *tester) {
	o := t.begun()
	for _, roles := range [][]string{{"user", "admin"}, {"관리자", "a b,c\"{}"}, {}, {"user"}} {
		t.user("ann", roles...)
		if _, u := t.live(o, at(0)); !slices.Equal(u.Roles, roles) {
			t.Errorf("roles %q, want %q", u.Roles, roles)
		}
	}
}

func findCopies(t *tester) {
	o := t.begun()
	for range 2 { // what the first round changes, the second must not see
		s, u := t.live(o, at(0))
		t.same(s, o.Session)
		if u.Roles[0] != "user" {
			t.Errorf("role %q, want user", u.Roles[0])
		}
		byID, byIDUser, _ := t.Store.Find(t.ctx, at(0), o.ID, backends.SecretHash{})
		s.AMR[0], u.Roles[0] = "mfa", "admin"
		byID.AMR[1], byIDUser.Roles[0] = "mfa", "admin"
	}
}

func findWithoutContext(t *tester) {
	// A store that could not be asked lets no one in and logs no one out.
	o := t.begun()
	for _, h := range o.hashes() {
		_, _, err := t.Store.Find(ended(t.ctx), at(0), o.ID, h)
		t.aboutTheStore("Find", err)
	}
	t.live(o, at(0))
}
