package backendtest

import (
	"errors"
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
)

func rotatorPromises() []promise {
	return []promise{
		{"the current refresh token is replaced, and the next one by its successor", rotates},
		{"a token that is newer than overlap and skew is not replaced but answered again", newTokenIsReplayed},
		{"rotating counts as activity, and never moves the absolute deadline", rotationIsActivity},
		{"a hundred parallel refreshes with one token see one rotation and one successor", parallelRotations},
		{"a lost response is recovered by retrying, for as long as its token was not used", lostResponse},
		{"retrying changes nothing, and is no activity", retryChangesNothing},
		{"only the current token is marked as seen, once", seenOnce},
		{"once the successor was seen, the former token is accepted for overlap and skew only", seenSuccessor},
		{"clients that come back together long after a lost response have the grace again", comeBack},
		{"a token older than the last one is theft, whatever the grace", olderIsTheft},
		{"theft ends the session, and only that one", theftEndsTheSession},
		{"a token that was never issued is refused and changes nothing", guessed},
		{"the hash of another secret rotates nothing and does not tell how a session ended", wrongHashRotates},
		{"a refresh of a session that is over is refused", overIsNotRotated},
		{"a refresh of a disabled or deleted user is refused", unavailableIsNotRotated},
		{"a session whose refresh was refused because of its user stays over when the user comes back", refusedRefreshStaysOver},
		{"a changed role is in the next answer", roleInAnswer},
		{"many rotations leave one session", manyRotations},
		{"a logout wins over rotations in flight", logoutBeatsRotation},
		{"Rotate and MarkSeen with a context that has ended fail and change nothing", rotateWithoutContext},
	}
}

const (
	skew    = 2 * time.Second
	overlap = 10 * time.Second // with the skew
)

var grace = backends.Grace{Overlap: overlap - skew, Skew: skew}

// refreshable returns a new session with refresh tokens, whose current generation is 1.
func (t *tester) refreshable() opened {
	t.Helper()
	return t.refreshableOf(t.user("ann", "user"))
}

// refreshableOf is refreshable for a user who exists.
func (t *tester) refreshableOf(userID string) opened {
	t.Helper()
	o := ofKind(backends.KindToken, userID, at(0))
	o.Refresh = backends.Refresh{Generation: 1, RotatedAt: at(0)}
	return t.create(o)
}

func (t *tester) rotator() backends.Rotator { return t.Store.(backends.Rotator) }

// rotate presents generation n and fails the test unless the verdict is want and the current
// generation is as given.
func (t *tester) rotate(o opened, now time.Time, n int64, want backends.Rotation, current int64) backends.Session {
	t.Helper()
	s, _, got, err := t.rotator().Rotate(t.ctx, now, o.ID, o.hash, n, grace)
	if err != nil || got != want || s.Refresh.Generation != current {
		t.Fatalf("Rotate %d at %v: %v, current %d, error %v; want %v, current %d", n, now.Sub(at(0)), got, s.Refresh.Generation, err, want, current)
	}
	return s
}

// notRotated fails the test unless presenting generation n is an error of the kind, and comes
// with the session if it says that the session is over.
func (t *tester) notRotated(o opened, now time.Time, n int64, want error) {
	t.Helper()
	s, _, got, err := t.rotator().Rotate(t.ctx, now, o.ID, o.hash, n, grace)
	if !errors.Is(err, want) || got != backends.Refused {
		t.Errorf("Rotate %d at %v: %v, error %v; want refused, %v", n, now.Sub(at(0)), got, err, want)
	}
	if want := errors.Is(want, backends.ErrNotLive); want != (s.ID == o.ID) {
		t.Errorf("Rotate %d at %v: session %q, error %v; want the session with ErrNotLive only", n, now.Sub(at(0)), s.ID, err)
	}
}

func (t *tester) see(o opened, now time.Time, n int64) {
	t.Helper()
	t.ok("MarkSeen", t.rotator().MarkSeen(t.ctx, now, o.ID, n))
}

