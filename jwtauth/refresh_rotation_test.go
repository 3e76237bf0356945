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
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

func TestEachRefreshReturnsANewTokenAndTheUsedOneIsRefused(t *testing.T) {
	// RT-1: once the overlap is over.
	synctest.Test(t, func(t *testing.T) {
		d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh)), "1")
		time.Sleep(tokentest.Grace)
		_, used := d.Rotate()
		d.Status("GET", "/me", 200)
		time.Sleep(tokentest.Grace)
		d.WantNoGrant(used)
	})
}

func TestATokenThatIsReallyOldEndsTheSessionWithItsAccessTokensAndOnlyThat(t *testing.T) {
	// RT-2, RT-6, RT-14, RT-20. The grace would still be open.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		app := tokentest.App(t, tokentest.New(t, s, tokentest.Eager, j.Use))
		d, other := tokentest.NewDevice(t, app, "1"), tokentest.NewDevice(t, app, "1")
		access1, refresh1 := d.Rotate()
		access2, refresh2 := d.Rotate()
		for _, token := range []string{access1, access2, d.Token} {
			d.WantAccess(token, 200)
		}
		d.WantNoGrant(refresh1)
		for _, token := range []string{refresh1, refresh2, d.Refresh} {
			d.WantNoGrant(token)
		}
		for _, token := range []string{access1, access2, d.Token} {
			d.WantAccess(token, 401)
		}
		j.Want(t, 2, 0, 1)
		row := tokentest.SessionOf(t, s, d.Token)
		if row.Ended.Reason != backends.ReasonTheft {
			t.Errorf("ended %+v, want by theft", row.Ended)
		}
		i := slices.IndexFunc(j.Events(), func(e middleware.Event) bool { return e.Type == middleware.EventTheft })
		if e := j.Events()[i]; e.SessionID != row.ID || e.Subject != "1" || !e.Time.Equal(row.Ended.At) || e.Time.Location() != time.UTC {
			t.Errorf("event %+v, want the session %s of user 1 at %v", e, row.ID, row.Ended.At)
		}
		other.Rotate()
		other.Status("GET", "/me", 200)
	})
}

func TestAThiefWhoComesManyTimesAtOnceIsOneEvent(t *testing.T) {
	// RT-2.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.Eager, j.Use)), "1")
		_, old := d.Rotate()
		d.Rotate()
		tokentest.AtOnce(20, func(int) { d.Present(old) })
		j.Want(t, 2, 0, 1)
	})
}

func TestParallelRefreshesWithOneTokenGetTheSameSuccessor(t *testing.T) {
	// RT-3.
	for _, n := range []int{2, 8, 100} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				var j tokentest.Journal
				d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.Eager, j.Use)), "1")
				answers := make([]*httptest.ResponseRecorder, n)
				tokentest.AtOnce(n, func(i int) { answers[i] = d.Present(d.Refresh) })
				first := tokentest.AnswerOf(t, answers[0]).RefreshToken
				for _, w := range answers {
					resp := tokentest.AnswerOf(t, w)
					if resp.RefreshToken != first || resp.RefreshToken == d.Refresh {
						t.Fatal("two successors, or none")
					}
					d.WantAccess(resp.AccessToken, 200)
				}
				j.Want(t, 1, n-1, 0)
				if row := tokentest.SessionOf(t, s, d.Token); row.Refresh.Generation != 2 || !row.Ended.At.IsZero() {
					t.Errorf("generation %d, ended %+v; want one rotation and a live session", row.Refresh.Generation, row.Ended)
				}
				d.Refresh = first
				d.Rotate()
			})
		})
	}
}

func TestAnswersThatArriveInAnyOrderLogNobodyOut(t *testing.T) {
	// RT-4: a jar keeps what arrives last. Now and then an answer is lost, or is that late
	// that it arrives after those of the next round.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		app := tokentest.App(t, tokentest.New(t, s, tokentest.Eager, j.Use))
		for seed := range uint64(5) {
			random := rand.New(rand.NewPCG(seed, 1))
			d := tokentest.NewDevice(t, app, "1")
			var late *httptest.ResponseRecorder
			for range 8 {
				answers := make([]*httptest.ResponseRecorder, 8)
				tokentest.AtOnce(len(answers), func(i int) { answers[i] = d.Present(d.Refresh) })
				random.Shuffle(len(answers), func(i, k int) { answers[i], answers[k] = answers[k], answers[i] })
				arrived := answers[random.IntN(len(answers)):]
				for _, w := range arrived {
					d.Keep(w)
				}
				if late != nil {
					d.Keep(late)
				}
				late = nil
				if random.IntN(3) == 0 {
					late = answers[0]
				}
			}
			d.Rotate()
			d.Status("GET", "/me", 200)
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
	// RT-5.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.Eager, j.Use)), "1")
		lost := tokentest.AnswerOf(t, d.Present(d.Refresh))
		for range 3 {
			d.WantGranted(d.Refresh, lost.RefreshToken)
		}
		d.Refresh = lost.RefreshToken
		d.Rotate()
		j.Want(t, 2, 3, 0)
	})
}

