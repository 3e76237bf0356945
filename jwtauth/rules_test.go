package jwtauth_test

import (
	"fmt"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// Time does not pass on a real database within a test. These store a session whose refresh
// tokens are as old as a row says, and then present them.

// rotatedAgo stores a session of user 1 whose generation 5 became current so long ago, and
// returns a device that has it and a function that spells another generation.
func rotatedAgo(t testing.TB, s backends.Store, j *tokentest.Journal, ago time.Duration, seen bool, edit ...func(*tokentest.Config)) (d *tokentest.Device, spell func(generation int64) string) {
	t.Helper()
	edit = append([]func(*tokentest.Config){tokentest.WithRefresh, j.Use}, edit...)
	now := tokentest.Now()
	row := tokentest.Begun("1", backends.KindToken, tokentest.Policy, now.Add(-24*time.Hour))
	row.LastSeenAt, row.IdleDeadline, row.AbsoluteDeadline = now.Add(-ago), now.Add(time.Hour), now.Add(48*time.Hour)
	row.Refresh = backends.Refresh{Generation: 5, RotatedAt: now.Add(-ago)}
	if seen {
		row.Refresh.SeenAt = row.Refresh.RotatedAt
	}
	secret := backends.NewSecret()
	if _, err := s.Create(t.Context(), row.CreatedAt, row, secret.Hash(), backends.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	spell = func(generation int64) string {
		return tokentest.EncodeRefresh(tokentest.RefreshKeyA, row.ID, generation, secret)
	}
	return tokentest.DeviceWith(t, tokentest.App(t, tokentest.New(t, s, edit...)), "", spell(5)), spell
}

func TestWhatPresentingARefreshTokenMeans(t *testing.T) {
	// RT-1, RT-2, RT-5, RT-6, RT-7, RT-8: the whole rule, on every store. Generation 5 is current.
	const overlap, leeway = 4 * time.Minute, time.Minute // a slow machine must not matter
	config := func(c *tokentest.Config) { c.RefreshOverlap, c.Leeway = overlap, leeway }
	for _, row := range []struct {
		name       string
		age        time.Duration // of generation 5
		seen       bool
		presented  int64
		answer     int64 // the generation in the answer; 0 if it is refused
		theft      bool
		stillValid int64 // a generation that is good afterwards
	}{
		{"the current one, new", 0, false, 5, 5, false, 5},
		{"the current one, new and seen", overlap / 2, true, 5, 5, false, 5},
		{"the current one, by a clock that is ahead", overlap + leeway/2, true, 5, 5, false, 5},
		{"the current one, older than overlap and leeway", overlap + leeway, true, 5, 6, false, 6},
		{"the current one, hours old", 20 * time.Hour, true, 5, 6, false, 6},
		{"the former one at once", 0, true, 4, 5, false, 5},
		{"the former one, by a clock that is behind", overlap + leeway/2, true, 4, 5, false, 5},
		{"the former one, seen long ago", overlap + leeway, true, 4, 0, true, 0},
		{"the former one, unseen for longer", overlap + leeway, false, 4, 5, false, 5},
		{"the former one, 20 h offline", 20 * time.Hour, false, 4, 5, false, 5},
		{"the one before that", 0, false, 3, 0, true, 0},
		{"the first one", 20 * time.Hour, false, 1, 0, true, 0},
		{"one that never was", 0, false, 6, 0, false, 5},
	} {
		t.Run(row.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				var j tokentest.Journal
				d, spell := rotatedAgo(t, s, &j, row.age, row.seen, config)
				if row.answer == 0 {
					d.WantNoGrant(spell(row.presented))
				} else {
					d.WantGranted(spell(row.presented), spell(row.answer))
				}
				wantTheft := 0
				if row.theft {
					wantTheft = 1
				}
				if n := j.Count(middleware.EventTheft); n != wantTheft {
					t.Errorf("%d thefts, want %d", n, wantTheft)
				}
				live := 1 - wantTheft
				tokentest.WantLive(t, s, "1", live)
				if row.stillValid > 0 {
					tokentest.AnswerOf(t, d.Present(spell(row.stillValid)))
				} else {
					d.WantNoGrant(spell(5))
				}
			})
		})
	}
}