func rotates(t *tester) {
	o := t.refreshable()
	s := t.rotate(o, at(overlap), 1, backends.Rotated, 2)
	o.Refresh = backends.Refresh{Generation: 2, RotatedAt: at(overlap)}
	o.LastSeenAt, o.IdleDeadline = at(overlap), at(idle+overlap)
	t.same(s, o.Session)
	t.unchanged(o, at(overlap))
	t.rotate(o, at(2*overlap), 2, backends.Rotated, 3)
	t.rotate(o, at(3*overlap), 3, backends.Rotated, 4)
}

func newTokenIsReplayed(t *tester) {
	o := t.refreshable()
	for _, now := range []time.Duration{0, -skew, time.Second, overlap - tick} {
		t.same(t.rotate(o, at(now), 1, backends.Replayed, 1), o.Session)
	}
	t.rotate(o, at(overlap), 1, backends.Rotated, 2)
	t.rotate(o, at(2*overlap-tick), 2, backends.Replayed, 2)
	t.rotate(o, at(2*overlap), 2, backends.Rotated, 3)
}

func rotationIsActivity(t *tester) {
	// Each rotation is just before the idle deadline, up to the absolute one.
	o := t.refreshable()
	step := idle - time.Second
	n := int64(1)
	for now := step; now < absolute; now += step {
		s := t.rotate(o, at(now), n, backends.Rotated, n+1)
		if want := at(min(now+idle, absolute)); !s.AbsoluteDeadline.Equal(at(absolute)) || !s.IdleDeadline.Equal(want) {
			t.Fatalf("deadlines %v and %v, want %v and %v", s.IdleDeadline, s.AbsoluteDeadline, want, at(absolute))
		}
		n++
	}
	t.notRotated(o, at(absolute), n, backends.ErrExpired)
	t.notRotated(t.refreshableOf("ann"), at(idle), 1, backends.ErrExpired)
}

func parallelRotations(t *tester) {
	o := t.refreshable()
	var mu sync.Mutex
	counts := map[backends.Rotation]int{}
	together(nTimes(100, func() {
		s, _, got, err := t.rotator().Rotate(t.ctx, at(overlap), o.ID, o.hash, 1, grace)
		if err != nil || s.Refresh.Generation != 2 {
			t.Errorf("Rotate: current %d, error %v; want 2", s.Refresh.Generation, err)
		}
		mu.Lock()
		defer mu.Unlock()
		counts[got]++
	})...)
	if counts[backends.Rotated] != 1 || counts[backends.Replayed] != 99 {
		t.Errorf("%d rotated and %d replayed, want 1 and 99", counts[backends.Rotated], counts[backends.Replayed])
	}
	t.live(o, at(overlap))
}

func lostResponse(t *tester) {
	// The client was offline, and its next try is the last possible one.
	o := t.refreshable()
	t.rotate(o, at(overlap), 1, backends.Rotated, 2)
	t.rotate(o, at(overlap+idle-tick), 1, backends.Recovered, 2)
	t.rotate(o, at(overlap+idle-tick), 2, backends.Replayed, 2)
}

func retryChangesNothing(t *tester) {
	o := t.refreshable()
	s := t.rotate(o, at(overlap), 1, backends.Rotated, 2)
	for _, now := range []time.Duration{overlap, overlap + grace.Overlap/2 - tick} {
		t.same(t.rotate(o, at(now), 1, backends.Replayed, 2), s)
	}
	found, _ := t.live(o, at(2*overlap))
	t.same(found, s)
}

func seenOnce(t *tester) {
	o, over := t.refreshable(), t.refreshableOf("ann")
	t.revoke(over, at(0), true)
	t.rotate(o, at(overlap), 1, backends.Rotated, 2)
	for _, n := range []int64{1, 3, 0, -1} {
		t.see(o, at(overlap), n)
	}
	if s, _ := t.live(o, at(overlap)); !s.Refresh.SeenAt.IsZero() {
		t.Errorf("seen at %v, want not yet", s.Refresh.SeenAt)
	}
	without := t.open("ann", at(0)) // refresh tokens
	t.see(without, at(0), 0)
	t.unchanged(without, at(0))
	t.see(o, at(overlap+time.Second), 2)
	t.see(o, at(overlap+2*time.Second), 2)
	if s, _ := t.live(o, at(overlap)); !s.Refresh.SeenAt.Equal(at(overlap + time.Second)) {
		t.Errorf("seen at %v, want the first time, %v", s.Refresh.SeenAt, at(overlap+time.Second))
	}
	if s := t.rotate(o, at(2*overlap), 2, backends.Rotated, 3); !s.Refresh.SeenAt.IsZero() {
		t.Errorf("a new token was seen at %v, want not yet", s.Refresh.SeenAt)
	}
	t.see(over, at(0), 1)
	t.see(session("ann", at(0)), at(0), 1)
	for what, id := range notID() {
		t.ok(what, t.rotator().MarkSeen(t.ctx, at(0), id, 1))
	}
}