func TestRetriesDoNotProlongTheOverlap(t *testing.T) {
	// RT-5, RT-7: it counts from the rotation.
	synctest.Test(t, func(t *testing.T) {
		d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh)), "1")
		time.Sleep(tokentest.Grace)
		former, used := d.Rotate()
		d.WantAccess(d.Token, 200)
		const overlap = tokentest.Grace
		for range 4 {
			d.WantGranted(used, d.Refresh)
			time.Sleep(overlap / 4)
		}
		d.WantNoGrant(used)
		d.WantNoGrant(d.Refresh)
		d.WantAccess(former, 401)
	})
}

func TestTheLastMomentOfTheOverlap(t *testing.T) {
	// RT-7, RT-8: without a limit while the successor has not been seen in use.
	type used func(tokens *jwtauth.Tokens, d *tokentest.Device, former string)
	by := func(a func(*jwtauth.Tokens) middleware.Authenticator, edit ...func(*http.Request)) used {
		return func(tokens *jwtauth.Tokens, d *tokentest.Device, _ string) {
			edit := append(edit, tokentest.Header("Sec-WebSocket-Protocol", "inga.bearer, "+d.Token))
			tokentest.ClientWith(d.T, tokentest.Guarded(d.T, a(tokens)), d.Token).Status("GET", "/", 200, edit...)
		}
	}
	bearer := by(func(tokens *jwtauth.Tokens) middleware.Authenticator { return tokens })
	socket := by(func(tokens *jwtauth.Tokens) middleware.Authenticator { return jwtauth.WebSocket(tokens) }, tokentest.Header("Upgrade", "websocket"))
	introspected := func(_ *jwtauth.Tokens, d *tokentest.Device, _ string) {
		other := tokentest.NewDevice(d.T, d.App, "2")
		d.Status("POST", "/introspect", 200, tokentest.WithForm("token", d.Token), tokentest.Header("Authorization", "Bearer "+other.Token))
	}
	formerOne := func(_ *jwtauth.Tokens, d *tokentest.Device, former string) { d.WantAccess(former, 200) }
	const overlap = 40 * time.Second // 10 s, and the leeway
	for _, row := range []struct {
		name string
		use  used
		wait time.Duration
		good bool
	}{
		{"unseen, when a used one would be over", nil, overlap, true},
		{"unseen, after a tunnel", nil, 90 * time.Second, true},
		{"unseen, at the end of the session", nil, 20*time.Hour - time.Microsecond, true},
		{"seen, before the end", bearer, overlap - time.Microsecond, true},
		{"seen, at the end", bearer, overlap, false},
		{"seen by a socket", socket, overlap, false},
		{"the former access token is no sign", formerOne, overlap, true},
		{"introspection is no use", introspected, overlap, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh, func(c *tokentest.Config) {
					c.Policy = sliding.Policy{Idle: 20 * time.Hour, Absolute: 48 * time.Hour}
				})
				d := tokentest.NewDevice(t, tokentest.App(t, tokens), "1")
				time.Sleep(tokentest.Grace)
				former, used := d.Next()
				if row.use != nil {
					row.use(tokens, d, former)
				}
				time.Sleep(row.wait)
				if row.good {
					d.WantGranted(used, d.Refresh)
					d.WantGranted(used, d.Refresh)
					return
				}
				d.WantNoGrant(used)
				d.WantNoGrant(d.Refresh)
			})
		})
	}
}

func TestTheOverlapIsTheConfiguredOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		short := func(c *tokentest.Config) { c.RefreshOverlap, c.Leeway = time.Second, 2*time.Second }
		app := tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh, short))
		for _, row := range []struct {
			wait time.Duration
			good bool
		}{{2999 * time.Millisecond, true}, {3 * time.Second, false}} {
			d := tokentest.NewDevice(t, app, "1")
			first := d.Refresh
			time.Sleep(2999 * time.Millisecond)
			d.WantGranted(first, first)
			time.Sleep(time.Millisecond)
			_, used := d.Next()
			if d.Refresh == first {
				t.Fatal("not replaced at the end of the overlap")
			}
			d.Status("GET", "/poll", 200)
			time.Sleep(row.wait)
			if w := d.Present(used); (w.Code == 200) != row.good {
				t.Errorf("%+v: status %d", row, w.Code)
			}
		}
	})
}

