package backends_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
)

// A shared is a refresh token that three clients share, in whole seconds. It is the whole state
// of what may happen next, so that all that can ever happen is a walk through few of them.
type shared struct {
	rotated int // when the current generation was made, by the clock of its server; now is 0
	seen    bool
	holders [3]holder
}

// A holder is a client, whose token is so many generations behind and was replaced so many
// seconds ago.
type holder struct{ behind, ago int }

const (
	modelOverlap = 2
	modelSkew    = 3
	ages         = modelOverlap + 2*modelSkew // after which nothing changes with time
)

// present returns the verdict of a server whose clock is ahead, and what follows. The holder may
// miss the response.
func (m shared) present(h, ahead int, misses bool) (backends.Rotation, shared) {
	second := func(n int) time.Time { return noon().Add(time.Duration(n) * time.Second) }
	const current = 10
	s := backends.Session{Refresh: backends.Refresh{Generation: current, RotatedAt: second(m.rotated)}}
	if m.seen {
		s.Refresh.SeenAt = second(m.rotated)
	}
	verdict := s.Rotation(second(ahead), current-int64(m.holders[h].behind), backends.Grace{Overlap: modelOverlap * time.Second, Skew: modelSkew * time.Second})
	if verdict == backends.Recovered { // the response is the first that has come
		m.rotated = ahead
		for i, other := range m.holders {
			if other.behind == 1 {
				m.holders[i].ago = 0
			}
		}
	}
	if verdict == backends.Rotated {
		m.rotated, m.seen = ahead, false
		for i, other := range m.holders {
			m.holders[i] = holder{min(other.behind+1, 3), 0}
			if other.behind > 0 {
				m.holders[i].ago = other.ago
			}
		}
	}
	if !misses {
		m.holders[h] = holder{}
	}
	return verdict, m
}

// later is m a second later.
func (m shared) later() shared {
	m.rotated = max(m.rotated-1, -ages-modelSkew)
	for i := range m.holders {
		if m.holders[i].behind > 0 {
			m.holders[i].ago = min(m.holders[i].ago+1, ages)
		}
	}
	return m
}

func TestNoClientIsTakenForAThiefByServersWhoseClocksDifferWithinTheSkew(t *testing.T) {
	// Every order in which three clients present their tokens to two servers, at whatever times.
	for ahead := -modelSkew; ahead <= modelSkew; ahead++ {
		t.Run(fmt.Sprintf("by %d s", ahead), func(t *testing.T) {
			known := map[shared]bool{{}: true}
			thefts := 0
			for open := []shared{{}}; len(open) > 0; {
				m := open[len(open)-1]
				open = open[:len(open)-1]
				next := []shared{m.later()}
				for h, of := range m.holders {
					if of.behind == 0 {
						used := m
						used.seen = true
						next = append(next, used)
					}
					for _, clock := range []int{0, ahead} {
						verdict, after := m.present(h, clock, false)
						_, missed := m.present(h, clock, true)
						switch {
						case verdict != backends.Stolen:
							next = append(next, after, missed)
							if of.behind > 1 || of.behind == 1 && m.seen && of.ago >= ages {
								t.Fatalf("%+v: client %d is not found out", m, h)
							}
						case of.ago < modelOverlap:
							t.Fatalf("%+v: client %d is taken for a thief", m, h)
						default:
							thefts++
						}
					}
				}
				for _, n := range next {
					if !known[n] {
						known[n] = true
						open = append(open, n)
					}
				}
			}
			if len(known) < 1000 || thefts == 0 {
				t.Errorf("%d states and %d thefts: nothing was tried", len(known), thefts)
			}
		})
	}
}
