package backendtest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/inga-auth/inga/backends"
)

func rotatorPromises() []promise {
	return []promise{
		{"the current refresh token is replaced, and the next one by its successor", rotates},
		{"rotating counts as activity, and never moves the absolute deadline", rotationIsActivity},
		{"a hundred parallel refreshes with one token see one rotation and one successor", parallelRotations},
		{"a lost answer is recovered by retrying", lostAnswer},
		{"the overlap is counted from the rotation, and retries do not prolong it", graceIsAnchored},
		{"once the successor was seen in use only the short overlap is left", seenSuccessor},
		{"a token older than the last one is theft, whatever the grace", olderIsTheft},
		{"theft ends the session, and only that one", theftEndsTheSession},
		{"a token that was never issued is refused and changes nothing", guessed},
		{"a refresh of a session that is over is refused", overIsNotRotated},
		{"a refresh of a disabled user is refused", disabledIsNotRotated},
		{"a changed role is in the next answer", roleInAnswer},
		{"a thousand rotations leave one session", manyRotations},
		{"a logout wins over rotations in flight", logoutBeatsRotation},
		{"Rotate with a context that has ended fails and rotates nothing", rotateWithoutContext},
	}
}

var grace = backends.Grace{Overlap: 10 * time.Second, Unseen: time.Minute}

// refreshable returns a session with refresh tokens, whose current generation is 1.
func (t *tester) refreshable() opened {
	t.Helper()
	o := session(t.user("ann", "user"), at(0))
	o.Kind = backends.KindToken
	o.Refresh = backends.Refresh{Generation: 1, RotatedAt: at(0)}
	return t.create(o)
}

func (t *tester) rotator() backends.Rotator { return t.Store.(backends.Rotator) }

// rotate presents generation n and fails the test unless what becomes of it is want, with
// the generation that is current afterwards.
func (t *tester) rotate(o opened, now time.Time, n int64, want backends.Rotation, current int64) backends.Session {
	t.Helper()
	s, _, got, err := t.rotator().Rotate(t.ctx, now, o.ID, o.hash, n, grace)
	if err != nil || got != want || s.Refresh.Generation != current {
		t.Fatalf("Rotate %d at %v: %v, current %d, error %v; want %v, current %d", n, now.Sub(at(0)), got, s.Refresh.Generation, err, want, current)
	}
	return s
}

// notRotated fails the test unless presenting generation n is an error of the kind.
func (t *tester) notRotated(o opened, now time.Time, n int64, want error) {
	t.Helper()
	_, _, got, err := t.rotator().Rotate(t.ctx, now, o.ID, o.hash, n, grace)
	if !errors.Is(err, want) || got != backends.Refused {
		t.Errorf("Rotate %d at %v: %v, error %v; want refused, %v", n, now.Sub(at(0)), got, err, want)
	}
}

func (t *tester) see(o opened, now time.Time, n int64) {
	t.Helper()
	if err := t.rotator().MarkSeen(t.ctx, now, o.ID, n); err != nil {
		t.Fatalf("MarkSeen %d: %v", n, err)
	}
}

func rotates(t *tester) {
	// RT-1
	o := t.refreshable()
	s := t.rotate(o, at(time.Second), 1, backends.Rotated, 2)
	o.Refresh = backends.Refresh{Generation: 2, RotatedAt: at(time.Second)}
	o.LastSeenAt, o.IdleDeadline = at(time.Second), at(idle+time.Second)
	t.same(s, o.Session)
	s, _ = t.live(o, at(time.Second))
	t.same(s, o.Session)
	t.rotate(o, at(2*time.Second), 2, backends.Rotated, 3)
	t.rotate(o, at(3*time.Second), 3, backends.Rotated, 4)
}

func rotationIsActivity(t *tester) {
	// RT-9, RT-10, RT-11: each rotation just before the idle deadline, up to the absolute one.
	o := t.refreshable()
	step := idle - time.Second
	n := int64(1)
	for now := step; now < absolute; now += step {
		s := t.rotate(o, at(now), n, backends.Rotated, n+1)
		if !s.AbsoluteDeadline.Equal(at(absolute)) || s.IdleDeadline.After(at(absolute)) {
			t.Fatalf("deadlines %v and %v, want none after %v", s.IdleDeadline, s.AbsoluteDeadline, at(absolute))
		}
		n++
	}
	t.notRotated(o, at(absolute), n, backends.ErrExpired)
	unused := t.refreshableAgain()
	t.notRotated(unused, at(idle), 1, backends.ErrExpired)
}

