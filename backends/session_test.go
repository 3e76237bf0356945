package backends_test

import (
	"errors"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
)

func noon() time.Time { return time.Date(2031, time.May, 6, 12, 0, 0, 0, time.UTC) }

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

func TestAClonesSlicesAreItsOwn(t *testing.T) {
	s := backends.Session{AMR: []string{"pwd"}}
	u := backends.User{Roles: []string{"user"}}
	s2, u2 := s.Clone(), u.Clone()
	s2.AMR[0], u2.Roles[0] = "mfa", "admin"
	if s.AMR[0] != "pwd" || u.Roles[0] != "user" {
		t.Errorf("the original is %+v, %+v now", s, u)
	}
}
