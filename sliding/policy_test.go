package sliding_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestThePresetsAreThoseOfNIST(t *testing.T) {
	// TL-4: SP 800-63B-4, sections 2.1.3, 2.2.3 and 2.3.3.
	for _, row := range []struct {
		name           string
		policy         sliding.Policy
		idle, absolute time.Duration
	}{
		{"AAL1", sliding.AAL1(), 720 * time.Hour, 720 * time.Hour},
		{"AAL2", sliding.AAL2(), time.Hour, 24 * time.Hour},
		{"AAL3", sliding.AAL3(), 15 * time.Minute, 12 * time.Hour},
	} {
		if err := row.policy.Validate(); err != nil {
			t.Errorf("%s: %v", row.name, err)
		}
		life := begin(row.policy, noon)
		if got := life.IdleDeadline.Sub(noon); got != row.idle {
			t.Errorf("%s: ends after %v without activity, want %v", row.name, got, row.idle)
		}
		if got := life.AbsoluteDeadline.Sub(noon); got != row.absolute {
			t.Errorf("%s: ends after %v at all, want %v", row.name, got, row.absolute)
		}
	}
}

func TestAPolicyWithoutAnAbsoluteLimitCannotBeUsed(t *testing.T) {
	// IN-1: there is no way to configure "forever".
	for _, row := range []struct {
		policy   sliding.Policy
		mentions []string
	}{
		{sliding.Policy{}, []string{"Policy.Idle", "Policy.Absolute"}},
		{sliding.Policy{Idle: time.Hour}, []string{"Policy.Absolute is 0s"}},
		{sliding.Policy{Idle: time.Hour, Absolute: -1}, []string{"Policy.Absolute"}},
		{sliding.Policy{Idle: -time.Hour, Absolute: time.Hour}, []string{"Policy.Idle is -1h0m0s"}},
		{sliding.Policy{Idle: 2 * time.Hour, Absolute: time.Hour}, []string{"Policy.Absolute is 1h0m0s, want at least Policy.Idle"}},
		{sliding.Policy{Idle: time.Hour, Absolute: time.Hour, Interval: time.Hour}, []string{"Policy.Interval"}},
		{sliding.Policy{Idle: time.Hour, Absolute: time.Hour, Interval: -1}, []string{"Policy.Interval"}},
		{sliding.Policy{Idle: time.Millisecond, Interval: -1}, []string{"Policy.Idle", "Policy.Absolute", "Policy.Interval"}},
	} {
		err := row.policy.Validate()
		if err == nil {
			t.Errorf("%+v: no error", row.policy)
			continue
		}
		for _, word := range row.mentions {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%+v: error does not mention %q: %v", row.policy, word, err)
			}
		}
	}
}

func TestTheRenewalIntervalIsATenthOfIdleAndAtLeastASecond(t *testing.T) {
	for _, row := range []struct {
		policy sliding.Policy
		want   time.Duration
	}{
		{sliding.Policy{Idle: 30 * time.Minute, Absolute: time.Hour}, 3 * time.Minute},
		{sliding.Policy{Idle: 10 * time.Second, Absolute: time.Hour}, time.Second},
		{sliding.Policy{Idle: 5 * time.Second, Absolute: time.Hour}, time.Second},
		{sliding.Policy{Idle: time.Second, Absolute: time.Hour}, 500 * time.Millisecond},
		{sliding.Policy{Idle: 30 * time.Minute, Absolute: time.Hour, Interval: 7 * time.Second}, 7 * time.Second},
	} {
		if got := row.policy.Timeouts().Interval; got != row.want {
			t.Errorf("%+v: interval %v, want %v", row.policy, got, row.want)
		}
	}
}