// refreshableAgain is refreshable for a second session of the same user.
func (t *tester) refreshableAgain() opened {
	t.Helper()
	o := session("ann", at(0))
	o.Refresh = backends.Refresh{Generation: 1, RotatedAt: at(0)}
	return t.create(o)
}

func parallelRotations(t *tester) {
	// Promise 10, RT-3.
	o := t.refreshable()
	var mu sync.Mutex
	counts := map[backends.Rotation]int{}
	var calls []func()
	for range 100 {
		calls = append(calls, func() {
			s, _, got, err := t.rotator().Rotate(t.ctx, at(time.Second), o.ID, o.hash, 1, grace)
			if err != nil || s.Refresh.Generation != 2 {
				t.Errorf("Rotate: current %d, error %v; want 2", s.Refresh.Generation, err)
			}
			mu.Lock()
			counts[got]++
			mu.Unlock()
		})
	}
	together(calls...)
	if counts[backends.Rotated] != 1 || counts[backends.Replayed] != 99 {
		t.Errorf("%d rotated and %d replayed, want 1 and 99", counts[backends.Rotated], counts[backends.Replayed])
	}
	t.live(o, at(time.Second))
}

func lostAnswer(t *tester) {
	// Promise 11, RT-5: longer than the overlap, since nobody has used the successor.
	o := t.refreshable()
	t.rotate(o, at(0), 1, backends.Rotated, 2)
	t.rotate(o, at(time.Minute-tick), 1, backends.Replayed, 2)
	t.rotate(o, at(time.Minute), 2, backends.Rotated, 3)
}

func graceIsAnchored(t *tester) {
	// RT-7
	o := t.refreshable()
	t.rotate(o, at(0), 1, backends.Rotated, 2)
	for i := range 6 {
		t.rotate(o, at(time.Duration(i)*10*time.Second), 1, backends.Replayed, 2)
	}
	t.rotate(o, at(time.Minute), 1, backends.Stolen, 2)
}

func seenSuccessor(t *tester) {
	// RT-8: by its access token; a refresh with it would make the parent older still.
	for _, row := range []struct {
		after time.Duration
		want  backends.Rotation
	}{{10*time.Second - tick, backends.Replayed}, {10 * time.Second, backends.Stolen}} {
		o := t.refreshable()
		t.see(o, at(0), 2) // not current: nothing is seen
		t.rotate(o, at(0), 1, backends.Rotated, 2)
		t.see(o, at(time.Second), 1)
		t.rotate(o, at(20*time.Second), 1, backends.Replayed, 2)
		t.see(o, at(21*time.Second), 2)
		t.see(o, at(22*time.Second), 2)
		s, _ := t.live(o, at(22*time.Second))
		if !s.Refresh.SeenAt.Equal(at(21 * time.Second)) {
			t.Errorf("seen at %v, want the first time, %v", s.Refresh.SeenAt, at(21*time.Second))
		}
		t.rotate(o, at(30*time.Second), 2, backends.Rotated, 3)
		t.see(o, at(30*time.Second), 3)
		t.rotate(o, at(30*time.Second+row.after), 2, row.want, 3)
	}
}

func olderIsTheft(t *tester) {
	// RT-6
	o := t.refreshable()
	t.rotate(o, at(0), 1, backends.Rotated, 2)
	t.rotate(o, at(0), 2, backends.Rotated, 3)
	t.rotate(o, at(tick), 1, backends.Stolen, 3)
}

func theftEndsTheSession(t *tester) {
	// Promise 12, RT-2, RT-20.
	o := t.refreshable()
	other := t.refreshableAgain()
	t.rotate(o, at(0), 1, backends.Rotated, 2)
	t.rotate(o, at(0), 2, backends.Rotated, 3)
	s := t.rotate(o, at(tick), 1, backends.Stolen, 3)
	if s.Ended.Reason != backends.ReasonTheft || !s.Ended.At.Equal(at(tick)) {
		t.Errorf("ended %+v, want by theft at %v", s.Ended, at(tick))
	}
	t.over(o, at(tick), backends.ErrRevoked)
	t.notRotated(o, at(tick), 3, backends.ErrRevoked) // the live token too
	t.notRotated(o, at(tick), 1, backends.ErrRevoked) // and found out once
	t.rotate(other, at(tick), 1, backends.Rotated, 2)
}