func TestProcessesThatShareARefreshTokenNeverTakeEachOtherForAThief(t *testing.T) {
	// RT-3, RT-6: one refreshes, refreshes again at once, and a second later the other one comes
	// with the token that it has.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		one, spell := rotatedAgo(t, s, &j, time.Hour, true)
		other := tokentest.DeviceWith(t, one.App, "", spell(5))
		one.Next()
		for range 3 {
			one.Status("GET", "/me", 200)
			one.WantGranted(one.Refresh, spell(6))
		}
		other.WantGranted(spell(5), spell(6))
		other.Next()
		other.Status("GET", "/me", 200)
		one.Status("GET", "/me", 200)
		j.Want(t, 1, 5, 0)
	})
}

func TestServersWhoseClocksDifferWithinTheLeewayTakeNobodyForAThief(t *testing.T) {
	// RT-7, TL-13: the server that rotated the token, five seconds ago, was behind or ahead.
	for _, skew := range []time.Duration{-30 * time.Second, -11 * time.Second, 11 * time.Second, 30 * time.Second} {
		t.Run(skew.String(), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				var j tokentest.Journal
				d, spell := rotatedAgo(t, s, &j, 5*time.Second+skew, true)
				d.WantGranted(spell(5), spell(5))
				d.WantGranted(spell(4), spell(5))
				tokentest.WantLive(t, s, "1", 1)
				j.Want(t, 0, 2, 0)
			})
		})
	}
}

func TestAClientThatWasOfflineIsAnsweredAsLongAsItsSessionLives(t *testing.T) {
	// RT-5, RT-8, RT-10: it lost the response, and comes back after 90 s or 20 h.
	for _, offline := range []time.Duration{90 * time.Second, 20 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			var j tokentest.Journal
			day := func(c *tokentest.Config) { c.Policy = sliding.Policy{Idle: 24 * time.Hour, Absolute: 72 * time.Hour} }
			d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh, j.Use, day)), "1")
			time.Sleep(tokentest.Grace)
			lost := tokentest.AnswerOf(t, d.Present(d.Refresh)).RefreshToken
			time.Sleep(offline)
			d.WantGranted(d.Refresh, lost)
			d.Next()
			d.Status("GET", "/me", 200)
			time.Sleep(23 * time.Hour)
			d.Status("POST", "/token", 200, tokentest.WithForm("grant_type", "refresh_token", "refresh_token", d.Refresh))
			time.Sleep(24 * time.Hour)
			d.WantNoGrant(d.Refresh)
			if n := j.Count(middleware.EventTheft); n != 0 {
				t.Errorf("%d thefts, want none", n)
			}
		})
	}
}

func TestReauthenticatingManyTimesInASecondNeverRunsAheadOfTheClock(t *testing.T) {
	// SID-3, TL-4, TL-13: 240 times in the same microsecond, as far as the clock can tell.
	for name, open := range map[string]func(*testing.T) storetest.Store{
		"memory":         func(t *testing.T) storetest.Store { return storetest.Memory(t) },
		"memory, cached": func(t *testing.T) storetest.Store { return storetest.Cached(t, storetest.Memory(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // which begins with a whole second
				s := open(t)
				d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.WithRefresh)), "1")
				begin := time.Now()
				for range 240 {
					former, refresh := d.Token, d.Refresh
					d.WantAccess(d.Token, 200)
					d.Prove()
					d.WantAccess(former, 401)
					d.WantNoGrant(refresh)
				}
				if !time.Now().Equal(begin) {
					t.Fatal("time has passed: nothing was tried")
				}
				wantNotAhead(t, s, d, begin)
			})
		})
	}
}

