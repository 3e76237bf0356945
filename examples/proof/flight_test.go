package proof_test

import (
	"slices"
	"time"
)

// A flight is a request that is under way.
type flight struct {
	active  bool // it may count as activity
	renews  bool // it is a refresh
	began   time.Time
	carries time.Time // it may bring a cookie that has been replaced since then
}

func (m *model) enter(s *session, active, renews bool) flight {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := flight{active: active, renews: renews, began: time.Now()}
	f.carries = f.began
	for _, other := range s.flights {
		if other.renews && other.began.Before(f.carries) {
			f.carries = other.began
		}
	}
	s.flights = append(s.flights, f)
	return f
}

// leave is called with the lock held.
func (s *session) leave(f flight) {
	i := slices.Index(s.flights, f)
	s.flights = slices.Delete(s.flights, i, i+1)
}

// settled reports whether nothing is under way that may count as activity.
func (s *session) settled() bool {
	return !slices.ContainsFunc(s.flights, func(f flight) bool { return f.active })
}

// share says that tabs share the cookies of the session from now on, or no longer.
func (m *model) share(s *session, yes bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s.shared = yes
}

// overtaken is for a request of a tab that was so slow that its refresh token may have been
// replaced, and the replacement used, for longer than half of the overlap. That much there is at
// least, however often responses are lost.
func (e *expectation) overtaken(s *session, f flight, a *answer) {
	if s.shared && a.asked.end.Sub(f.carries) > overlap/2-slack {
		e.refusal = true
		s.doubtful = s.doubtful || a.status >= 400
	}
}