func TestTheTimeoutsOfAPolicyAreItsFields(t *testing.T) {
	got := sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour, Interval: time.Minute}.Timeouts()
	if want := (middleware.Timeouts{Idle: 30 * time.Minute, Absolute: 12 * time.Hour, Interval: time.Minute}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestARenewalIsDueOnceInAnIntervalAndNeverAfterTheEnd(t *testing.T) {
	policy := sliding.Policy{Idle: 10 * time.Minute, Absolute: 25 * time.Minute, Interval: time.Minute}
	seen := func(lastSeen time.Duration) *backends.Session {
		s := begin(policy, noon)
		s.LastSeenAt = noon.Add(lastSeen)
		s.IdleDeadline = s.LastSeenAt.Add(10 * time.Minute)
		if s.IdleDeadline.After(s.AbsoluteDeadline) {
			s.IdleDeadline = s.AbsoluteDeadline
		}
		return s
	}
	for _, row := range []struct {
		name          string
		lastSeen, now time.Duration
		until         time.Duration // 0: not due
	}{
		{"at once", 0, 0, 0},
		{"just before the interval", 0, time.Minute - 1, 0},
		{"at the interval", 0, time.Minute, 11 * time.Minute},
		{"long after it", 0, 9 * time.Minute, 19 * time.Minute},
		{"just before the idle deadline", 0, 10*time.Minute - 1, 20*time.Minute - 1},
		{"at the idle deadline", 0, 10 * time.Minute, 0},
		{"near the absolute deadline", 14 * time.Minute, 20 * time.Minute, 25 * time.Minute},
		{"just before the absolute deadline", 20 * time.Minute, 25*time.Minute - 1, 25 * time.Minute},
		{"at the absolute deadline", 20 * time.Minute, 25 * time.Minute, 0},
		{"before it was last seen, the clock having jumped", 5 * time.Minute, 4 * time.Minute, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, now := seen(row.lastSeen), noon.Add(row.now)
			due := sliding.Due(lifetime(s), now)
			if due != (row.until != 0) {
				t.Fatalf("due: %v, want %v", due, row.until != 0)
			}
			if s.Touch(now); due && !s.IdleDeadline.Equal(noon.Add(row.until)) {
				t.Errorf("until %v, want %v", s.IdleDeadline.Sub(noon), row.until)
			}
		})
	}
	if sliding.Due(middleware.Lifetime{}, noon) {
		t.Error("due for an identity without a session")
	}
}

func TestNoSequenceOfRenewalsMovesAnExpiryBackOrPastTheAbsoluteDeadline(t *testing.T) {
	// TL-3, TL-7: checked for a thousand random histories; the seed is fixed.
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		idle := time.Second + time.Duration(random.Int64N(int64(time.Hour)))
		policy := sliding.Policy{Idle: idle, Absolute: idle + time.Duration(random.Int64N(int64(24*time.Hour)))}
		s := begin(policy, noon)
		absolute := noon.Add(policy.Absolute)
		now := noon
		for range 100 {
			now = now.Add(time.Duration(random.Int64N(int64(idle))))
			due := sliding.Due(lifetime(s), now)
			if now.Before(s.IdleDeadline) && now.Sub(s.LastSeenAt) >= s.RenewalInterval && !due {
				t.Fatalf("%+v: not due %v after it was last seen", policy, now.Sub(s.LastSeenAt))
			}
			if !due {
				continue
			}
			before := s.IdleDeadline
			s.Touch(now)
			if s.IdleDeadline.Before(before) {
				t.Fatalf("%+v: expiry moved back from %v to %v", policy, before, s.IdleDeadline)
			}
			if s.IdleDeadline.After(absolute) {
				t.Fatalf("%+v: expiry %v is past the absolute deadline %v", policy, s.IdleDeadline, absolute)
			}
		}
	}
}

func TestAPolicySaysHowItDiffersFromNIST(t *testing.T) {
	// TL-14
	policy := sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}
	want := "idle 30m0s, absolute 12h0m0s, counted every 3m0s; within AAL1; within AAL2; beyond AAL3 (idle 15m0s, absolute 12h0m0s)"
	if got := policy.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
