package jwtauth_test

import (
	"errors"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/middleware"
)

func TestANewLoginEndsTheOneBeforeWhereNoneMayBeConcurrent(t *testing.T) {
	// DV-3, DV-8: a client that was logged out learns why.
	tokentest.EachVisitor(t, func(t *testing.T, s storetest.Store, visit func(...func(*tokentest.Config)) tokentest.Visitor) {
		one := tokentest.Within(backends.Limit{Total: 1})
		laptop, phone, other := visit(one), visit(one), visit(one)
		tokentest.WantOK(t, laptop.Enter("1"))
		tokentest.WantOK(t, other.Enter("2"))
		tokentest.WantOK(t, laptop.Ask("/me"))
		tokentest.WantOK(t, phone.Enter("1"))
		for range 2 {
			tokentest.WantProblem(t, laptop.Ask("/me"), 401, "session-superseded")
		}
		tokentest.WantOK(t, phone.Ask("/me"))
		tokentest.WantOK(t, other.Ask("/me"))
		tokentest.WantLive(t, s, "1", 1)
		tokentest.WantOK(t, laptop.Enter("1"))
		tokentest.WantProblem(t, phone.Ask("/me"), 401, "session-superseded")
		tokentest.WantOK(t, laptop.Ask("/me"))
		tokentest.WantLive(t, s, "1", 1)
	})
}

func TestTheTokensOfASupersededSessionAreRefusedAsTheirRFCsSay(t *testing.T) {
	// DV-8, LO-9, RT-14, ER-2: and nothing is theft.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		app := tokentest.App(t, tokentest.New(t, s, tokentest.Eager, tokentest.Within(backends.Limit{Total: 1}), j.Use))
		d := tokentest.NewDevice(t, app, "1")
		parent, _ := d.Rotate()
		_, old := d.Rotate()
		tokentest.NewDevice(t, app, "1")
		for _, token := range []string{parent, d.Token} {
			w := tokentest.ClientWith(t, app, token).Do("GET", "/me")
			tokentest.WantProblem(t, w, 401, "session-superseded")
			if got, want := w.Header().Get("WWW-Authenticate"), `Bearer realm="inga", error="invalid_token"`; got != want {
				t.Errorf("WWW-Authenticate %s, want %s", got, want)
			}
		}
		d.WantNoGrant(d.Refresh)
		d.WantNoGrant(old)
		j.Want(t, 2, 0, 0)
		if row := tokentest.SessionOf(t, s, d.Token); row.Ended.Reason != "superseded" {
			t.Errorf("ended %+v, want superseded", row.Ended)
		}
	})
}

func TestSeveralDevicesStandSideBySideUntilTheOneUsedLeastRecentlyMakesRoom(t *testing.T) {
	// DV-3, DV-8.
	tokentest.EachVisitor(t, func(t *testing.T, s storetest.Store, visit func(...func(*tokentest.Config)) tokentest.Visitor) {
		three := func(c *tokentest.Config) { c.Limit, c.Policy = backends.Limit{Total: 3}.ForAll, tokentest.Busy }
		var visitors []tokentest.Visitor
		for range 3 {
			v := visit(three)
			tokentest.WantOK(t, v.Enter("1"))
			visitors = append(visitors, v)
			tokentest.Tick()
		}
		tokentest.WantLive(t, s, "1", 3)
		tokentest.WantOK(t, visitors[0].Ask("/me"))
		fourth := visit(three)
		tokentest.WantOK(t, fourth.Enter("1"))
		tokentest.WantProblem(t, visitors[1].Ask("/me"), 401, "session-superseded")
		for _, v := range []tokentest.Visitor{visitors[0], visitors[2], fourth} {
			tokentest.WantOK(t, v.Ask("/me"))
		}
		tokentest.WantLive(t, s, "1", 3)
	})
}

func TestALoginThatWouldBeOneTooManyIsRefusedAndTheOthersLive(t *testing.T) {
	// DV-3, OB-1.
	tokentest.EachVisitor(t, func(t *testing.T, s storetest.Store, visit func(...func(*tokentest.Config)) tokentest.Visitor) {
		var j tokentest.Journal
		two := []func(*tokentest.Config){tokentest.Within(backends.Limit{Total: 2, Refuse: true}), j.Use}
		laptop, phone, third := visit(two...), visit(two...), visit(two...)
		tokentest.WantOK(t, laptop.Enter("1"))
		tokentest.WantOK(t, phone.Enter("1"))
		j.Take()
		tokentest.WantProblem(t, third.Enter("1"), 403, "too-many-sessions")
		if events := j.Take(); len(events) != 1 || events[0].Type != "limit" || events[0].Subject != "1" || events[0].SessionID != "" {
			t.Errorf("events %+v, want that the limit of user 1 was hit", events)
		}
		tokentest.WantOK(t, laptop.Ask("/me"))
		tokentest.WantOK(t, phone.Ask("/me"))
		tokentest.WantLive(t, s, "1", 2)
		tokentest.WantOK(t, third.Enter("2"))
		phone.Leave()
		third.Leave()
		tokentest.WantOK(t, third.Enter("1"))
		tokentest.WantOK(t, third.Ask("/me"))
		tokentest.WantLive(t, s, "1", 2)
	})
}