func seenSuccessor(t *tester) {
	for _, row := range []struct {
		after time.Duration
		want  backends.Rotation
	}{{0, backends.Replayed}, {overlap - tick, backends.Replayed}, {overlap, backends.Stolen}, {idle - tick, backends.Stolen}} {
		o := t.refreshableOf(t.user("ann"))
		t.rotate(o, at(overlap), 1, backends.Rotated, 2)
		t.see(o, at(overlap), 2)
		t.rotate(o, at(overlap+row.after), 1, row.want, 2)
	}
}

func comeBack(t *tester) {
	// One of them uses the current token and the next at once, as the others ask with the former.
	for _, row := range []struct {
		offline, after time.Duration
		want           backends.Rotation
	}{
		{grace.Overlap / 2, overlap - tick, backends.Replayed}, {9 * overlap, overlap - tick, backends.Replayed},
		{9 * overlap, 0, backends.Replayed}, {9 * overlap, overlap, backends.Stolen},
	} {
		o := t.refreshableOf(t.user("ann"))
		t.rotate(o, at(overlap), 1, backends.Rotated, 2)
		back := overlap + row.offline
		s := t.rotate(o, at(back), 1, backends.Recovered, 2)
		if !s.Refresh.RotatedAt.Equal(at(back)) || !s.LastSeenAt.Equal(at(overlap)) {
			t.Errorf("rotated at %v, last seen at %v; want %v and %v", s.Refresh.RotatedAt, s.LastSeenAt, at(back), at(overlap))
		}
		t.rotate(o, at(back+overlap-tick), 2, backends.Replayed, 2)
		t.see(o, at(back), 2)
		t.rotate(o, at(back+row.after), 1, row.want, 2)
	}
}

func roleInAnswer(t *tester) {
	o := t.refreshable()
	t.user("ann", "admin")
	_, u, _, err := t.rotator().Rotate(t.ctx, at(overlap), o.ID, o.hash, 1, grace)
	if err != nil || u.ID != "ann" || len(u.Roles) != 1 || u.Roles[0] != "admin" {
		t.Errorf("user %+v, error %v; want ann, admin", u, err)
	}
}

func manyRotations(t *tester) {
	o := t.refreshable()
	const last = 200
	for n := int64(1); n <= last; n++ {
		t.rotate(o, at(time.Duration(n)*overlap), n, backends.Rotated, n+1)
	}
	if supports[backends.SessionLister](t) {
		t.list("ann", at(last*overlap), o)
	}
}

func logoutBeatsRotation(t *tester) {
	ann := t.user("ann")
	for range rounds {
		o := t.refreshableOf(ann)
		calls := nTimes(8, func() {
			_, _, got, err := t.rotator().Rotate(t.ctx, at(overlap), o.ID, o.hash, 1, grace)
			if err != nil && !errors.Is(err, backends.ErrRevoked) {
				t.Errorf("Rotate: %v, error %v", got, err)
			}
		})
		together(append(calls, func() { t.revoke(o, at(overlap), true) })...)
		t.over(o, at(overlap), backends.ErrRevoked)
	}
}

func rotateWithoutContext(t *tester) {
	o := t.refreshable()
	_, _, _, err := t.rotator().Rotate(ended(t.ctx), at(overlap), o.ID, o.hash, 1, grace)
	t.aboutTheStore("Rotate", err)
	t.aboutTheStore("MarkSeen", t.rotator().MarkSeen(ended(t.ctx), at(tick), o.ID, 1))
	t.unchanged(o, at(overlap))
}
