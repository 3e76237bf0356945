package backendtest

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

func revokePromises() []promise {
	return []promise{
		{"a session that was revoked is over, and says when and why", revokedSays},
		{"revoking reports whether this call ended the session, and keeps the first reason", firstReasonStays},
		{"a session that had expired is not ended by revoking it", expiredBeforeRevoked},
		{"a session that was revoked after its deadline does not live when the clock is set back", revokedAfterDeadline},
		{"an application may give reasons of its own", ownReason},
		{"revoking what is unknown does nothing, and is no error", revokeUnknown},
		{"of simultaneous logouts exactly one ends the session", oneLogout},
		{"Revoke with a context that has ended fails and ends nothing", revokeWithoutContext},
	}
}

func revokedSays(t *tester) {
	o, other := t.begun(), t.open("ann", at(0))
	t.revoke(o, at(time.Minute), true)
	s := t.over(o, at(time.Minute), backends.ErrRevoked)
	o.Ended = backends.Ended{At: at(time.Minute), Reason: "logout"}
	t.same(s, o.Session)
	t.live(other, at(time.Minute))
}

func firstReasonStays(t *tester) {
	o := t.begun()
	t.revoke(o, at(time.Minute), true)
	ok, err := t.Store.Revoke(t.ctx, at(2*time.Minute), o.ID, backends.ReasonRevoked)
	if ok || err != nil {
		t.Errorf("second Revoke: %v, error %v; want false and no error", ok, err)
	}
	s := t.over(o, at(2*time.Minute), backends.ErrRevoked)
	t.endedAs(s, "logout", at(time.Minute))
}

func expiredBeforeRevoked(t *tester) {
	o := t.begun()
	t.revoke(o, at(idle), false)
	t.over(o, at(idle), backends.ErrNotLive)
}

func revokedAfterDeadline(t *tester) {
	// The user logged out, whatever the clock says about when that was.
	o := t.begun()
	t.revoke(o, at(idle+time.Minute), false)
	t.over(o, at(idle-4*time.Minute), backends.ErrNotLive)
	t.notExtended(o, at(idle-4*time.Minute))
}

func ownReason(t *tester) {
	o := t.begun()
	long := "비밀번호 변경: " + strings.Repeat("r", 43) // 64 bytes
	if ok, err := t.Store.Revoke(t.ctx, at(0), o.ID, backends.Reason(long)); !ok || err != nil {
		t.Errorf("Revoke: %v, error %v; want true", ok, err)
	}
	if s := t.over(o, at(0), backends.ErrRevoked); string(s.Ended.Reason) != long {
		t.Errorf("reason %q, want %q", s.Ended.Reason, long)
	}
}

func revokeUnknown(t *tester) {
	t.user("ann")
	o := session("ann", at(0))
	t.revoke(o, at(0), false)
	t.unknown(o)
	for what, id := range notID() {
		if ok, err := t.Store.Revoke(t.ctx, at(0), id, backends.ReasonLogout); ok || err != nil {
			t.Errorf("%s: %v, error %v; want false and no error", what, ok, err)
		}
	}
}

func oneLogout(t *tester) {
	ann := t.user("ann")
	for range rounds {
		o := t.open(ann, at(0))
		var did atomic.Int32
		together(nTimes(8, func() {
			ok, err := t.Store.Revoke(t.ctx, at(0), o.ID, backends.ReasonLogout)
			if err != nil {
				t.Errorf("Revoke: %v", err)
			}
			if ok {
				did.Add(1)
			}
		})...)
		if did.Load() != 1 {
			t.Fatalf("%d of 8 simultaneous logouts ended the session, want 1", did.Load())
		}
	}
}

func revokeWithoutContext(t *tester) {
	o := t.begun()
	_, err := t.Store.Revoke(ended(t.ctx), at(0), o.ID, backends.ReasonLogout)
	t.aboutTheStore("Revoke", err)
	t.live(o, at(0))
}
