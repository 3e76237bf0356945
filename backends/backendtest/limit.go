package backendtest

import (
	"errors"
	"slices"
	"time"

	"github.com/inga-auth/inga/backends"
)

func limitPromises() []promise {
	return []promise{
		{"a new login ends the one before where one at a time is allowed", oneAtATime},
		{"the sessions that were used least recently make room, and say why they ended", leastRecentlyUsed},
		{"a login that would be one too many is refused, and the others live", oneTooMany},
		{"sessions that are over do not count", overDoNotCount},
		{"each kind has a limit of its own, besides the limit of all", limitsByKind},
		{"the limit is asked about the user as stored at that moment", limitOfTheUser},
		{"the limit of a user does not count the sessions of another", limitOfOneUser},
		{"a limit that was lowered holds from the next login on", loweredLimit},
		{"logging in again from the same device takes the place of its own session", sameDevice},
		{"a session of another user is not replaced", notAnothersSession},
		{"a login that fails ends no session", failedLoginEndsNothing},
		{"a login that races a change of its user happens, or ends no session", changedLoginEndsNothing},
		{"simultaneous logins leave as many sessions as the limit says", logInWithinLimit},
		{"of simultaneous logins as many succeed as the limit says", refuseBeyondLimit},
		{"a limit below zero is a mistake, and changes nothing", negativeLimit},
	}
}

// admit creates o at o.CreatedAt under the conditions and returns the IDs of what ended.
func (t *tester) admit(o opened, c backends.CreateOptions, want error) []string {
	t.Helper()
	ended, err := t.Store.Create(t.ctx, o.CreatedAt, o.Session, o.hash, c)
	if !errors.Is(err, want) {
		t.Errorf("Create: %v, want %v", err, want)
	}
	if err != nil {
		t.unknown(o)
	}
	return ended
}

func within(l backends.Limit) backends.CreateOptions { return backends.CreateOptions{Limit: l.ForAll} }

func (t *tester) wantEnded(got []string, want ...opened) {
	t.Helper()
	var ids []string
	for _, o := range want {
		ids = append(ids, o.ID)
	}
	slices.Sort(ids)
	if got = slices.Sorted(slices.Values(got)); !slices.Equal(got, ids) {
		t.Errorf("ended %q, want %q", got, ids)
	}
}

// ofKind is a session of the kind, begun at now.
func ofKind(kind backends.Kind, userID string, now time.Time) opened {
	o := session(userID, now)
	o.Kind = kind
	return o
}

func oneAtATime(t *tester) {
	ann := t.user("ann")
	one := within(backends.Limit{Total: 1})
	first, second, third := session(ann, at(0)), session(ann, at(time.Second)), session(ann, at(2*time.Second))
	t.wantEnded(t.admit(first, one, nil))
	t.wantEnded(t.admit(second, one, nil), first)
	t.wantEnded(t.admit(third, one, nil), second)
	for _, o := range []opened{first, second} {
		t.over(o, at(2*time.Second), backends.ErrRevoked)
	}
	t.live(third, at(2*time.Second))
}

func leastRecentlyUsed(t *tester) {
	ann := t.user("ann")
	three := within(backends.Limit{Total: 3})
	first, second, third := session(ann, at(0)), session(ann, at(1*time.Second)), session(ann, at(2*time.Second))
	for _, o := range []opened{first, second, third} {
		t.wantEnded(t.admit(o, three, nil))
	}
	t.extend(first, at(interval), at(interval+idle)) // so the second is the oldest now
	fourth := session(ann, at(interval+time.Second))
	t.wantEnded(t.admit(fourth, three, nil), second)
	s := t.over(second, at(interval+time.Second), backends.ErrRevoked)
	t.endedAs(s, "superseded", at(interval+time.Second))
	for _, o := range []opened{first, third, fourth} {
		t.live(o, at(interval+time.Second))
	}
}

