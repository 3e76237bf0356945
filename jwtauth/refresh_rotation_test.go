package jwtauth_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// The grace that nothing is said about, as the design has it.
const (
	overlap = 10 * time.Second
	unseen  = time.Minute
)

func TestEachRefreshReturnsANewTokenAndTheUsedOneIsRefused(t *testing.T) {
	// RT-1: outside of the grace.
	synctest.Test(t, func(t *testing.T) {
		d := newDevice(t, refreshApp(t, newTokens(t, storetest.Memory(t), withRefresh)), "1")
		_, used := d.next()
		if d.refresh == used {
			t.Fatal("the same token again")
		}
		d.status("GET", "/me", 200)
		time.Sleep(unseen)
		d.wantNoGrant(used)
	})
}

func TestATokenThatIsReallyOldEndsTheSessionWithItsAccessTokensAndOnlyThat(t *testing.T) {
	// Promise 12, RT-2, RT-6, RT-14, RT-20. The grace would still be open.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j journal
		app := refreshApp(t, newTokens(t, s, withRefresh, j.use))
		d, other := newDevice(t, app, "1"), newDevice(t, app, "1")
		access1, refresh1 := d.next()
		access2, refresh2 := d.next()
		for _, token := range []string{access1, access2, d.token} {
			d.wantAccess(token, 200)
		}
		d.wantNoGrant(refresh1)
		for _, token := range []string{refresh1, refresh2, d.refresh} {
			d.wantNoGrant(token)
		}
		for _, token := range []string{access1, access2, d.token} {
			d.wantAccess(token, 401)
		}
		j.want(t, 2, 0, 1)
		row := sessionOf(t, s, d.token)
		if row.Ended.Reason != backends.ReasonTheft {
			t.Errorf("ended %+v, want by theft", row.Ended)
		}
		i := slices.IndexFunc(j.Events(), func(e middleware.Event) bool { return e.Type == middleware.EventTheft })
		if e := j.Events()[i]; e.SessionID != row.ID || e.Subject != "1" || !e.Time.Equal(row.Ended.At) || e.Time.Location() != time.UTC {
			t.Errorf("event %+v, want the session %s of user 1 at %v", e, row.ID, row.Ended.At)
		}
		other.next()
		other.status("GET", "/me", 200)
	})
}

func TestAThiefWhoComesManyTimesAtOnceIsOneEvent(t *testing.T) {
	// RT-2.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j journal
		d := newDevice(t, refreshApp(t, newTokens(t, s, withRefresh, j.use)), "1")
		_, old := d.next()
		d.next()
		atOnceEach(20, func(int) { d.present(old) })
		j.want(t, 2, 0, 1)
	})
}

func TestParallelRefreshesWithOneTokenGetTheSameSuccessor(t *testing.T) {
	// Promise 10, RT-3.
	for _, n := range []int{2, 8, 100} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				var j journal
				d := newDevice(t, refreshApp(t, newTokens(t, s, withRefresh, j.use)), "1")
				answers := make([]*httptest.ResponseRecorder, n)
				atOnceEach(n, func(i int) { answers[i] = d.present(d.refresh) })
				first := answerOf(t, answers[0]).RefreshToken
				for _, w := range answers {
					resp := answerOf(t, w)
					if resp.RefreshToken != first || resp.RefreshToken == d.refresh {
						t.Fatal("two successors, or none")
					}
					d.wantAccess(resp.AccessToken, 200)
				}
				j.want(t, 1, n-1, 0)
				if row := sessionOf(t, s, d.token); row.Refresh.Generation != 2 || !row.Ended.At.IsZero() {
					t.Errorf("generation %d, ended %+v; want one rotation and a live session", row.Refresh.Generation, row.Ended)
				}
				d.refresh = first
				d.next()
			})
		})
	}
}

