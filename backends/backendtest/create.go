package backendtest

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

func createPromises() []promise {
	return []promise{
		{"a session that was created is found, with its user", foundWithItsUser},
		{"every field of a session is kept", everyFieldIsKept},
		{"times come back in UTC, exact to the microsecond", timesComeBackInUTC},
		{"a session without a secret is found by its ID, and there may be many", sessionsWithoutSecret},
		{"a login opens a session beside those that are there", loginsStandSideBySide},
		{"an expired session prevents no login", expiredBlocksNoLogin},
		{"an ID that is taken is a conflict, and nothing is overwritten", takenID},
		{"a user who does not exist cannot log in", noSuchUser},
		{"a disabled user cannot log in", disabledUser},
		{"a deleted user cannot log in", deletedUser},
		{"a login that was checked at another version of the user is a conflict", otherVersion},
		{"fifty simultaneous logins are fifty sessions", fiftyLogins},
		{"of simultaneous creations with one ID exactly one succeeds", oneIDOnce},
		{"a slice that was given to Create stays the caller's", createCopies},
		{"Create with a context that has ended fails and creates nothing", createWithoutContext},
	}
}

func foundWithItsUser(t *tester) {
	ann := t.user("ann", "user", "admin")
	t.user("bob", "user")
	o := t.open(ann, at(0))
	s, u := t.live(o, at(0))
	t.same(s, o.Session)
	if u.ID != "ann" || !slices.Equal(u.Roles, []string{"user", "admin"}) || u.Disabled {
		t.Errorf("user %+v, want ann with the roles user and admin", u)
	}
	if u.Version == 0 {
		t.Error("the user's version is 0, which stands for any version")
	}
}

func everyFieldIsKept(t *tester) {
	ann := t.user("ann")
	bare := session(ann, at(0))
	bare.Client, bare.AMR = backends.Client{}, nil
	phone := session(ann, at(0))
	phone.Kind = backends.KindToken
	phone.IdleTimeout, phone.RenewalInterval = 30*24*time.Hour, 72*time.Hour
	phone.IdleDeadline, phone.AbsoluteDeadline = at(30*24*time.Hour), at(400*24*time.Hour)
	phone.Refresh = backends.Refresh{
		Generation: 1 << 40,
		RotatedAt:  at(-time.Second),
		SeenAt:     at(tick),
	}
	longest := session(ann, at(0))
	longest.Kind = backends.Kind(strings.Repeat("k", 64))
	longest.Client = backends.Client{IP: netip.MustParseAddr("2001:db8:1111:2222:3333:4444:5555:6666"), UserAgent: strings.Repeat("u", 512), Label: strings.Repeat("l", 128)}
	longest.AMR = []string{strings.Repeat("a", 512), "a method", strings.Repeat("b", 502)} // 1024 bytes
	extreme := session(ann, at(0))
	extreme.CreatedAt = time.Date(1970, time.January, 1, 0, 0, 0, 0, time.UTC)
	extreme.AbsoluteDeadline = time.Date(9999, time.December, 31, 23, 59, 59, 999999000, time.UTC)
	extreme.IdleTimeout, extreme.RenewalInterval = tick, tick
	bound := session(ann, at(0))
	bound.Binding = backends.Binding{
		Algorithm: strings.Repeat("x", 64), Thumbprint: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", Key: strings.Repeat("k", 1024),
		BoundAt: at(tick), ProvedAt: at(-tick),
	}
	bound.Actor = backends.Actor{UserID: strings.Repeat("r", 255), SessionID: backends.NewID("root"), UserVersion: 1 << 40}
	for _, o := range []opened{bare, phone, longest, extreme, bound} {
		_, err := t.Store.Create(t.ctx, at(0), o.Session, o.hash, backends.CreateOptions{})
		t.ok("Create", err)
		t.unchanged(o, at(0))
	}
}

func timesComeBackInUTC(t *tester) {
	o := session(t.user("ann"), at(999).In(time.FixedZone("KST", 9*60*60)))
	o.Binding = key("a", o.CreatedAt)
	s, _ := t.live(t.create(o), at(tick))
	t.revoke(o, at(2*tick).In(time.FixedZone("PST", -8*60*60)), true)
	s.Ended = t.over(o, at(2*tick), backends.ErrRevoked).Ended
	want := times(&o.Session)
	want["Ended.At"] = ptr(at(2 * tick))
	for field, got := range times(&s) {
		if got.Location() != time.UTC {
			t.Errorf("%s is in %v, want UTC", field, got.Location())
		}
		if d := got.Sub(*want[field]).Abs(); d >= tick {
			t.Errorf("%s is %v, want %v", field, got, want[field])
		}
	}
}

func sessionsWithoutSecret(t *tester) {
	ann := t.user("ann")
	for range 3 {
		o := session(ann, at(0))
		o.Kind, o.hash = backends.KindToken, backends.SecretHash{}
		t.unchanged(t.create(o), at(0))
	}
}