func TestAnAccessTokenIsReportedInUseOnceForEachRefresh(t *testing.T) {
	// One write for a refresh, and none for who never refreshed.
	s := tokentest.NewSpy(storetest.Memory(t))
	d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.Eager)), "1")
	for refreshes := range 3 {
		s.Take()
		for range 5 {
			d.Status("GET", "/poll", 200)
		}
		var want []string
		if refreshes > 0 {
			want = []string{"MarkSeen"}
		}
		marks := slices.DeleteFunc(s.Take(), func(method string) bool { return method == "Find" })
		if !slices.Equal(marks, want) {
			t.Errorf("after %d refreshes: %v, want %v", refreshes, marks, want)
		}
		d.Rotate()
	}
	s.Fail("MarkSeen")
	d.Status("GET", "/poll", 200) // nothing is lost by it
}

func TestARefreshIsOneRoundTrip(t *testing.T) {
	// IN-2.
	s := tokentest.NewSpy(storetest.Memory(t))
	d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.Eager)), "1")
	s.Take()
	d.Rotate()
	if got := s.Take(); !slices.Equal(got, []string{"Rotate"}) {
		t.Errorf("the store was asked for %v, want Rotate", got)
	}
}

func TestNoRefreshOutlivesTheAbsoluteDeadline(t *testing.T) {
	// RT-9, RT-11: a refresh each 20 minutes of 12 hours.
	synctest.Test(t, func(t *testing.T) {
		m := storetest.Memory(t)
		d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, m, tokentest.WithRefresh)), "1")
		begin := time.Now()
		end := begin.Add(12 * time.Hour)
		refreshes := 0
		for time.Now().Add(20 * time.Minute).Before(end) {
			time.Sleep(20 * time.Minute)
			d.Rotate()
			refreshes++
			row := tokentest.SessionOf(t, m, d.Token)
			if !row.AbsoluteDeadline.Equal(end) || row.IdleDeadline.After(end) {
				t.Fatalf("deadlines %v and %v, want none after %v", row.IdleDeadline, row.AbsoluteDeadline, end)
			}
			claims := tokentest.ClaimsOf(t, d.Token)
			if tokentest.Seconds(t, claims["exp"]) > end.Unix() || tokentest.Seconds(t, claims["auth_time"]) != begin.Unix() {
				t.Fatalf("claims %v, want no exp after %d and the auth_time %d", claims, end.Unix(), begin.Unix())
			}
		}
		if refreshes != 35 {
			t.Errorf("%d refreshes, want 35", refreshes)
		}
		time.Sleep(time.Until(end))
		d.WantNoGrant(d.Refresh)
	})
}

func TestATokenThatNobodyUsesExpiresWithItsSession(t *testing.T) {
	// RT-10, RT-14.
	synctest.Test(t, func(t *testing.T) {
		var j tokentest.Journal
		app := tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh, j.Use))
		d, idle := tokentest.NewDevice(t, app, "1"), tokentest.NewDevice(t, app, "1")
		time.Sleep(30*time.Minute - time.Microsecond)
		d.Next()
		time.Sleep(time.Microsecond)
		idle.WantNoGrant(idle.Refresh)
		d.Next()
		j.Want(t, 1, 1, 0)
	})
}

func TestARefreshCountsAsActivity(t *testing.T) {
	// TL-6: and a request right after it does not count again.
	synctest.Test(t, func(t *testing.T) {
		s := tokentest.NewSpy(storetest.Memory(t))
		d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.WithRefresh)), "1")
		time.Sleep(10 * time.Minute)
		d.Rotate()
		if row := tokentest.SessionOf(t, s, d.Token); !row.LastSeenAt.Equal(time.Now()) || !row.IdleDeadline.Equal(time.Now().Add(30*time.Minute)) {
			t.Errorf("last seen %v, idle until %v", row.LastSeenAt, row.IdleDeadline)
		}
		s.Take()
		d.Status("GET", "/me", 200)
		if slices.Contains(s.Take(), "Extend") {
			t.Error("extended again")
		}
	})
}

func TestARefreshTokenIsNoAccessTokenAndTheOtherWayRound(t *testing.T) {
	// RT-12.
	s := tokentest.NewSpy(storetest.Memory(t))
	d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.WithRefresh)), "1")
	s.Take()
	d.WantAccess(d.Refresh, 401)
	d.WantNoGrant(d.Token)
	if asked := s.Take(); asked != nil {
		t.Errorf("the store was asked: %v", asked)
	}
}