func TestAnswersThatArriveInAnyOrderLogNobodyOut(t *testing.T) {
	// RT-4: a jar keeps what arrives last. Now and then an answer is lost, or is that late
	// that it arrives after those of the next round.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j journal
		app := refreshApp(t, newTokens(t, s, withRefresh, j.use))
		for seed := range uint64(5) {
			random := rand.New(rand.NewPCG(seed, 1))
			d := newDevice(t, app, "1")
			var late *httptest.ResponseRecorder
			for range 8 {
				answers := make([]*httptest.ResponseRecorder, 8)
				atOnceEach(len(answers), func(i int) { answers[i] = d.present(d.refresh) })
				random.Shuffle(len(answers), func(i, k int) { answers[i], answers[k] = answers[k], answers[i] })
				arrived := answers[random.IntN(len(answers)):]
				for _, w := range arrived {
					d.keep(w)
				}
				if late != nil {
					d.keep(late)
				}
				late = nil
				if random.IntN(3) == 0 {
					late = answers[0]
				}
			}
			d.next()
			d.status("GET", "/me", 200)
		}
		if n := j.Count(middleware.EventTheft); n != 0 {
			t.Errorf("%d logouts, want 0", n)
		}
		live, err := s.List(t.Context(), time.Now(), "1")
		if err != nil || len(live) != 5 {
			t.Errorf("%d sessions (%v), want 5", len(live), err)
		}
	})
}

func TestALostAnswerIsRecoveredByRetrying(t *testing.T) {
	// Promise 11, RT-5.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j journal
		d := newDevice(t, refreshApp(t, newTokens(t, s, withRefresh, j.use)), "1")
		lost := answerOf(t, d.present(d.refresh))
		for range 3 {
			d.wantGranted(d.refresh, lost.RefreshToken)
		}
		d.refresh = lost.RefreshToken
		d.next()
		j.want(t, 2, 3, 0)
	})
}

func TestRetriesDoNotProlongTheGrace(t *testing.T) {
	// RT-5, RT-7: anchored at the rotation.
	synctest.Test(t, func(t *testing.T) {
		d := newDevice(t, refreshApp(t, newTokens(t, storetest.Memory(t), withRefresh)), "1")
		_, used := d.next()
		for range 6 {
			d.wantGranted(used, d.refresh)
			time.Sleep(unseen / 6)
		}
		d.wantNoGrant(used)
		d.wantNoGrant(d.refresh)
	})
}

func TestTheLastMomentOfTheGrace(t *testing.T) {
	// RT-7, RT-8: the long one is open while the successor has not been seen in use.
	type used func(tokens *jwtauth.Tokens, d *device, former string)
	by := func(a func(*jwtauth.Tokens) middleware.Authenticator, edit ...func(*http.Request)) used {
		return func(tokens *jwtauth.Tokens, d *device, _ string) {
			edit := append(edit, header("Sec-WebSocket-Protocol", "inga.bearer, "+d.token))
			(&client{d.t, guarded(d.t, a(tokens)), d.token}).status("GET", "/", 200, edit...)
		}
	}
	bearer := by(func(tokens *jwtauth.Tokens) middleware.Authenticator { return tokens })
	socket := by(func(tokens *jwtauth.Tokens) middleware.Authenticator { return tokens.WebSocket() }, header("Upgrade", "websocket"))
	introspected := func(_ *jwtauth.Tokens, d *device, _ string) {
		other := newDevice(d.t, d.app, "2")
		d.status("POST", "/introspect", 200, withForm("token", d.token), header("Authorization", "Bearer "+other.token))
	}
	formerOne := func(_ *jwtauth.Tokens, d *device, former string) { d.wantAccess(former, 200) }
	for _, row := range []struct {
		name string
		use  used
		wait time.Duration
		good bool
	}{
		{"unseen, before the end", nil, unseen - time.Microsecond, true},
		{"unseen, at the end", nil, unseen, false},
		{"seen, before the end", bearer, overlap - time.Microsecond, true},
		{"seen, at the end", bearer, overlap, false},
		{"seen by a socket", socket, overlap, false},
		{"the access token of before is no sign", formerOne, overlap, true},
		{"introspection is no use", introspected, overlap, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tokens := newTokens(t, storetest.Memory(t), withRefresh)
				d := newDevice(t, refreshApp(t, tokens), "1")
				former, used := d.next()
				if row.use != nil {
					row.use(tokens, d, former)
				}
				time.Sleep(row.wait)
				if row.good {
					d.wantGranted(used, d.refresh)
					d.next()
					return
				}
				d.wantNoGrant(used)
				d.wantNoGrant(d.refresh)
			})
		})
	}
}

func TestTheGraceIsTheConfiguredOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		short := func(c *jwtauth.Config) {
			c.RefreshGrace = backends.Grace{Overlap: time.Second, Unseen: 2 * time.Second}
		}
		app := refreshApp(t, newTokens(t, storetest.Memory(t), withRefresh, short))
		for _, row := range []struct {
			seen bool
			wait time.Duration
			good bool
		}{{false, 1999 * time.Millisecond, true}, {false, 2 * time.Second, false}, {true, 999 * time.Millisecond, true}, {true, time.Second, false}} {
			d := newDevice(t, app, "1")
			_, used := d.next()
			if row.seen {
				d.status("GET", "/poll", 200)
			}
			time.Sleep(row.wait)
			if w := d.present(used); (w.Code == 200) != row.good {
				t.Errorf("%+v: status %d", row, w.Code)
			}
		}
	})
}

func TestAnAccessTokenIsReportedInUseOnceForEachRefresh(t *testing.T) {
	// One write for a refresh, and none for who never refreshed.
	s := newSpy(storetest.Memory(t))
	d := newDevice(t, refreshApp(t, newTokens(t, s, withRefresh)), "1")
	for refreshes := range 3 {
		s.take()
		for range 5 {
			d.status("GET", "/poll", 200)
		}
		var want []string
		if refreshes > 0 {
			want = []string{"MarkSeen"}
		}
		marks := slices.DeleteFunc(s.take(), func(method string) bool { return method == "FindByID" })
		if !slices.Equal(marks, want) {
			t.Errorf("after %d refreshes: %v, want %v", refreshes, marks, want)
		}
		d.next()
	}
	s.fail("MarkSeen")
	d.status("GET", "/poll", 200) // nothing is lost by it
}

func TestARefreshIsOneRoundTrip(t *testing.T) {
	// Promise 18.
	s := newSpy(storetest.Memory(t))
	d := newDevice(t, refreshApp(t, newTokens(t, s, withRefresh)), "1")
	s.take()
	d.next()
	if got := s.take(); !slices.Equal(got, []string{"Rotate"}) {
		t.Errorf("the store was asked for %v, want Rotate", got)
	}
}

func TestNoRefreshOutlivesTheAbsoluteDeadline(t *testing.T) {
	// RT-9, RT-11, promise 4: a refresh each 20 minutes of 12 hours.
	synctest.Test(t, func(t *testing.T) {
		m := storetest.Memory(t)
		d := newDevice(t, refreshApp(t, newTokens(t, m, withRefresh)), "1")
		begin := time.Now()
		end := begin.Add(12 * time.Hour)
		refreshes := 0
		for time.Now().Add(20 * time.Minute).Before(end) {
			time.Sleep(20 * time.Minute)
			d.next()
			refreshes++
			row := sessionOf(t, m, d.token)
			if !row.AbsoluteDeadline.Equal(end) || row.IdleDeadline.After(end) {
				t.Fatalf("deadlines %v and %v, want none after %v", row.IdleDeadline, row.AbsoluteDeadline, end)
			}
			claims := claimsOf(t, d.token)
			if seconds(t, claims["exp"]) > end.Unix() || seconds(t, claims["auth_time"]) != begin.Unix() {
				t.Fatalf("claims %v, want no exp after %d and the auth_time %d", claims, end.Unix(), begin.Unix())
			}
		}
		if refreshes != 35 {
			t.Errorf("%d refreshes, want 35", refreshes)
		}
		time.Sleep(time.Until(end))
		d.wantNoGrant(d.refresh)
	})
}