func loginsStandSideBySide(t *tester) {
	ann := t.user("ann")
	first, second := t.open(ann, at(0)), t.open(ann, at(0))
	t.live(first, at(0))
	t.live(second, at(0))
	t.revoke(first, at(0), true)
	t.live(second, at(0))
}

func expiredBlocksNoLogin(t *tester) {
	ann := t.user("ann")
	first := t.open(ann, at(0))
	second := t.open(ann, at(idle))
	t.over(first, at(idle), backends.ErrExpired)
	t.live(second, at(idle))
}

func takenID(t *tester) {
	first := t.begun()
	for _, user := range []string{"ann", t.user("bob")} {
		second := session(user, at(tick))
		second.ID = first.ID
		if err := t.tryCreate(second, backends.CreateOptions{}); !errors.Is(err, backends.ErrConflict) {
			t.Errorf("Create for %s: %v, want ErrConflict", user, err)
		}
		t.shut(second.ID, second.hash, at(tick))
	}
	s, u := t.live(first, at(0))
	t.same(s, first.Session)
	if u.ID != "ann" {
		t.Errorf("the session is %q's now, want ann's", u.ID)
	}
}

func noSuchUser(t *tester) {
	t.user("ann")
	for _, id := range []string{"bob", "Ann", "ann ", "an", "%"} {
		t.refused(session(id, at(0)), backends.CreateOptions{}, backends.ErrNotFound)
	}
}

func disabledUser(t *tester) {
	t.disable("ann")
	t.refused(session("ann", at(0)), backends.CreateOptions{}, backends.ErrUserDisabled)
	t.live(t.open(t.user("ann"), at(0)), at(0))
}

func deletedUser(t *tester) {
	ann := t.user("ann")
	t.DropUser(t.T, ann)
	t.refused(session(ann, at(0)), backends.CreateOptions{}, backends.ErrNotFound)
}

func otherVersion(t *tester) {
	o := t.begun()
	_, before := t.live(o, at(0))
	t.user("ann", "user", "admin")
	_, after := t.live(o, at(0))
	if before.Version == after.Version {
		t.Fatalf("version %d before and after the roles changed, want another", after.Version)
	}
	t.refused(session("ann", at(0)), backends.CreateOptions{UserVersion: before.Version}, backends.ErrConflict)
	t.refused(session("ann", at(0)), backends.CreateOptions{UserVersion: after.Version + 1000}, backends.ErrConflict)
	current := session("ann", at(0))
	t.ok("Create at the user's version", t.tryCreate(current, backends.CreateOptions{UserVersion: after.Version}))
	t.live(current, at(0))
}

func fiftyLogins(t *tester) {
	ann := t.user("ann")
	all := make([]opened, 50)
	var logins []func()
	for i := range all {
		all[i] = session(ann, at(0))
		logins = append(logins, func() {
			if err := t.tryCreate(all[i], backends.CreateOptions{}); err != nil {
				t.Errorf("Create: %v", err)
			}
		})
	}
	together(logins...)
	for _, o := range all {
		t.unchanged(o, at(0))
	}
}

func oneIDOnce(t *tester) {
	ann := t.user("ann")
	for range rounds {
		id := backends.NewID(ann)
		var created, conflicts atomic.Int32
		together(nTimes(8, func() {
			o := session(ann, at(0))
			o.ID = id
			switch err := t.tryCreate(o, backends.CreateOptions{}); {
			case err == nil:
				created.Add(1)
			case errors.Is(err, backends.ErrConflict):
				conflicts.Add(1)
			default:
				t.Errorf("Create: %v, want ErrConflict", err)
			}
		})...)
		if created.Load() != 1 || conflicts.Load() != 7 {
			t.Fatalf("%d created and %d conflicts, want 1 and 7", created.Load(), conflicts.Load())
		}
	}
}

func createCopies(t *tester) {
	o := session(t.user("ann"), at(0))
	o.AMR = []string{"pwd"}
	t.create(o)
	o.AMR[0] = "hwk"
	s, _ := t.live(o, at(0))
	if s.AMR[0] != "pwd" {
		t.Errorf("AMR %v, want pwd: the store shares slices with its caller", s.AMR)
	}
}

func createWithoutContext(t *tester) {
	o := session(t.user("ann"), at(0))
	_, err := t.Store.Create(ended(t.ctx), at(0), o.Session, o.hash, backends.CreateOptions{})
	t.aboutTheStore("Create", err)
	t.unknown(o)
}

// refused fails the test unless Create refuses o with want and creates nothing.
func (t *tester) refused(o opened, c backends.CreateOptions, want error) {
	t.Helper()
	if err := t.tryCreate(o, c); !errors.Is(err, want) {
		t.Errorf("Create for %q: %v, want %v", o.UserID, err, want)
	}
	t.unknown(o)
}

func ptr[T any](v T) *T { return &v }