func TestReauthenticatingManyTimesNeverRunsAheadOfTheClockOnAnyStore(t *testing.T) {
	// SID-3, TL-4, TL-13: as fast as the store can.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.WithRefresh)), "1")
		for range 240 {
			former := d.Token
			d.Prove()
			d.WantAccess(former, 401)
		}
		wantNotAhead(t, s, d, time.Now())
		d.Status("GET", "/fresh", 200)
	})
}

// wantNotAhead fails the test unless the times of the device's session are those of now, and
// not a second later.
func wantNotAhead(t *testing.T, s backends.Store, d *tokentest.Device, now time.Time) {
	t.Helper()
	row := tokentest.SessionOf(t, s, d.Token)
	if ahead := row.AuthenticatedAt.Sub(now); ahead > time.Second {
		t.Errorf("authenticated %v after now", ahead)
	}
	if idle, absolute := row.IdleDeadline.Sub(now), row.AbsoluteDeadline.Sub(now); idle > 30*time.Minute+time.Second || absolute > 12*time.Hour+time.Second {
		t.Errorf("ends after %v idle and %v at all, want 30m and 12h", idle, absolute)
	}
	claims := tokentest.ClaimsOf(t, d.Token)
	if at := tokentest.Seconds(t, claims["auth_time"]); at > now.Unix()+1 {
		t.Errorf("auth_time %d, want %d", at, now.Unix())
	}
	if at := tokentest.Seconds(t, claims["auth_at"]); at != row.AuthenticatedAt.UnixMicro() {
		t.Errorf("auth_at %d, and the row has %d", at, row.AuthenticatedAt.UnixMicro())
	}
}

func TestARenewalAtAProcessThatHasNotNoticedAReauthenticationYetIsGoodAfterwards(t *testing.T) {
	// SID-3, TL-9: its cache has the session from before, for as long as MaxLag.
	synctest.Test(t, func(t *testing.T) {
		m := storetest.Memory(t)
		stale, err := cache.New(cache.Config{Store: m}) // without a feed
		if err != nil {
			t.Fatal(err)
		}
		tokens := func(s backends.Store) *jwtauth.Tokens {
			return tokentest.New(t, s, tokentest.WithRefresh, func(c *tokentest.Config) { c.Policy = tokentest.Busy })
		}
		here, there := tokentest.App(t, tokens(stale)), tokentest.App(t, tokens(m))
		d := tokentest.NewDevice(t, here, "1")
		time.Sleep(1500 * time.Millisecond)
		d.Status("GET", "/poll", 200)
		d.App = there
		d.Prove()
		time.Sleep(time.Millisecond)
		d.App = here
		if w := d.Status("GET", "/me", 200); w.Header().Get("Access-Token") == "" {
			t.Fatal("not renewed: nothing was tried")
		}
		d.App = there
		d.Status("GET", "/me", 200)
	})
}

func TestCustomClaimsThatATokenCannotHoldAreRefusedAtIssue(t *testing.T) {
	// JW-17: at a login, a refresh, a renewal and a reauthentication; and nothing that was issued
	// is refused later. A token has 8 KiB at most, however many members.
	for n, good := range map[int]bool{247: true, 500: true, 700: false} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				claims := map[string]any{}
				for i := range n {
					claims[fmt.Sprintf("m%d", i)] = 1
				}
				tokens := tokentest.New(t, s, tokentest.Eager, tokentest.WithClaims(func(backends.User) (any, error) { return claims, nil }))
				resp, err := tokentest.Login(t, tokens, "1")
				if !good {
					tokentest.WantMentions(t, err, middleware.ErrInvalidArgument.Error(), "Config.Claims")
					tokentest.WantLive(t, s, "1", 0)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				tokentest.Tick()
				next, err := tokens.Refresh(httptest.NewRequest("POST", "/", nil), resp.RefreshToken)
				if err != nil {
					t.Fatal(err)
				}
				for _, token := range []string{resp.AccessToken, next.AccessToken} {
					if _, err := tokens.Authenticate(tokentest.Presented(token)); err != nil {
						t.Errorf("issued, and refused: %v", err)
					}
				}
			})
		})
	}
}
