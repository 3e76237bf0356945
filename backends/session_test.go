package backends_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
)

func noon() time.Time { return time.Date(2031, time.May, 6, 12, 0, 0, 0, time.UTC) }

// validSession is one that begins at noon: idle after half an hour, over after twelve hours.
func validSession() backends.Session {
	s := backends.Session{
		ID: backends.NewID("ann"), UserID: "ann", Kind: backends.KindCookie, AMR: []string{"pwd"},
		Client:    backends.Client{IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "curl/8.5.0", Label: "Ann's phone"},
		CreatedAt: noon(), IdleTimeout: 30 * time.Minute, RenewalInterval: 3 * time.Minute,
	}
	s.Begin(noon(), 12*time.Hour)
	return s
}

func TestASessionBeginsWithDeadlinesFromItsTimeouts(t *testing.T) {
	for _, row := range []struct{ idle, absolute, wantIdle time.Duration }{
		{30 * time.Minute, 12 * time.Hour, 30 * time.Minute},
		{12 * time.Hour, 12 * time.Hour, 12 * time.Hour},
		{24 * time.Hour, 12 * time.Hour, 12 * time.Hour},
	} {
		s := backends.Session{CreatedAt: noon().Add(-time.Hour), IdleTimeout: row.idle}
		s.Begin(noon(), row.absolute)
		if !s.AuthenticatedAt.Equal(noon()) || !s.LastSeenAt.Equal(noon()) || !s.CreatedAt.Equal(noon().Add(-time.Hour)) {
			t.Errorf("created %v, authenticated %v, seen %v", s.CreatedAt, s.AuthenticatedAt, s.LastSeenAt)
		}
		if got := s.IdleDeadline.Sub(noon()); got != row.wantIdle {
			t.Errorf("idle %v of %v: idle deadline after %v, want %v", row.idle, row.absolute, got, row.wantIdle)
		}
		if got := s.AbsoluteDeadline.Sub(noon()); got != row.absolute {
			t.Errorf("absolute deadline after %v, want %v", got, row.absolute)
		}
	}
}

func TestASecondBeginningMovesBothDeadlinesForwardAndBack(t *testing.T) {
	s := validSession()
	s.IdleTimeout = time.Minute // a stricter policy since
	s.Begin(noon().Add(time.Minute), time.Hour)
	if idle, absolute := s.IdleDeadline.Sub(noon()), s.AbsoluteDeadline.Sub(noon()); idle != 2*time.Minute || absolute != 61*time.Minute {
		t.Errorf("deadlines after %v and %v, want 2m and 1h1m", idle, absolute)
	}
}

func TestActivityIsDueOncePerRenewalInterval(t *testing.T) {
	// IN-2.
	s := validSession()
	for after, want := range map[time.Duration]bool{
		-time.Hour: false, 0: false, 3*time.Minute - 1: false, 3 * time.Minute: true, time.Hour: true,
	} {
		if got := s.Due(noon().Add(after)); got != want {
			t.Errorf("after %v: due is %v, want %v", after, got, want)
		}
	}
}

func TestActivityMovesTheIdleDeadlineForwardUpToTheAbsoluteOne(t *testing.T) {
	// TL-2.
	for _, row := range []struct {
		what                     string
		after, wantSeen, wantEnd time.Duration
	}{
		{"at once", 0, 0, 30 * time.Minute},
		{"later", 20 * time.Minute, 20 * time.Minute, 50 * time.Minute},
		{"so that both deadlines meet", 11*time.Hour + 30*time.Minute, 11*time.Hour + 30*time.Minute, 12 * time.Hour},
		{"near the absolute deadline", 12*time.Hour - time.Second, 12*time.Hour - time.Second, 12 * time.Hour},
		{"by a clock that is behind", -time.Hour, 0, 30 * time.Minute},
	} {
		s := validSession()
		s.Touch(noon().Add(row.after))
		if seen, end := s.LastSeenAt.Sub(noon()), s.IdleDeadline.Sub(noon()); seen != row.wantSeen || end != row.wantEnd {
			t.Errorf("%s: seen after %v, idle until %v; want %v, %v", row.what, seen, end, row.wantSeen, row.wantEnd)
		}
		if !s.AuthenticatedAt.Equal(noon()) || s.AbsoluteDeadline.Sub(noon()) != 12*time.Hour {
			t.Errorf("%s: authenticated %v, absolute deadline %v", row.what, s.AuthenticatedAt, s.AbsoluteDeadline)
		}
	}
}

