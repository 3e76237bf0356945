package backendtest

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

func listerPromises() []promise {
	return []promise{
		{"a user's live sessions are listed, the most recently seen first", listedBySeen},
		{"a list comes in pages, with each session in one", listedInPages},
		{"sessions that are used while pages are read are in no two, and hide no other", pagesWhileUsed},
		{"pages of one session each hold all that were seen at the same time", pagesOfOne},
		{"a page that is not valid is a mistake", invalidPage},
		{"a listed session is the whole session", listedWhole},
		{"only live sessions are listed", onlyLiveListed},
		{"the list of a user holds no session of another", nobodyElseListed},
		{"what List returned is the caller's own", listCopies},
		{"an unknown user has no sessions", unknownHasNone},
		{"a user's other sessions are ended, and counted", othersEnded},
		{"all sessions of a user are ended, and counted", allOfUserEnded},
		{"the exception is for a session of that user only", exceptionIsTheUsers},
		{"every live session of everyone is ended", everyoneEnded},
		{"a user who was logged out everywhere can log in again", logsInAgain},
		{"simultaneous calls count each session once", countedOnce},
		{"logging out everywhere wins over renewals in flight", everywhereBeatsRenewal},
		{"a reason that is not valid is a mistake, and ends no session", invalidReasonForAll},
		{"a lister that is asked with a context that has ended fails and ends nothing", listerWithoutContext},
	}
}

func (t *tester) lister() backends.SessionLister { return t.Store.(backends.SessionLister) }

// list fails the test unless the user's list at now is want, in its order.
func (t *tester) list(userID string, now time.Time, want ...opened) []backends.Session {
	t.Helper()
	list, _, err := t.lister().List(t.ctx, now, userID, backends.Page{})
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	var got, ids []string
	for _, s := range list {
		got = append(got, s.ID)
	}
	for _, o := range want {
		ids = append(ids, o.ID)
	}
	if !slices.Equal(got, ids) {
		t.Errorf("List of %q at %v: %q, want %q", userID, now.Sub(at(0)), got, ids)
	}
	return list
}

func (t *tester) revokeUser(userID, except string, now time.Time, want int) {
	t.Helper()
	n, err := t.lister().RevokeUser(t.ctx, now, userID, except, backends.ReasonRevoked)
	if err != nil || n != want {
		t.Errorf("RevokeUser of %q: %d, error %v; want %d", userID, n, err, want)
	}
}

func (t *tester) revokeAll(now time.Time, why backends.Reason) {
	t.Helper()
	if err := t.lister().RevokeAll(t.ctx, now, why); err != nil {
		t.Errorf("RevokeAll: %v", err)
	}
}

func listedBySeen(t *tester) {
	ann := t.user("ann")
	first, second, third := t.open(ann, at(0)), t.open(ann, at(time.Second)), t.open(ann, at(2*time.Second))
	t.list(ann, at(2*time.Second), third, second, first)
	t.extend(first, at(2*interval), at(2*interval+idle))
	t.list(ann, at(2*interval), first, third, second)
}

func listedWhole(t *tester) {
	o := session(t.user("ann"), at(0))
	o.Refresh = backends.Refresh{Generation: 3, RotatedAt: at(0), SeenAt: at(tick)}
	t.create(o)
	for _, s := range t.list("ann", at(0), o) {
		t.same(s, o.Session)
		for field, at := range times(&s) {
			if at.Location() != time.UTC {
				t.Errorf("%s is in %v, want UTC", field, at.Location())
			}
		}
	}
}

func onlyLiveListed(t *tester) {
	ann := t.user("ann")
	expiring, revoked, stays := t.open(ann, at(0)), t.open(ann, at(time.Second)), t.open(ann, at(2*time.Second))
	t.list(ann, at(2*time.Second), stays, revoked, expiring)
	t.revoke(revoked, at(2*time.Second), true)
	t.list(ann, at(2*time.Second), stays, expiring)
	t.list(ann, at(idle-tick), stays, expiring)
	t.list(ann, at(idle), stays)
	t.list(ann, at(idle+2*time.Second))
	t.disable(ann)
	t.list(ann, at(2*time.Second))
}

func nobodyElseListed(t *tester) {
	o := t.begun()
	t.user("bob")
	t.user("ann2")
	bobs := t.open("bob", at(0))
	t.list("ann", at(0), o)
	t.list("bob", at(0), bobs)
	t.list("ann2", at(0))
}

func listCopies(t *tester) {
	o := session(t.user("ann"), at(0))
	t.create(o)
	for _, s := range t.list("ann", at(0), o) {
		s.AMR[0] = "mfa"
	}
	t.unchanged(o, at(0))
}

func unknownHasNone(t *tester) {
	o := t.begun()
	t.list("nobody", at(0))
	t.revokeUser("nobody", "", at(0), 0)
	for what, id := range notText() {
		// ErrNotFound is as good an answer as an empty one.
		list, _, err := t.lister().List(t.ctx, at(0), id, backends.Page{})
		if len(list) != 0 || err != nil && !errors.Is(err, backends.ErrNotFound) {
			t.Errorf("List for %s: %d sessions, error %v; want none", what, len(list), err)
		}
		n, err := t.lister().RevokeUser(t.ctx, at(0), id, "", backends.ReasonRevoked)
		if n != 0 || err != nil && !errors.Is(err, backends.ErrNotFound) {
			t.Errorf("RevokeUser for %s: %d sessions, error %v; want none", what, n, err)
		}
	}
	t.live(o, at(0))
}