func TestALimitIsWhatTheUserOfThisMomentMayHave(t *testing.T) {
	// DV-9: administrators have none.
	tokentest.EachVisitor(t, func(t *testing.T, s storetest.Store, visit func(...func(*tokentest.Config)) tokentest.Visitor) {
		byRole := func(c *tokentest.Config) {
			c.Limit = func(u backends.User) backends.Limit {
				if slices.Contains(u.Roles, "admin") {
					return backends.Limit{}
				}
				return backends.Limit{Total: 1, Refuse: true}
			}
		}
		for range 5 {
			tokentest.WantOK(t, visit(byRole).Enter("2"))
		}
		tokentest.WantOK(t, visit(byRole).Enter("1"))
		tokentest.WantProblem(t, visit(byRole).Enter("1"), 403, "too-many-sessions")
		if err := s.Users().SetRoles(t.Context(), "1", []string{"admin"}); err != nil {
			t.Fatal(err)
		}
		tokentest.WantOK(t, visit(byRole).Enter("1"))
		tokentest.WantLive(t, s, "1", 2)
		tokentest.WantLive(t, s, "2", 5)
	})
}

func TestALimitForTheKindCountsTokensOnly(t *testing.T) {
	// DV-9: not the sessions of cookies at the same store.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		for range 3 {
			row := tokentest.Begun("1", backends.KindCookie, tokentest.Policy, time.Now())
			if _, err := s.Create(t.Context(), row.CreatedAt, row, backends.NewSecret().Hash(), backends.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		app := tokentest.App(t, tokentest.New(t, s, tokentest.Within(backends.Limit{PerKind: 1, Refuse: true})))
		c := tokentest.NewClient(t, app).Login("1")
		tokentest.WantProblem(t, tokentest.NewClient(t, app).Do("POST", "/login", tokentest.As("1")), 403, "too-many-sessions")
		evicting := tokentest.App(t, tokentest.New(t, s, tokentest.Within(backends.Limit{PerKind: 1})))
		tokentest.NewClient(t, evicting).Login("1")
		tokentest.WantProblem(t, c.Do("GET", "/me"), 401, "session-superseded")
		tokentest.WantLive(t, s, "1", 4)
	})
}

func TestFiftySimultaneousLoginsLeaveAsManySessionsAsTheLimitSays(t *testing.T) {
	// DV-4.
	for name, row := range map[string]struct {
		limit    backends.Limit
		refusals int
	}{
		"evicting": {backends.Limit{Total: 3}, 0},
		"refusing": {backends.Limit{Total: 3, Refuse: true}, 47},
	} {
		t.Run(name, func(t *testing.T) {
			tokentest.EachVisitor(t, func(t *testing.T, s storetest.Store, visit func(...func(*tokentest.Config)) tokentest.Visitor) {
				visitors := make([]tokentest.Visitor, 50)
				for i := range visitors {
					visitors[i] = visit(tokentest.Within(row.limit))
				}
				statuses := make([]int, 50)
				tokentest.AtOnce(50, func(i int) { statuses[i] = visitors[i].Enter("1").Code })
				let, refused, live := 0, 0, 0
				for i, v := range visitors {
					switch statuses[i] {
					case 200:
						let++
					case 403:
						refused++
					}
					if v.Ask("/me").Code == 200 {
						live++
					}
				}
				if let+refused != 50 || refused != row.refusals || live != 3 {
					t.Errorf("%d let in, %d refused, %d live; want %d, %d and 3", let, refused, live, 50-row.refusals, row.refusals)
				}
				tokentest.WantLive(t, s, "1", 3)
			})
		})
	}
}

func TestARefreshOpensNoSessionAndPassesWhateverTheLimitSays(t *testing.T) {
	// DV-7: it goes on with the one there is, by a program, a browser, and many at once.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := tokentest.New(t, s, tokentest.Eager, tokentest.Within(backends.Limit{Total: 2, Refuse: true}))
		d := tokentest.NewDevice(t, tokentest.App(t, tokens), "1")
		b := tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokens)))
		b.Login("1")
		sids := []any{tokentest.ClaimsOf(t, d.Token)["sid"], tokentest.ClaimsOf(t, b.Access())["sid"]}
		for range 5 {
			d.Rotate()
			b.Expire()
			b.Status("GET", "/me", 200)
			b.Status("POST", "/refresh", 200)
		}
		answers := make([]*httptest.ResponseRecorder, 20)
		tokentest.AtOnce(20, func(i int) { answers[i] = d.Present(d.Refresh) })
		for _, w := range answers {
			d.Keep(w)
		}
		d.Status("GET", "/me", 200)
		if got := []any{tokentest.ClaimsOf(t, d.Token)["sid"], tokentest.ClaimsOf(t, b.Access())["sid"]}; !slices.Equal(got, sids) {
			t.Errorf("sessions %v, want %v", got, sids)
		}
		tokentest.WantLive(t, s, "1", 2)
		if _, err := tokentest.Login(t, tokens, "1"); !errors.Is(err, middleware.ErrTooManySessions) {
			t.Errorf("a login: error %v, want ErrTooManySessions", err)
		}
	})
}

