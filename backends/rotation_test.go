package backends_test

import (
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
)

func TestWhatPresentingAGenerationMeans(t *testing.T) {
	const current = 7
	grace := backends.Grace{Overlap: 10 * time.Second, Skew: 2 * time.Second}
	for _, row := range []struct {
		what string
		n    int64
		age  time.Duration // of the current generation
		seen bool          // whether it is in use
		want backends.Rotation
	}{
		{"current, after overlap and skew", 7, 12 * time.Second, false, backends.Rotated},
		{"current, after overlap and skew, in use", 7, 12 * time.Second, true, backends.Rotated},
		{"current, a year old", 7, 365 * 24 * time.Hour, true, backends.Rotated},
		{"current, just made", 7, 0, false, backends.Replayed},
		{"current, after the overlap, by a clock that may be ahead", 7, 10 * time.Second, true, backends.Replayed},
		{"current, at the end of overlap and skew", 7, 12*time.Second - 1, false, backends.Replayed},
		{"current, at the end of overlap and skew, in use", 7, 12*time.Second - 1, true, backends.Replayed},
		{"current, made by a clock that is ahead", 7, -time.Minute, true, backends.Replayed},

		{"previous, just replaced", 6, 0, false, backends.Replayed},
		{"previous, just replaced, current in use", 6, 0, true, backends.Replayed},
		{"previous, before half of the overlap, current unseen", 6, 5*time.Second - 1, false, backends.Replayed},
		{"previous, after half of the overlap, current unseen", 6, 5 * time.Second, false, backends.Recovered},
		{"previous, after half of the overlap, current in use", 6, 5 * time.Second, true, backends.Replayed},
		{"previous, at the end of overlap and skew", 6, 12*time.Second - 1, true, backends.Replayed},
		{"previous, after overlap and skew, current in use", 6, 12 * time.Second, true, backends.Stolen},
		{"previous, after overlap and skew, current unseen", 6, 12 * time.Second, false, backends.Recovered},
		{"previous, a year later, current unseen", 6, 365 * 24 * time.Hour, false, backends.Recovered},
		{"previous, replaced by a clock that is ahead", 6, -time.Minute, true, backends.Replayed},

		{"the one before, just replaced", 5, 0, false, backends.Stolen},
		{"the first, current unseen", 1, time.Hour, false, backends.Stolen},
		{"the first, current in use", 1, time.Hour, true, backends.Stolen},

		{"none", 0, time.Hour, false, backends.Refused},
		{"below none", -1, time.Hour, false, backends.Refused},
		{"the next", 8, 0, false, backends.Refused},
		{"the next, after the overlap", 8, time.Hour, true, backends.Refused},
	} {
		s := backends.Session{Refresh: backends.Refresh{Generation: current, RotatedAt: noon().Add(-row.age)}}
		if row.seen {
			s.Refresh.SeenAt = noon().Add(-row.age)
		}
		before := s.Refresh
		if got := s.Rotation(noon(), row.n, grace); got != row.want {
			t.Errorf("%s: verdict %d, want %d", row.what, got, row.want)
		}
		if s.Refresh != before {
			t.Errorf("%s: the session has changed to %+v", row.what, s.Refresh)
		}
	}
}

func TestASessionWithoutRefreshTokensHasNoGeneration(t *testing.T) {
	var s backends.Session
	for _, n := range []int64{-1, 0, 1} {
		if got := s.Rotation(noon(), n, backends.Grace{}); got != backends.Refused {
			t.Errorf("generation %d: verdict %d, want Refused", n, got)
		}
	}
}

func TestTheFirstGenerationHasNoPredecessor(t *testing.T) {
	s := backends.Session{Refresh: backends.Refresh{Generation: 1, RotatedAt: noon()}}
	if got := s.Rotation(noon(), 0, backends.Grace{Overlap: time.Hour}); got != backends.Refused {
		t.Errorf("verdict %d, want Refused", got)
	}
}

func TestWithoutGraceEachUseRotatesAndAnUnseenSuccessorIsRecovered(t *testing.T) {
	s := backends.Session{Refresh: backends.Refresh{Generation: 2, RotatedAt: noon()}}
	if got := s.Rotation(noon(), 2, backends.Grace{}); got != backends.Rotated {
		t.Errorf("current: verdict %d, want Rotated", got)
	}
	if got := s.Rotation(noon(), 1, backends.Grace{}); got != backends.Recovered {
		t.Errorf("previous, current unseen: verdict %d, want Recovered", got)
	}
	s.Refresh.SeenAt = noon()
	if got := s.Rotation(noon(), 1, backends.Grace{}); got != backends.Stolen {
		t.Errorf("previous, current in use: verdict %d, want Stolen", got)
	}
}

func TestRotatingMakesTheNextGenerationUnseenAndIsActivity(t *testing.T) {
	s := validSession()
	s.Refresh = backends.Refresh{Generation: 3, RotatedAt: noon(), SeenAt: noon().Add(time.Second)}
	at := noon().Add(20 * time.Minute)
	s.Rotate(at)
	if want := (backends.Refresh{Generation: 4, RotatedAt: at}); s.Refresh != want {
		t.Errorf("refresh %+v, want %+v", s.Refresh, want)
	}
	if want := noon().Add(50 * time.Minute); !s.LastSeenAt.Equal(at) || !s.IdleDeadline.Equal(want) {
		t.Errorf("seen at %v, idle until %v; want %v, %v", s.LastSeenAt, s.IdleDeadline, at, want)
	}
}