func othersEnded(t *tester) {
	ann := t.user("ann")
	expired := t.open(ann, at(-idle))
	ended, other, current := t.open(ann, at(0)), t.open(ann, at(0)), t.open(ann, at(0))
	bobs := t.open(t.user("bob"), at(0))
	t.revoke(ended, at(0), true)
	t.revokeUser(ann, current.ID, at(time.Second), 1)
	t.live(current, at(time.Second))
	t.live(bobs, at(time.Second))
	t.endedAs(t.over(other, at(time.Second), backends.ErrRevoked), "revoked", at(time.Second))
	t.endedAs(t.over(ended, at(time.Second), backends.ErrRevoked), "logout", at(0))
	t.over(expired, at(time.Second), backends.ErrNotLive)
	t.revokeUser(ann, current.ID, at(time.Second), 0)
}

func allOfUserEnded(t *tester) {
	first, second := t.begun(), t.open("ann", at(0))
	t.revokeUser("ann", "", at(0), 2)
	t.over(first, at(0), backends.ErrRevoked)
	t.over(second, at(0), backends.ErrRevoked)
	t.revokeUser("ann", "", at(0), 0)
}

func exceptionIsTheUsers(t *tester) {
	anns, bobs := t.begun(), t.open(t.user("bob"), at(0))
	t.revokeUser("ann", bobs.ID, at(0), 1)
	t.over(anns, at(0), backends.ErrRevoked)
	t.live(bobs, at(0))
	anns = t.open("ann", at(0))
	t.revokeUser("ann", "\x00", at(0), 1)
	t.over(anns, at(0), backends.ErrRevoked)
}

func everyoneEnded(t *tester) {
	t.open(t.user("ann"), at(-idle)) // expired
	ended := t.open("ann", at(0))
	t.revoke(ended, at(0), true)
	live := []opened{t.open("ann", at(0)), t.open("ann", at(0)), t.open(t.user("bob"), at(0))}
	t.revokeAll(at(time.Second), "incident")
	t.revokeAll(at(2*time.Second), "again")
	for _, o := range live {
		t.endedAs(t.over(o, at(time.Second), backends.ErrRevoked), "incident", at(time.Second))
	}
	t.endedAs(t.over(ended, at(time.Second), backends.ErrRevoked), "logout", at(0))
}

func logsInAgain(t *tester) {
	t.begun()
	t.revokeUser("ann", "", at(0), 1)
	t.live(t.open("ann", at(0)), at(0))
	t.revokeAll(at(0), "incident")
	o := t.open("ann", at(0))
	t.live(o, at(0))
	t.list("ann", at(0), o)
}

func countedOnce(t *tester) {
	ann := t.user("ann")
	for range rounds {
		for range 5 {
			t.open(ann, at(0))
		}
		var sum atomic.Int64
		byUser := func() {
			n, err := t.lister().RevokeUser(t.ctx, at(0), ann, "", backends.ReasonRevoked)
			if err != nil {
				t.Errorf("RevokeUser: %v", err)
			}
			sum.Add(int64(n))
		}
		together(byUser, byUser, byUser, byUser)
		if sum.Load() != 5 {
			t.Fatalf("%d sessions were ended in all, want 5", sum.Load())
		}
	}
}

func everywhereBeatsRenewal(t *tester) {
	ann := t.user("ann")
	for range rounds {
		o := t.open(ann, at(0))
		renew := t.renew(o, at(interval))
		together(renew, renew, func() { t.revokeUser(ann, "", at(interval), 1) }, renew, renew)
		t.over(o, at(interval), backends.ErrRevoked)
	}
}

func invalidReasonForAll(t *tester) {
	o := t.begun()
	for what, why := range badReasons() {
		for _, user := range []string{"ann", "nobody"} {
			n, err := t.lister().RevokeUser(t.ctx, at(0), user, "", why)
			if t.mistaken("RevokeUser, "+what, err); n != 0 {
				t.Errorf("RevokeUser, %s: %d ended, want 0", what, n)
			}
		}
		t.mistaken("RevokeAll, "+what, t.lister().RevokeAll(t.ctx, at(0), why))
	}
	t.unchanged(o, at(0))
}

func listerWithoutContext(t *tester) {
	o := t.begun()
	_, _, err := t.lister().List(ended(t.ctx), at(0), "ann", backends.Page{})
	t.aboutTheStore("List", err)
	_, err = t.lister().RevokeUser(ended(t.ctx), at(0), "ann", "", backends.ReasonRevoked)
	t.aboutTheStore("RevokeUser", err)
	err = t.lister().RevokeAll(ended(t.ctx), at(0), backends.ReasonRevoked)
	t.aboutTheStore("RevokeAll", err)
	t.live(o, at(0))
}
