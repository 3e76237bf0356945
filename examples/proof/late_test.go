package proof_test

import (
	"fmt"
	"testing"
	"time"
)

// A process that asks the database while a session is being revoked may get an answer from
// before, and get it late. Whoever asked that early may have it; nobody else, and it is not
// remembered.
func TestAnAnswerFromBeforeARevocationIsNotBelievedAfterIt(t *testing.T) {
	t.Parallel()
	f := startFleet(t, settings{MaxLag: *maxLag, OneTrip: true, Timeout: patience, AccessTTL: time.Hour, Overlap: 10 * time.Second})
	p, other := f.processes[0], f.processes[1]
	for i, how := range revocations {
		for _, by := range []*process{p, other} {
			late := false
			for delay := 300 * time.Millisecond; !late && delay < patience/4; delay *= 2 { // a busy machine needs longer
				s := &sample{f: f, bound: *maxLag, way: []string{byCookie, byToken}[i%2], how: how, by: by, user: fmt.Sprintf("late-%s-%d-%v", by.name, i, delay)}
				late = s.revokeMeanwhile(t, p, delay)
			}
			if !late {
				t.Errorf("%s at %s: no answer from before has come after it", how.name, by.name)
			}
		}
	}
}

// revokeMeanwhile revokes the session while p waits for the answer about it, which is delayed. It
// reports false if the answer was not late after all.
func (s *sample) revokeMeanwhile(t *testing.T, p *process, delay time.Duration) bool {
	t.Helper()
	s.f.addUser(t, s.user)
	s.jar, _ = s.f.mustLogin(t, s.f.processes[2], s.way, s.user)

	before := p.state(t).Queries
	p.pool.Delay(0, delay)
	early := make(chan *answer, 1)
	go func() { early <- p.send("GET", s.how.path, s.jar.copy(), nil) }()
	if !eventually(func() bool { return p.state(t).Queries > before }) {
		t.Fatal("no query was sent")
	}
	<-time.After(delay / 10) // until the database has answered: the answer is on its way then
	p.pool.Delay(0, 0)

	a := s.how.do(s.by, s)
	if a.status != 200 {
		t.Fatal(a)
	}
	s.revoked, s.since = a.asked, a.asked.end
	if s.by == p {
		s.wantRefusal(t, p, "while the answer from before is on its way")
	}
	answered := <-early
	if s.by == p {
		s.wantRefusal(t, p, "after the answer from before has come")
	} else if _, err := s.watch(p); err != nil {
		t.Errorf("%v: %v", s, err)
	}
	return answered.status == 200 && answered.asked.end.After(s.revoked.end)
}

func (s *sample) wantRefusal(t *testing.T, p *process, when string) {
	t.Helper()
	if a := p.send("GET", s.how.path, s.jar.copy(), nil); a.status != s.how.want {
		t.Errorf("%v: %s: %v, want %d", s, when, a, s.how.want)
	}
}