func oneTooMany(t *tester) {
	ann := t.user("ann")
	two := within(backends.Limit{Total: 2, Refuse: true})
	first, second, third := session(ann, at(0)), session(ann, at(0)), session(ann, at(0))
	t.admit(first, two, nil)
	t.admit(second, two, nil)
	t.wantEnded(t.admit(third, two, backends.ErrLimit))
	t.live(first, at(0))
	t.live(second, at(0))
	t.revoke(first, at(0), true)
	t.admit(third, two, nil)
	t.live(third, at(0))
}

func overDoNotCount(t *tester) {
	ann := t.user("ann")
	one := within(backends.Limit{Total: 1, Refuse: true})
	expired, revoked, next := session(ann, at(0)), session(ann, at(idle)), session(ann, at(idle+tick))
	t.admit(expired, one, nil)
	t.admit(revoked, one, nil) // the first has expired, this instant
	t.revoke(revoked, at(idle+tick), true)
	t.admit(next, one, nil)
	t.live(next, at(idle+tick))
	t.over(expired, at(idle+tick), backends.ErrExpired)
}

func limitsByKind(t *tester) {
	ann := t.user("ann")
	limit := within(backends.Limit{Total: 3, PerKind: 2})
	at := func(n int) time.Time { return at(time.Duration(n) * time.Second) }
	web1, web2, web3 := ofKind("web", ann, at(0)), ofKind("web", ann, at(1)), ofKind("web", ann, at(2))
	t.wantEnded(t.admit(web1, limit, nil))
	t.wantEnded(t.admit(web2, limit, nil))
	t.wantEnded(t.admit(web3, limit, nil), web1) // two of a kind
	phone1, phone2, phone3 := ofKind("phone", ann, at(3)), ofKind("phone", ann, at(4)), ofKind("phone", ann, at(5))
	t.wantEnded(t.admit(phone1, limit, nil))
	t.wantEnded(t.admit(phone2, limit, nil), web2)   // three in all
	t.wantEnded(t.admit(phone3, limit, nil), phone1) // two of a kind, and with them room for the web
	for _, o := range []opened{web3, phone2, phone3} {
		t.live(o, at(5))
	}
	refusing := within(backends.Limit{PerKind: 1, Refuse: true})
	t.admit(ofKind("web", ann, at(6)), refusing, backends.ErrLimit)
	t.admit(ofKind("tv", ann, at(6)), refusing, nil)
}

func limitOfTheUser(t *tester) {
	t.user("ann", "user")
	t.user("root", "user", "admin")
	byRole := backends.CreateOptions{Limit: func(u backends.User) backends.Limit {
		if slices.Contains(u.Roles, "admin") {
			return backends.Limit{}
		}
		return backends.Limit{Total: 1, Refuse: true}
	}}
	for range 3 {
		t.admit(session("root", at(0)), byRole, nil)
	}
	t.admit(session("ann", at(0)), byRole, nil)
	t.admit(session("ann", at(0)), byRole, backends.ErrLimit)
	t.user("ann", "admin")
	t.admit(session("ann", at(0)), byRole, nil)
	var asked backends.User
	o := session("ann", at(0))
	t.admit(o, backends.CreateOptions{Limit: func(u backends.User) backends.Limit {
		asked = u
		return backends.Limit{}
	}}, nil)
	if _, u := t.live(o, at(0)); asked.ID != "ann" || asked.Version != u.Version || asked.Disabled {
		t.Errorf("asked about %+v, want %+v", asked, u)
	}
}

func limitOfOneUser(t *tester) {
	ann, bob := t.user("ann"), t.user("bob")
	bobs, first := t.open(bob, at(0)), session(ann, at(0))
	t.admit(first, within(backends.Limit{Total: 1, Refuse: true}), nil)
	t.wantEnded(t.admit(session(ann, at(tick)), within(backends.Limit{Total: 1}), nil), first)
	t.live(bobs, at(tick))
}