func TestActivityTakesNoIdleTimeAway(t *testing.T) {
	// A session that was given a longer idle deadline keeps it.
	s := validSession()
	s.IdleDeadline = noon().Add(2 * time.Hour)
	s.Touch(noon().Add(time.Minute))
	if got := s.IdleDeadline.Sub(noon()); got != 2*time.Hour || !s.LastSeenAt.Equal(noon().Add(time.Minute)) {
		t.Errorf("idle until %v, seen %v; want 2h later, and a minute later", got, s.LastSeenAt)
	}
}

func TestASessionLivesUntilTheFirstOfItsEnds(t *testing.T) {
	// TL-1, TL-2, LO-1, LO-2.
	ann, disabled := &backends.User{ID: "ann"}, &backends.User{ID: "ann", Disabled: true}
	ended := backends.Ended{At: noon(), Reason: backends.ReasonLogout}
	for _, row := range []struct {
		what           string
		u              *backends.User
		idle, absolute time.Duration // from now
		ended          backends.Ended
		want           error
	}{
		{"live", ann, 1, 1, backends.Ended{}, nil},
		{"at the idle deadline", ann, 0, 1, backends.Ended{}, backends.ErrExpired},
		{"after the idle deadline", ann, -1, 1, backends.Ended{}, backends.ErrExpired},
		{"at the absolute deadline", ann, 1, 0, backends.Ended{}, backends.ErrExpired},
		{"after the absolute deadline", ann, 1, -1, backends.Ended{}, backends.ErrExpired},
		{"ended", ann, 1, 1, ended, backends.ErrRevoked},
		{"ended in the future", ann, 1, 1, backends.Ended{At: noon().Add(time.Hour)}, backends.ErrRevoked},
		{"ended, expired, disabled", disabled, -1, -1, ended, backends.ErrRevoked},
		{"expired, disabled", disabled, -1, -1, backends.Ended{}, backends.ErrExpired},
		{"disabled", disabled, 1, 1, backends.Ended{}, backends.ErrUserDisabled},
		{"gone", nil, 1, 1, backends.Ended{}, backends.ErrUserGone},
		{"gone, ended", nil, 1, 1, ended, backends.ErrRevoked},
	} {
		s := backends.Session{IdleDeadline: noon().Add(row.idle), AbsoluteDeadline: noon().Add(row.absolute), Ended: row.ended}
		err := s.Live(row.u, noon())
		if err != row.want {
			t.Errorf("%s: %v, want %v", row.what, err, row.want)
		}
		if err != nil && !errors.Is(err, backends.ErrNotLive) {
			t.Errorf("%s: %v does not wrap ErrNotLive", row.what, err)
		}
	}
}

func TestTheZeroSessionIsNotLive(t *testing.T) {
	var s backends.Session
	if err := s.Live(&backends.User{}, noon()); !errors.Is(err, backends.ErrExpired) {
		t.Errorf("Live: %v, want ErrExpired", err)
	}
}

func TestARowIsDeadAnHourAfterItsEnd(t *testing.T) {
	for _, row := range []struct {
		what        string
		idle, ended time.Duration // from now
		revoked     bool
		want        bool
	}{
		{"live", time.Hour, 0, false, false},
		{"expired just now", 0, 0, false, false},
		{"expired almost an hour ago", 1 - time.Hour, 0, false, false},
		{"expired an hour ago", -time.Hour, 0, false, true},
		{"revoked just now", time.Hour, 0, true, false},
		{"revoked almost an hour ago", time.Hour, 1 - time.Hour, true, false},
		{"revoked an hour ago", time.Hour, -time.Hour, true, true},
		{"expired long ago, revoked since", -2 * time.Hour, 0, true, true},
	} {
		s := backends.Session{IdleDeadline: noon().Add(row.idle), AbsoluteDeadline: noon().Add(24 * time.Hour)}
		if row.revoked {
			s.Ended.At = noon().Add(row.ended)
		}
		if got := s.Dead(noon()); got != row.want {
			t.Errorf("%s: dead is %v, want %v", row.what, got, row.want)
		}
	}
}

func TestAClonesSliceIsItsOwn(t *testing.T) {
	s := backends.Session{AMR: []string{"pwd"}}
	c := s.Clone()
	c.AMR[0] = "mfa"
	if s.AMR[0] != "pwd" {
		t.Errorf("the original is %+v now", s)
	}
}