func TestSessionsThatAreOverBlockNoLogin(t *testing.T) {
	// DV-6: neither those that have expired nor those that ended.
	for name, open := range map[string]func(*testing.T) storetest.Store{
		"memory":         func(t *testing.T) storetest.Store { return storetest.Memory(t) },
		"memory, cached": func(t *testing.T) storetest.Store { return storetest.Cached(t, storetest.Memory(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := tokentest.App(t, tokentest.New(t, open(t), tokentest.Within(backends.Limit{Total: 1, Refuse: true})))
				first := tokentest.NewClient(t, app).Login("1")
				time.Sleep(30*time.Minute - time.Microsecond)
				tokentest.WantProblem(t, tokentest.NewClient(t, app).Do("POST", "/login", tokentest.As("1")), 403, "too-many-sessions")
				time.Sleep(time.Microsecond)
				second := tokentest.NewClient(t, app).Login("1")
				tokentest.WantProblem(t, first.Do("POST", "/login", tokentest.As("1")), 403, "too-many-sessions")
				second.Status("POST", "/logout", 200)
				tokentest.NewClient(t, app).Login("1")
			})
		})
	}
}

func TestSessionsThatAreOverBlockNoLoginOnAnyStore(t *testing.T) {
	// DV-6.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := tokentest.App(t, tokentest.New(t, s, tokentest.Within(backends.Limit{Total: 1, Refuse: true})))
		expired := tokentest.NewClient(t, app)
		expired.Token = tokentest.Sign(tokentest.GoodHeader, tokentest.GoodClaims(tokentest.Aged(t, s, 31*time.Minute).ID))
		tokentest.NewClient(t, app).Login("1")
		tokentest.WantProblem(t, expired.Do("GET", "/me"), 401, "session-expired")
		tokentest.WantProblem(t, tokentest.NewClient(t, app).Do("POST", "/login", tokentest.As("1")), 403, "too-many-sessions")
		if _, err := s.RevokeUser(t.Context(), time.Now(), "1", "", backends.ReasonRevoked); err != nil {
			t.Fatal(err)
		}
		tokentest.NewClient(t, app).Login("1")
	})
}

func TestARefusalSaysHowTheSessionEnded(t *testing.T) {
	// DV-8, LO-1, LO-2, LO-4, RT-2: to the client that has the token, and to a browser whose
	// access token has expired as well.
	now := time.Now
	for _, row := range []struct {
		name, problem string
		end           func(t *testing.T, s storetest.Store, id string) error
	}{
		{"logout", "session-revoked", func(t *testing.T, s storetest.Store, id string) error {
			_, err := s.Revoke(t.Context(), now(), id, backends.ReasonLogout)
			return err
		}},
		{"everybody's", "session-revoked", func(t *testing.T, s storetest.Store, _ string) error {
			err := s.RevokeAll(t.Context(), now(), backends.ReasonRevoked)
			return err
		}},
		{"password changed", "session-revoked", func(t *testing.T, s storetest.Store, _ string) error {
			_, err := s.Users().SetPassword(t.Context(), now(), "1", 0, "$argon2id$x", "")
			return err
		}},
		{"user disabled", "session-revoked", func(t *testing.T, s storetest.Store, _ string) error {
			return s.Users().SetDisabled(t.Context(), now(), "1", true)
		}},
		{"superseded", "session-superseded", func(t *testing.T, s storetest.Store, _ string) error {
			_, err := tokentest.Login(t, tokentest.New(t, s, tokentest.Within(backends.Limit{Total: 1})), "1")
			return err
		}},
		{"stolen", "session-stolen", func(t *testing.T, s storetest.Store, id string) error {
			_, err := s.Revoke(t.Context(), now(), id, backends.ReasonTheft)
			return err
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			tokentest.EachVisitor(t, func(t *testing.T, s storetest.Store, visit func(...func(*tokentest.Config)) tokentest.Visitor) {
				v := visit()
				tokentest.WantOK(t, v.Enter("1"))
				id := tokentest.IdentityOf(t, v.Ask("/me")).SessionID
				if err := row.end(t, s, id); err != nil {
					t.Fatal(err)
				}
				for range 2 {
					tokentest.WantProblem(t, v.Ask("/me"), 401, row.problem)
				}
			})
		})
	}
}