func loweredLimit(t *tester) {
	ann := t.user("ann")
	var all []opened
	for i := range 5 {
		all = append(all, t.open(ann, at(time.Duration(i)*time.Second)))
	}
	last := session(ann, at(time.Minute))
	t.wantEnded(t.admit(last, within(backends.Limit{Total: 2}), nil), all[:4]...)
	t.live(all[4], at(time.Minute))
	t.live(last, at(time.Minute))
}

func sameDevice(t *tester) {
	// The session of the other device stays, though it was used less recently.
	ann := t.user("ann")
	phone, browser := t.open(ann, at(0)), t.open(ann, at(time.Second))
	next := session(ann, at(time.Minute))
	a := within(backends.Limit{Total: 2, Refuse: true})
	a.Replaces = browser.ID
	t.wantEnded(t.admit(next, a, nil), browser)
	t.endedAs(t.over(browser, at(time.Minute), backends.ErrRevoked), "replaced", at(time.Minute))
	t.live(phone, at(time.Minute))
	t.live(next, at(time.Minute))
	last := session(ann, at(2*time.Minute))
	t.wantEnded(t.admit(last, backends.CreateOptions{Replaces: next.ID}, nil), next) // without a limit as well
	t.over(next, at(2*time.Minute), backends.ErrRevoked)
	t.live(last, at(2*time.Minute))
	// What was over before did not end now.
	t.wantEnded(t.admit(session(ann, at(2*time.Minute)), backends.CreateOptions{Replaces: next.ID}, nil))
}

func notAnothersSession(t *tester) {
	bobs := t.open(t.user("bob"), at(0))
	ann := t.user("ann")
	for _, replaces := range []string{bobs.ID, backends.NewID(ann), "", "no ID", "\x00"} {
		t.admit(session(ann, at(0)), backends.CreateOptions{Replaces: replaces}, nil)
		a := within(backends.Limit{Total: 3})
		a.Replaces = replaces
		t.admit(session(ann, at(0)), a, nil)
	}
	t.live(bobs, at(0))
}

func failedLoginEndsNothing(t *tester) {
	ann := t.user("ann")
	o, other := t.open(ann, at(0)), t.open(ann, at(0))
	_, u := t.live(o, at(0))
	taken := session(ann, at(0))
	taken.ID = other.ID
	for _, limit := range []func(backends.User) backends.Limit{nil, backends.Limit{Total: 1}.ForAll} {
		stale := backends.CreateOptions{UserVersion: u.Version + 1000, Replaces: o.ID, Limit: limit}
		if _, err := t.Store.Create(t.ctx, at(0), session(ann, at(0)).Session, backends.NewSecret().Hash(), stale); !errors.Is(err, backends.ErrConflict) {
			t.Errorf("another version: %v, want ErrConflict", err)
		}
		again := backends.CreateOptions{Replaces: o.ID, Limit: limit}
		if _, err := t.Store.Create(t.ctx, at(0), taken.Session, taken.hash, again); !errors.Is(err, backends.ErrConflict) {
			t.Errorf("an ID that is taken: %v, want ErrConflict", err)
		}
		t.live(o, at(0))
		t.live(other, at(0))
	}
	refused := within(backends.Limit{Total: 1, Refuse: true})
	refused.Replaces = o.ID
	t.admit(session(ann, at(0)), refused, backends.ErrLimit)
	refused.UserVersion = u.Version + 1000
	t.admit(session(ann, at(0)), refused, backends.ErrConflict) // the limit is not for the login to learn
	t.live(o, at(0))
	t.live(other, at(0))
}

func negativeLimit(t *tester) {
	o := session(t.user("ann"), at(0))
	former := t.open("ann", at(0))
	for _, l := range []backends.Limit{{Total: -1}, {PerKind: -1}} {
		c := within(l)
		c.Replaces = former.ID
		t.mistaken("Create", t.tryCreate(o, c))
	}
	t.unknown(o)
	t.live(former, at(0))
}