func TestRefreshTokensDieWithTheirSession(t *testing.T) {
	// LO-9, RT-14: refused, and nothing is cleared.
	now := time.Now
	for name, end := range map[string]func(t *testing.T, d *tokentest.Device, s storetest.Store) error{
		"logout": func(_ *testing.T, d *tokentest.Device, _ storetest.Store) error {
			d.Status("POST", "/logout", 200)
			return nil
		},
		"password changed": func(t *testing.T, _ *tokentest.Device, s storetest.Store) error {
			_, err := s.Users().SetPassword(t.Context(), now(), "1", 0, "$argon2id$x", "")
			return err
		},
		"logged out everywhere": func(t *testing.T, _ *tokentest.Device, s storetest.Store) error {
			_, err := s.RevokeUser(t.Context(), now(), "1", "", backends.ReasonRevoked)
			return err
		},
		"user disabled": func(t *testing.T, _ *tokentest.Device, s storetest.Store) error {
			return s.Users().SetDisabled(t.Context(), now(), "1", true)
		},
		"user disabled and enabled": func(t *testing.T, _ *tokentest.Device, s storetest.Store) error {
			if err := s.Users().SetDisabled(t.Context(), now(), "1", true); err != nil {
				return err
			}
			return s.Users().SetDisabled(t.Context(), now(), "1", false)
		},
		"user deleted": func(t *testing.T, _ *tokentest.Device, s storetest.Store) error {
			return s.Users().DeleteUser(t.Context(), now(), "1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				var j tokentest.Journal
				app := tokentest.App(t, tokentest.New(t, s, tokentest.Eager, j.Use))
				d, other := tokentest.NewDevice(t, app, "1"), tokentest.NewDevice(t, app, "2")
				_, parent := d.Rotate()
				if err := end(t, d, s); err != nil {
					t.Fatal(err)
				}
				d.WantNoGrant(parent)
				d.WantNoGrant(d.Refresh)
				d.WantAccess(d.Token, 401)
				other.Rotate()
				j.Want(t, 2, 0, 0)
			})
		})
	}
}

func TestALogoutWinsOverRefreshesInFlight(t *testing.T) {
	// LO-5.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := tokentest.App(t, tokentest.New(t, s, tokentest.WithRefresh))
		for range 5 {
			d := tokentest.NewDevice(t, app, "1")
			seen := []string{d.Refresh}
			var mu sync.Mutex
			tokentest.AtOnce(20, func(i int) {
				if i == 10 {
					tokentest.ClientWith(t, app, d.Token).Do("POST", "/logout")
					return
				}
				w := d.Present(d.Refresh)
				if w.Code != 200 {
					if w.Body.String() != tokentest.InvalidGrant {
						t.Errorf("status %d: %s", w.Code, w.Body)
					}
					return
				}
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, tokentest.AnswerOf(t, w).RefreshToken)
			})
			for _, token := range seen {
				d.WantNoGrant(token)
			}
		}
	})
}

func TestAChangedRoleIsInTheNextAccessToken(t *testing.T) {
	// AZ-2: the custom claims are of the user at this moment.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.Eager, tokentest.WithRoles)), "2")
		d.Status("GET", "/admin", 200)
		if err := s.Users().SetRoles(t.Context(), "2", []string{"user"}); err != nil {
			t.Fatal(err)
		}
		d.Rotate()
		if roles, _ := tokentest.ClaimsOf(t, d.Token)["roles"].([]any); len(roles) != 1 || roles[0] != "user" {
			t.Errorf("roles %v, want user", roles)
		}
		d.Status("GET", "/admin", 403)
	})
}

func TestClaimsThatCannotBeHadForALongTimeLogNobodyOut(t *testing.T) {
	// RT-2, RT-5: a token must not be replaced by one that no client gets.
	synctest.Test(t, func(t *testing.T) {
		var down bool
		var j tokentest.Journal
		d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh, j.Use, func(c *tokentest.Config) {
			c.Claims = func(context.Context, backends.User) (any, error) {
				if down {
					return nil, storetest.ErrDown
				}
				return nil, nil
			}
		})), "1")
		down = true
		for range 3 {
			tokentest.WantUnavailable(t, d.Present(d.Refresh))
			time.Sleep(2 * time.Minute)
		}
		down = false
		d.Rotate()
		j.Want(t, 1, 0, 0)
	})
}

func TestATokenThatRefreshesIsThatOfALoginWithItsOwnPolicy(t *testing.T) {
	// A phone's thirty days and an administrator's fifteen minutes, by one set of tokens.
	synctest.Test(t, func(t *testing.T) {
		tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh)
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
	s := tokentest.NewSpy(storetest.Memory(t))
	tokens := tokentest.New(t, s, tokentest.WithRefresh)
	d := tokentest.NewDevice(t, tokentest.App(t, tokens), "1")
	s.Take()
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
		if _, err := tokens.Refresh(httptest.NewRequest(method, "/", nil), d.Refresh); !errors.Is(err, middleware.ErrMalformedRequest) {
			t.Errorf("%s: error %v, want ErrMalformedRequest", method, err)
		}
	}
	if asked := s.Take(); asked != nil {
		t.Errorf("the store was asked: %v", asked)
	}
}
