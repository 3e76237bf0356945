package proof_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/inga-auth/inga/middleware"
)

// thefts counts the events of theft of each session.
type thefts struct {
	mu       sync.Mutex
	sessions map[string]int
}

func (h *thefts) hear(_ context.Context, e middleware.Event) {
	if e.Type != middleware.EventTheft {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sessions == nil {
		h.sessions = map[string]int{}
	}
	h.sessions[e.SessionID]++
}

func (h *thefts) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	write(w, h.sessions)
}

// thefts asks all processes of which sessions they have reported a theft, and how often.
func (f *fleet) thefts(t *testing.T) map[string]int {
	t.Helper()
	all := map[string]int{}
	for _, p := range f.processes {
		its := map[string]int{}
		a := p.send("GET", "/debug/thefts", nil, nil)
		if err := json.Unmarshal(a.body, &its); err != nil || a.status != 200 {
			t.Fatalf("%v (%v)", a, err)
		}
		for id, n := range its {
			all[id] += n
		}
	}
	return all
}

// judgeThefts looks whether each theft was reported once, and nothing else as one.
func (m *model) judgeThefts(t *testing.T) {
	t.Helper()
	reported := m.f.thefts(t)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.accounts {
		for _, s := range a.sessions {
			n := reported[s.id]
			delete(reported, s.id)
			least, most := s.robbed()
			if n < least || n > most {
				m.wrong = append(m.wrong, fmt.Sprintf("%d reports of theft, want %d to %d: %s", n, least, most, m.history(&proof{session: s})))
			}
			m.tally["theft reported, once"] += n
		}
	}
	if len(reported) > 0 {
		m.wrong = append(m.wrong, fmt.Sprintf("thefts of unknown sessions: %v", reported))
	}
}

// robbed says how many reports of theft there may be.
func (s *session) robbed() (least, most int) {
	if s.stolen {
		return 1, 1
	}
	for _, d := range s.ends {
		if d.what == theft && !d.void {
			return 0, 1
		}
	}
	if s.doubtful {
		return 0, 1
	}
	return 0, 0
}