func guessed(t *tester) {
	// Promise 12, RT-13: whoever guesses logs nobody out.
	o := t.refreshable()
	t.rotate(o, at(0), 1, backends.Rotated, 2)
	for _, n := range []int64{3, 4, 1 << 62, 0, -1} {
		t.notRotated(o, at(tick), n, backends.ErrNotFound)
	}
	foreign := o
	foreign.hash = backends.NewSecret().Hash()
	t.notRotated(foreign, at(tick), 2, backends.ErrNotFound)
	t.notRotated(foreign, at(tick), 1, backends.ErrNotFound)
	foreign.hash = backends.SecretHash{}
	t.notRotated(foreign, at(tick), 2, backends.ErrNotFound)
	foreign = o
	foreign.ID = backends.NewID()
	t.notRotated(foreign, at(tick), 2, backends.ErrNotFound)
	foreign.ID = "no ID\x00"
	t.notRotated(foreign, at(tick), 2, backends.ErrNotFound)
	noRefresh := t.open("ann", at(0))
	t.notRotated(noRefresh, at(tick), 0, backends.ErrNotFound)
	t.notRotated(noRefresh, at(tick), 1, backends.ErrNotFound)
	t.rotate(o, at(2*tick), 2, backends.Rotated, 3)
}

func overIsNotRotated(t *tester) {
	// LO-9
	o := t.refreshable()
	t.revoke(o, at(tick), true)
	t.notRotated(o, at(tick), 1, backends.ErrRevoked)
	t.notRotated(t.refreshableAgain(), at(idle), 1, backends.ErrExpired)
}

func disabledIsNotRotated(t *tester) {
	o := t.refreshable()
	t.put(backends.User{ID: "ann", Name: "ann", Disabled: true})
	t.notRotated(o, at(tick), 1, backends.ErrNotLive)
	t.DropUser(t.T, "ann")
	t.notRotated(o, at(tick), 1, backends.ErrNotLive)
}

func roleInAnswer(t *tester) {
	o := t.refreshable()
	t.user("ann", "admin")
	_, u, _, err := t.rotator().Rotate(t.ctx, at(tick), o.ID, o.hash, 1, grace)
	if err != nil || u.ID != "ann" || len(u.Roles) != 1 || u.Roles[0] != "admin" {
		t.Errorf("user %+v, error %v; want ann, admin", u, err)
	}
}

func manyRotations(t *tester) {
	// Promise 13, RT-19.
	o := t.refreshable()
	for n := int64(1); n <= 1000; n++ {
		t.rotate(o, at(time.Duration(n)*time.Millisecond), n, backends.Rotated, n+1)
	}
	d, ok := t.Store.(backends.Directory)
	if !ok {
		return
	}
	if all, err := d.List(t.ctx, at(10*time.Second), "ann"); err != nil || len(all) != 1 {
		t.Errorf("%d sessions, error %v; want 1", len(all), err)
	}
}

func logoutBeatsRotation(t *tester) {
	o := t.refreshable()
	calls := []func(){func() { t.revoke(o, at(time.Second), true) }}
	for range 20 {
		calls = append(calls, func() {
			_, _, got, err := t.rotator().Rotate(t.ctx, at(time.Second), o.ID, o.hash, 1, grace)
			if err != nil && !errors.Is(err, backends.ErrRevoked) {
				t.Errorf("Rotate: %v, error %v", got, err)
			}
		})
	}
	together(calls...)
	t.over(o, at(time.Second), backends.ErrRevoked)
}

func rotateWithoutContext(t *tester) {
	o := t.refreshable()
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
	_, _, _, err := t.rotator().Rotate(ctx, at(tick), o.ID, o.hash, 1, grace)
	if err == nil || errors.Is(err, backends.ErrNotFound) || errors.Is(err, backends.ErrNotLive) {
		t.Errorf("Rotate: error %v, want one that says nothing about the session", err)
	}
	t.rotate(o, at(tick), 1, backends.Rotated, 2)
}