func TestATokenThatNobodyUsesExpiresWithItsSession(t *testing.T) {
	// RT-10, RT-14.
	synctest.Test(t, func(t *testing.T) {
		var j journal
		app := refreshApp(t, newTokens(t, storetest.Memory(t), withRefresh, j.use))
		d, idle := newDevice(t, app, "1"), newDevice(t, app, "1")
		time.Sleep(30*time.Minute - time.Microsecond)
		d.next()
		time.Sleep(time.Microsecond)
		idle.wantNoGrant(idle.refresh)
		d.next()
		j.want(t, 2, 0, 0)
	})
}

func TestARefreshCountsAsActivity(t *testing.T) {
	// TL-6: and a request right after it does not count again.
	synctest.Test(t, func(t *testing.T) {
		s := newSpy(storetest.Memory(t))
		d := newDevice(t, refreshApp(t, newTokens(t, s, withRefresh)), "1")
		time.Sleep(10 * time.Minute)
		d.next()
		if row := sessionOf(t, s, d.token); !row.LastSeenAt.Equal(time.Now()) || !row.IdleDeadline.Equal(time.Now().Add(30*time.Minute)) {
			t.Errorf("last seen %v, idle until %v", row.LastSeenAt, row.IdleDeadline)
		}
		s.take()
		d.status("GET", "/me", 200)
		if slices.Contains(s.take(), "Extend") {
			t.Error("extended again")
		}
	})
}

func TestARefreshTokenIsNoAccessTokenAndTheOtherWayRound(t *testing.T) {
	// RT-12.
	s := newSpy(storetest.Memory(t))
	d := newDevice(t, refreshApp(t, newTokens(t, s, withRefresh)), "1")
	s.take()
	d.wantAccess(d.refresh, 401)
	d.wantNoGrant(d.token)
	if asked := s.take(); asked != nil {
		t.Errorf("the store was asked: %v", asked)
	}
}

func TestRefreshTokensDieWithTheirSession(t *testing.T) {
	// LO-9, promise 8; RT-14: refused, and nothing is cleared.
	now := time.Now
	for name, end := range map[string]func(t *testing.T, d *device, s storetest.Store) error{
		"logout": func(_ *testing.T, d *device, _ storetest.Store) error {
			d.status("POST", "/logout", 200)
			return nil
		},
		"password changed": func(t *testing.T, _ *device, s storetest.Store) error {
			_, err := s.SetPassword(t.Context(), now(), "1", 0, "$argon2id$x", "")
			return err
		},
		"logged out everywhere": func(t *testing.T, _ *device, s storetest.Store) error {
			_, err := s.RevokeUser(t.Context(), now(), "1", "", backends.ReasonRevoked)
			return err
		},
		"user disabled": func(t *testing.T, _ *device, s storetest.Store) error {
			return s.SetDisabled(t.Context(), now(), "1", true)
		},
		"user disabled and enabled": func(t *testing.T, _ *device, s storetest.Store) error {
			if err := s.SetDisabled(t.Context(), now(), "1", true); err != nil {
				return err
			}
			return s.SetDisabled(t.Context(), now(), "1", false)
		},
		"user deleted": func(t *testing.T, _ *device, s storetest.Store) error {
			return s.DeleteUser(t.Context(), now(), "1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				var j journal
				app := refreshApp(t, newTokens(t, s, withRefresh, j.use))
				d, other := newDevice(t, app, "1"), newDevice(t, app, "2")
				_, parent := d.next()
				if err := end(t, d, s); err != nil {
					t.Fatal(err)
				}
				d.wantNoGrant(parent)
				d.wantNoGrant(d.refresh)
				d.wantAccess(d.token, 401)
				other.next()
				j.want(t, 2, 0, 0)
			})
		})
	}
}

func TestALogoutWinsOverRefreshesInFlight(t *testing.T) {
	// Promise 3, LO-5.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := refreshApp(t, newTokens(t, s, withRefresh))
		for range 5 {
			d := newDevice(t, app, "1")
			seen := []string{d.refresh}
			var mu sync.Mutex
			atOnceEach(20, func(i int) {
				if i == 10 {
					(&client{t, app, d.token}).do("POST", "/logout")
					return
				}
				w := d.present(d.refresh)
				if w.Code != 200 {
					if w.Body.String() != invalidGrant {
						t.Errorf("status %d: %s", w.Code, w.Body)
					}
					return
				}
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, answerOf(t, w).RefreshToken)
			})
			for _, token := range seen {
				d.wantNoGrant(token)
			}
		}
	})
}

func TestAChangedRoleIsInTheNextAccessToken(t *testing.T) {
	// Promise 8: the custom claims are of the user at this moment.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		d := newDevice(t, refreshApp(t, newTokens(t, s, withRefresh, withRoles)), "2")
		d.status("GET", "/admin", 200)
		if err := s.SetRoles(t.Context(), "2", []string{"user"}); err != nil {
			t.Fatal(err)
		}
		d.next()
		if roles, _ := claimsOf(t, d.token)["roles"].([]any); len(roles) != 1 || roles[0] != "user" {
			t.Errorf("roles %v, want user", roles)
		}
		d.status("GET", "/admin", 403)
	})
}

func withRoles(c *jwtauth.Config) {
	c.Claims = func(_ context.Context, u backends.User) (any, error) {
		return map[string]any{"roles": u.Roles}, nil
	}
}

func TestClaimsThatCannotBeHadForALongTimeLogNobodyOut(t *testing.T) {
	// Promises 11 and 12: a token must not be replaced by one that nobody gets.
	synctest.Test(t, func(t *testing.T) {
		var down bool
		var j journal
		d := newDevice(t, refreshApp(t, newTokens(t, storetest.Memory(t), withRefresh, j.use, func(c *jwtauth.Config) {
			c.Claims = func(context.Context, backends.User) (any, error) {
				if down {
					return nil, storetest.ErrDown
				}
				return nil, nil
			}
		})), "1")
		down = true
		for range 3 {
			wantUnavailable(t, d.present(d.refresh))
			time.Sleep(2 * unseen)
		}
		down = false
		d.next()
		j.want(t, 1, 0, 0)
	})
}

func TestATokenThatRefreshesIsThatOfALoginWithItsOwnPolicy(t *testing.T) {
	// A phone's thirty days and an administrator's fifteen minutes, by one set of tokens.
	synctest.Test(t, func(t *testing.T) {
		tokens := newTokens(t, storetest.Memory(t), withRefresh)
		r := httptest.NewRequest("POST", "/", nil)
		grant := func(p middleware.Policy) jwtauth.Response {
			resp, err := tokens.Login(r, middleware.Login{Subject: "1", Policy: p})
			if err != nil {
				t.Fatal(err)
			}
			return resp
		}
		phone, admin := grant(sliding.AAL1()), grant(sliding.AAL3())
		time.Sleep(20 * time.Minute)
		if _, err := tokens.Refresh(r, phone.RefreshToken); err != nil {
			t.Error(err)
		}
		if _, err := tokens.Refresh(r, admin.RefreshToken); !errors.Is(err, middleware.ErrInvalidCredentials) {
			t.Errorf("after 20 minutes of 15: error %v", err)
		}
	})
}

func TestNobodyRefreshesWithASafeMethod(t *testing.T) {
	// CS-5.
	s := newSpy(storetest.Memory(t))
	tokens := newTokens(t, s, withRefresh)
	d := newDevice(t, refreshApp(t, tokens), "1")
	s.take()
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
		if _, err := tokens.Refresh(httptest.NewRequest(method, "/", nil), d.refresh); !errors.Is(err, middleware.ErrMalformedRequest) {
			t.Errorf("%s: error %v, want ErrMalformedRequest", method, err)
		}
	}
	if asked := s.take(); asked != nil {
		t.Errorf("the store was asked: %v", asked)
	}
}
