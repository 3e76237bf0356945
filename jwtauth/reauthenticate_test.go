package jwtauth_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

func TestANewProofGivesNewTokensAndTheFormerOnesOpenNothing(t *testing.T) {
	// SID-3, TL-4, TL-11, OB-1: the session has the same ID, and a new start.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		app := tokentest.App(t, tokentest.New(t, s, tokentest.Eager, j.Use))
		d := tokentest.DeviceAgo(t, s, app, 10*time.Minute)
		former := []string{d.Token}
		access, used := d.Rotate()
		former = append(former, access, d.Token)
		refreshes := []string{used, d.Refresh}
		before := tokentest.IdentityOf(t, d.Status("GET", "/poll", 200))
		begin := time.Now()
		j.Take()
		d.Prove()
		for _, token := range former {
			tokentest.ClientWith(t, app, token).Status("GET", "/me", 401)
			tokentest.ClientWith(t, app, token).Status("POST", "/prove", 401)
		}
		for range 3 { // nor are the former refresh tokens theft, however often they come
			for _, token := range refreshes {
				d.WantNoGrant(token)
			}
		}
		j.WantEvents(t, middleware.Event{Type: "reauthenticated", Subject: "1", SessionID: before.SessionID, Method: "bearer", IP: "192.0.2.1"})
		after := tokentest.IdentityOf(t, d.Status("GET", "/me", 200))
		if after.SessionID != before.SessionID || after.AuthTime.Before(begin.Add(-time.Second)) || !slices.Equal(after.AMR, []string{"pwd", "otp"}) {
			t.Errorf("before %+v, after %+v; want the same session, authenticated now by pwd and otp", before, after)
		}
		if got := tokentest.Seconds(t, tokentest.ClaimsOf(t, d.Token)["auth_time"]); got < begin.Unix() || got > time.Now().Unix() {
			t.Errorf("auth_time %d, want now, which is %d", got, begin.Unix())
		}
		row := tokentest.SessionOf(t, s, d.Token)
		if idle, absolute := row.IdleDeadline.Sub(row.AuthenticatedAt), row.AbsoluteDeadline.Sub(row.AuthenticatedAt); idle != 30*time.Minute || absolute != 12*time.Hour || row.RenewalInterval != 150*time.Second {
			t.Errorf("from the new proof on %v idle and %v at all, counted every %v; want 30m, 12h and 2m30s", idle, absolute, row.RenewalInterval)
		}
		_, used = d.Rotate()
		d.WantGranted(used, d.Refresh)
		d.Status("GET", "/me", 200)
		tokentest.WantLive(t, s, "1", 1)
	})
}

func TestANewProofWorksWithoutRefreshTokensToo(t *testing.T) {
	// SID-3.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		row := tokentest.Begun("1", backends.KindToken, tokentest.Policy, time.Now().Add(-10*time.Minute))
		begin := row.AuthenticatedAt
		if _, err := s.Create(t.Context(), begin, row, backends.SecretHash{}, backends.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s)), "")
		former := tokentest.Sign(tokentest.GoodHeader, tokentest.Replaced(t, tokentest.GoodClaims(row.ID), `"jti"`, fmt.Sprintf(`"auth_time":%d,"jti"`, begin.Unix())))
		d.Token = former
		d.Status("GET", "/poll", 200)
		for range 3 {
			used := d.Token
			d.Prove()
			if d.Refresh != "" {
				t.Fatalf("a refresh token without RefreshKeys")
			}
			if used == former {
				tokentest.ClientWith(t, d.App, former).Status("GET", "/me", 401)
			}
		}
		if id := tokentest.IdentityOf(t, d.Status("GET", "/fresh", 200)); id.SessionID != row.ID {
			t.Errorf("session %s, want %s", id.SessionID, row.ID)
		}
		if found := tokentest.SessionOf(t, s, d.Token); found.Refresh != (backends.Refresh{}) {
			t.Errorf("refresh %+v, want none", found.Refresh)
		}
	})
}

func TestANewProofInTheSecondOfTheLoginEndsTheFormerTokensToo(t *testing.T) {
	// SID-3: a password, and at once the second factor. The claim auth_time has seconds only.
	for name, wait := range map[string]time.Duration{"at once": 0, "at the end of the second": 999 * time.Millisecond, "in the next one": time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // which begins with a whole second
				d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh)), "1")
				former, refresh := d.Token, d.Refresh
				time.Sleep(wait)
				d.Prove()
				d.Status("GET", "/me", 200)
				d.WantNoGrant(refresh)
				if w := tokentest.ClientWith(t, d.App, former).Do("GET", "/me"); w.Code != 401 {
					t.Errorf("the former access token: status %d, want 401", w.Code)
				}
				d.Next()
				d.Status("GET", "/fresh", 200)
			})
		})
	}
}

func TestAClockThatIsBehindMakesNoNewProofOlder(t *testing.T) {
	// SID-3, TL-13: the server that the user logged in at is two seconds ahead of this one.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := tokentest.App(t, tokentest.New(t, s, tokentest.WithRefresh))
		d := tokentest.DeviceAgo(t, s, app, -2*time.Second)
		former := d.Token
		before := tokentest.SessionOf(t, s, former).AuthenticatedAt
		d.Prove()
		if after := tokentest.SessionOf(t, s, d.Token).AuthenticatedAt; !after.After(before) {
			t.Errorf("authenticated at %v, before at %v", after, before)
		}
		d.Status("GET", "/me", 200)
		if w := tokentest.ClientWith(t, app, former).Do("GET", "/me"); w.Code != 401 {
			t.Errorf("the former access token: status %d, want 401", w.Code)
		}
	})
}

func TestNobodyProvesAnythingWithASafeMethodForAnotherUserOrWithoutASession(t *testing.T) {
	// CS-5, JW-7, ER-2: and the former tokens are as good as before.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		tokens := tokentest.New(t, s, tokentest.Eager, j.Use)
		app, cookieApp := tokentest.App(t, tokens), tokentest.CookieApp(t, tokentest.NewCookies(t, tokens))
		d, root := tokentest.NewDevice(t, app, "1"), tokentest.NewDevice(t, app, "2")
		b, rootBrowser := tokentest.NewBrowser(t, cookieApp), tokentest.NewBrowser(t, cookieApp)
		b.Login("1")
		rootBrowser.Login("2")
		gone := tokentest.NewDevice(t, app, "1")
		gone.Status("POST", "/logout", 200)
		j.Take()
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
			d.Status(method, "/prove", 400)
			tokentest.WantLines(t, b.Status(method, "/prove", 400))
		}
		tokentest.WantProblem(t, root.Do("POST", "/prove"), 401, "invalid-credentials") // which is for user 1
		tokentest.WantProblem(t, rootBrowser.Do("POST", "/prove"), 401, "invalid-credentials")
		tokentest.WantProblem(t, rootBrowser.Do("POST", "/private/prove"), 401, "invalid-credentials")
		tokentest.WantProblem(t, gone.Do("POST", "/prove"), 401, "session-revoked")
		tokentest.WantProblem(t, tokentest.NewClient(t, app).Do("POST", "/prove"), 401, "no-credentials")
		tokentest.WantProblem(t, tokentest.NewBrowser(t, cookieApp).Do("POST", "/prove"), 401, "no-credentials")
		tokentest.WantProblem(t, tokentest.ClientWith(t, app, d.Refresh).Do("POST", "/prove"), 401, "invalid-credentials")
		tokentest.WantProblem(t, tokentest.ClientWith(t, app, d.Token+"x").Do("POST", "/prove"), 401, "invalid-credentials")
		tokentest.WantProblem(t, d.Do("POST", "/prove", func(r *http.Request) { r.Header.Add("Authorization", "Bearer "+root.Token) }), 400, "malformed-request")
		for _, from := range []func(*http.Request){
			tokentest.Origin("cross-site", "https://evil.example"), tokentest.Origin("same-site", "https://x.app.example"),
			tokentest.Origin("", "https://evil.example"), tokentest.Origin("", "null"),
		} {
			tokentest.WantProblem(t, b.Do("POST", "/prove", from), 403, "cross-origin")
			tokentest.WantProblem(t, b.Do("POST", "/private/prove", from), 403, "cross-origin")
			tokentest.WantProblem(t, tokentest.NewBrowser(t, cookieApp).Do("POST", "/prove", from), 403, "cross-origin")
		}
		j.WantEvents(t)
		for _, who := range []*tokentest.Device{d, root} {
			who.Status("GET", "/me", 200)
			who.Rotate()
		}
		for _, who := range []*tokentest.Browser{b, rootBrowser} {
			who.Status("GET", "/me", 200)
			who.Expire()
			who.Status("GET", "/me", 200)
		}
		d.Status("POST", "/prove", 200, tokentest.Origin("cross-site", "https://evil.example")) // a token is not sent by itself
	})
}

func TestADisabledUserProvesNothing(t *testing.T) {
	// LO-2, LO-11: nor one who was enabled again.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.WithRefresh)), "1")
		for _, disabled := range []bool{true, false} {
			if err := s.Users().SetDisabled(t.Context(), time.Now(), "1", disabled); err != nil {
				t.Fatal(err)
			}
			d.Status("POST", "/prove", 401)
			d.WantNoGrant(d.Refresh)
		}
	})
}

func TestALogoutWinsOverANewProofInFlight(t *testing.T) {
	// LO-5: whichever comes first, by a program and by a browser.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := tokentest.New(t, s, tokentest.WithRefresh)
		app, cookieApp := tokentest.App(t, tokens), tokentest.CookieApp(t, tokentest.NewCookies(t, tokens))
		for range 5 {
			d := tokentest.DeviceAgo(t, s, app, 10*time.Minute)
			b := tokentest.BrowserAgo(t, s, cookieApp, 10*time.Minute)
			var mu sync.Mutex
			access, refresh := []string{d.Token, b.Access()}, []string{d.Refresh, b.Refresh()}
			keep := func(a, r string) {
				mu.Lock()
				defer mu.Unlock()
				access, refresh = append(access, a), append(refresh, r)
			}
			tokentest.AtOnce(8, func(i int) {
				program, page := tokentest.ClientWith(t, app, d.Token), tokentest.NewBrowser(t, cookieApp)
				for name, value := range b.Jar {
					page.Jar[name] = value
				}
				if i == 4 {
					for _, w := range []*httptest.ResponseRecorder{program.Do("POST", "/logout"), page.Do("POST", "/logout")} {
						if w.Code != 200 {
							t.Errorf("logout: status %d: %s", w.Code, w.Body)
						}
					}
					return
				}
				switch w := program.Do("POST", "/prove"); w.Code {
				case 200:
					keep(tokentest.GrantOf(t, w))
				case 401:
				default:
					t.Errorf("status %d: %s", w.Code, w.Body)
				}
				switch w := page.Do("POST", "/prove"); w.Code {
				case 200:
					keep(page.Access(), page.Refresh())
				case 401:
				default:
					t.Errorf("status %d: %s", w.Code, w.Body)
				}
			})
			for i := range access {
				d.WantAccess(access[i], 401)
				d.WantNoGrant(refresh[i])
			}
		}
		tokentest.WantLive(t, s, "1", 0)
	})
}

func TestOfSimultaneousNewProofsOneWinsAndItsTokensAreGood(t *testing.T) {
	// SID-3: the losers have a session that is no longer as they found it.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := tokentest.App(t, tokentest.New(t, s, tokentest.Eager))
		for range 5 {
			d := tokentest.DeviceAgo(t, s, app, 10*time.Minute)
			answers := make([]*httptest.ResponseRecorder, 8)
			tokentest.AtOnce(8, func(i int) { answers[i] = tokentest.ClientWith(t, app, d.Token).Do("POST", "/prove") })
			won := 0
			for _, w := range answers {
				switch w.Code {
				case 200:
					won++
					winner := tokentest.NewDevice(t, app, "")
					winner.Token, winner.Refresh = tokentest.GrantOf(t, w)
					winner.Status("GET", "/me", 200)
					winner.Rotate()
				case 401:
				default:
					t.Errorf("status %d: %s", w.Code, w.Body)
				}
			}
			if won != 1 {
				t.Errorf("%d of 8 new proofs were accepted, want 1", won)
			}
			d.WantAccess(d.Token, 401)
		}
	})
}

func TestANewProofForWhichNoTokenCanBeMadeLeavesTheFormerOnesGood(t *testing.T) {
	// AZ-5, CK-5: neither an outage nor claims that do not fit log a user out.
	for _, row := range []struct {
		name   string
		status int // of a browser
		claim  func() (any, error)
	}{
		{"an outage", 503, func() (any, error) { return nil, storetest.ErrDown }},
		{"no object", 500, func() (any, error) { return []string{"x"}, nil }},
		{"a claim of ours", 500, func() (any, error) { return map[string]any{"sub": "2"}, nil }},
		{"more than a cookie holds", 500, func() (any, error) { return map[string]any{"x": strings.Repeat("x", 5000)}, nil }},
		{"more than a token holds", 500, func() (any, error) { return map[string]any{"x": strings.Repeat("x", 10_000)}, nil }},
	} {
		t.Run(row.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				down := false
				var j tokentest.Journal
				tokens := tokentest.New(t, s, tokentest.WithRefresh, j.Use, tokentest.WithClaims(func(backends.User) (any, error) {
					if down {
						return row.claim()
					}
					return nil, nil
				}))
				d := tokentest.DeviceAgo(t, s, tokentest.App(t, tokens), 10*time.Minute)
				b := tokentest.BrowserAgo(t, s, tokentest.CookieApp(t, tokentest.NewCookies(t, tokens)), 10*time.Minute)
				j.Take()
				down = true
				fits := row.name == "more than a cookie holds"
				if w := d.Do("POST", "/prove"); fits {
					d.Keep(w)
				} else if w.Code == 200 {
					t.Errorf("a program: status %d", w.Code)
				}
				if w := b.Do("POST", "/prove"); w.Code != row.status || tokentest.Lines(w) != nil {
					t.Errorf("a browser: status %d, Set-Cookie %q; want %d and none", w.Code, tokentest.Lines(w), row.status)
				}
				if told := j.Count(middleware.EventReauthenticated); told > 0 && !fits || told > 1 {
					t.Errorf("%d events of proofs", told)
				}
				down = false
				if w := d.Do("GET", "/me"); w.Code != 200 {
					t.Errorf("a program: status %d with the former token, want 200", w.Code)
				}
				if w := b.Do("GET", "/me"); w.Code != 200 {
					t.Errorf("a browser: status %d with the former cookies, want 200", w.Code)
				}
				if w := d.Present(d.Refresh); w.Code != 200 {
					t.Errorf("a program: status %d for the former refresh token, want 200", w.Code)
				}
				if w := b.Do("POST", "/refresh"); w.Code != 200 {
					t.Errorf("a browser: status %d for a refresh, want 200", w.Code)
				}
			})
		})
	}
}

func TestTheClaimsOfTheNewTokenAreThoseOfTheUserOfNow(t *testing.T) {
	// AZ-2.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.WithRefresh, tokentest.WithRoles)), "1")
		if err := s.Users().SetRoles(t.Context(), "1", []string{"admin"}); err != nil {
			t.Fatal(err)
		}
		d.Prove()
		if roles, _ := tokentest.ClaimsOf(t, d.Token)["roles"].([]any); len(roles) != 1 || roles[0] != "admin" {
			t.Errorf("roles %v, want admin", roles)
		}
	})
}

func TestANewProofWithoutRefreshKeysEndsTheRefreshTokensOfASessionThatHadSome(t *testing.T) {
	// The keys were taken out of the configuration since: it must answer, and give none.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		before := tokentest.App(t, tokentest.New(t, s, tokentest.WithRefresh))
		d := tokentest.DeviceAgo(t, s, before, 10*time.Minute)
		former := *d
		d.App = tokentest.App(t, tokentest.New(t, s))
		d.Status("GET", "/poll", 200)
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Fatalf("panic: %v", p)
				}
			}()
			d.Prove()
		}()
		if d.Refresh != "" {
			t.Error("a refresh token without RefreshKeys")
		}
		d.Status("GET", "/me", 200)
		former.WantNoGrant(former.Refresh)
		former.WantAccess(former.Token, 401)
		tokentest.WantLive(t, s, "1", 1)
	})
}

func TestANewProofTakesBackATokenThatWasRenewedJustBefore(t *testing.T) {
	// A client that keeps the renewed token, which opens nothing any more, would be out.
	synctest.Test(t, func(t *testing.T) {
		tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh)
		proof := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if w.Header().Get("Access-Token") == "" {
				t.Error("the token was not renewed")
			}
			resp, err := tokens.Reauthenticate(w, r, middleware.Login{Subject: "1"})
			if err != nil {
				t.Error(err)
			}
			resp.Write(w)
		})
		mux := http.NewServeMux()
		mux.Handle("/", tokentest.App(t, tokens))
		guard, err := middleware.New(middleware.Config{Authenticator: tokens})
		if err != nil {
			t.Fatal(err)
		}
		mux.Handle("/prove", guard.Handler(sliding.Handler(proof)))
		d := tokentest.NewDevice(t, mux, "1")
		time.Sleep(4 * time.Minute)
		w := d.Status("POST", "/prove", 200)
		if h := w.Header(); h.Get("Access-Token") != "" || h.Get("Access-Token-Expires-In") != "" {
			t.Errorf("headers %v, want no former token", h)
		}
		d.Keep(w)
		d.Status("GET", "/me", 200)
	})
}

func TestANewProofMayHaveAPolicyOfItsOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := tokentest.New(t, s, tokentest.WithRefresh)
		d := tokentest.NewDevice(t, tokentest.App(t, tokens), "1")
		r := presentedPost(d.Token)
		_, err := tokens.Reauthenticate(httptest.NewRecorder(), r, middleware.Login{Subject: "1", Policy: sliding.Policy{}})
		tokentest.WantMentions(t, err, "Login.Policy", "Policy.Absolute")
		d.Status("GET", "/me", 200)
		resp, err := tokens.Reauthenticate(httptest.NewRecorder(), r, middleware.Login{Subject: "1", Policy: sliding.Policy{Idle: time.Minute, Absolute: 2 * time.Minute}})
		if err != nil {
			t.Fatal(err)
		}
		got := resp.Session
		if got.IdleTimeout != time.Minute || got.IdleDeadline.Sub(got.AuthenticatedAt) != time.Minute || got.AbsoluteDeadline.Sub(got.AuthenticatedAt) != 2*time.Minute || resp.ExpiresIn > 120 {
			t.Errorf("session %+v, expires in %d; want a minute idle, two at all, and no token for longer", got, resp.ExpiresIn)
		}
		if got.RenewalInterval != 6*time.Second {
			t.Errorf("counted every %v, want 6s: a tenth of a minute", got.RenewalInterval)
		}
		row := tokentest.SessionOf(t, s, resp.AccessToken)
		if row.IdleTimeout != time.Minute || !row.AbsoluteDeadline.Equal(got.AbsoluteDeadline) || row.ID != got.ID {
			t.Errorf("the row is %+v, want %+v", row, got)
		}
		resp, err = tokens.Reauthenticate(httptest.NewRecorder(), presentedPost(resp.AccessToken), middleware.Login{Subject: "1", Policy: sliding.AAL1()})
		if err != nil {
			t.Fatal(err)
		}
		if got := resp.Session.RenewalInterval; got != 150*time.Second {
			t.Errorf("counted every %v, want 2m30s: a new token comes before the old one expires", got)
		}
	})
}

func TestActivityMakesNoSessionFreshAndANewProofDoes(t *testing.T) {
	// AZ-4, TL-11: by renewed tokens, by refreshed ones, by those in cookies; and a client with
	// a token learns what is required (RFC 9470).
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := tokentest.New(t, s, tokentest.Eager, func(c *tokentest.Config) { c.Policy = tokentest.Busy })
		d := tokentest.DeviceAgo(t, s, tokentest.App(t, tokens), 10*time.Minute)
		b := tokentest.BrowserAgo(t, s, tokentest.CookieApp(t, tokentest.NewCookies(t, tokens)), 10*time.Minute)
		before := tokentest.IdentityOf(t, d.Status("GET", "/poll", 200))
		for range 3 {
			w := d.Do("GET", "/fresh")
			tokentest.WantProblem(t, w, 401, "insufficient-authentication")
			if got, want := w.Header().Get("WWW-Authenticate"), `Bearer realm="inga", error="insufficient_user_authentication", max_age="300"`; got != want {
				t.Errorf("WWW-Authenticate %s, want %s", got, want)
			}
			w = d.Do("GET", "/otp")
			tokentest.WantProblem(t, w, 401, "insufficient-authentication")
			if got, want := w.Header().Get("WWW-Authenticate"), `Bearer realm="inga", error="insufficient_user_authentication"`; got != want {
				t.Errorf("WWW-Authenticate %s, want %s", got, want)
			}
			for _, path := range []string{"/fresh", "/otp"} {
				b.Expire()
				w := b.Do("GET", path)
				if w.Code != 401 || !strings.Contains(w.Body.String(), "insufficient-authentication") {
					t.Errorf("%s: status %d: %s", path, w.Code, w.Body)
				}
			}
			b.Status("GET", "/me", 200)
			d.Rotate()
			if id := tokentest.IdentityOf(t, d.Status("GET", "/me", 200)); !id.AuthTime.Equal(before.AuthTime) || id.SessionID != before.SessionID || !slices.Equal(id.AMR, before.AMR) {
				t.Errorf("after activity %+v, before %+v", id, before)
			}
		}
		d.Prove()
		b.Status("POST", "/prove", 200)
		for _, path := range []string{"/fresh", "/otp"} {
			d.Status("GET", path, 200)
			b.Status("GET", path, 200)
		}
		d.Rotate()
		b.Expire()
		for _, path := range []string{"/fresh", "/otp"} {
			d.Status("GET", path, 200)
			b.Status("GET", path, 200)
		}
	})
}

func TestFreshnessEndsAfterItsTimeWhateverHappensInIt(t *testing.T) {
	// AZ-4, TL-11: also where the tokens are remembered.
	for name, open := range map[string]func(*testing.T) storetest.Store{
		"memory":         func(t *testing.T) storetest.Store { return storetest.Memory(t) },
		"memory, cached": func(t *testing.T) storetest.Store { return storetest.Cached(t, storetest.Memory(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, open(t), tokentest.WithRefresh)), "1")
				for range 2 {
					for range 5 {
						d.Status("GET", "/fresh", 200)
						d.Next()
						time.Sleep(time.Minute)
						d.Status("GET", "/me", 200)
					}
					d.Status("GET", "/fresh", 200)
					time.Sleep(time.Nanosecond)
					tokentest.WantProblem(t, d.Do("GET", "/fresh"), 401, "insufficient-authentication")
					d.Next()
					tokentest.WantProblem(t, d.Do("GET", "/fresh"), 401, "insufficient-authentication")
					time.Sleep(time.Second - time.Nanosecond)
					d.Prove()
				}
			})
		})
	}
}

func TestANewProofBeginsBothTimeoutsAnewAndActivityOnlyOne(t *testing.T) {
	// TL-4: NIST's second level, a day at all and an hour idle, by refreshes.
	synctest.Test(t, func(t *testing.T) {
		tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh, func(c *tokentest.Config) { c.Policy = sliding.AAL2() })
		d := tokentest.NewDevice(t, tokentest.App(t, tokens), "1")
		for range 40 {
			time.Sleep(30 * time.Minute)
			d.Next()
		}
		d.Prove()
		for range 47 { // 23.5 hours from the new proof, 43.5 from the login
			time.Sleep(30 * time.Minute)
			d.Next()
		}
		time.Sleep(30 * time.Minute)
		d.WantNoGrant(d.Refresh)
	})
}

func TestANewProofInAnOutageLeavesTheFormerTokensGood(t *testing.T) {
	// AZ-5: 503 and never 401, wherever the store fails.
	s := tokentest.NewSpy(storetest.Memory(t))
	tokens := tokentest.New(t, s, tokentest.Eager)
	d := tokentest.NewDevice(t, tokentest.App(t, tokens), "1")
	b := tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokens)))
	b.Login("1")
	s.Fail("Find")
	tokentest.WantUnavailable(t, d.Do("POST", "/prove"))
	tokentest.WantUnavailable(t, b.Do("POST", "/prove"))
	s.Fail("Reauthenticate")
	tokentest.WantUnavailable(t, d.Do("POST", "/prove"))
	tokentest.WantUnavailable(t, b.Do("POST", "/prove"))
	if _, err := tokens.Reauthenticate(httptest.NewRecorder(), presentedPost(d.Token), middleware.Login{Subject: "1"}); !errors.Is(err, middleware.ErrUnavailable) {
		t.Errorf("error %v, want ErrUnavailable", err)
	}
	s.Fail()
	d.Status("GET", "/me", 200)
	d.Rotate()
	b.Status("GET", "/me", 200)
	b.Expire()
	b.Status("GET", "/me", 200)
}

// presentedPost is presented for what changes something.
func presentedPost(token string) *http.Request {
	r := tokentest.Presented(token)
	r.Method = http.MethodPost
	return r
}

func TestTheProofOfAFormerPasswordRestartsNoSession(t *testing.T) {
	// LO-12: a thief with the token proved the old password while its owner changed it.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		ann, _, err := s.Users().UserByName(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		tokens := tokentest.New(t, s, tokentest.Eager)
		d := tokentest.NewDevice(t, tokentest.App(t, tokens), "1")
		if _, err := s.Users().SetPassword(t.Context(), time.Now(), "1", 0, "$argon2id$x", tokentest.SID(t, d.Token)); err != nil {
			t.Fatal(err)
		}
		r := tokentest.Presented(d.Token)
		r.Method = "POST"
		_, err = tokens.Reauthenticate(httptest.NewRecorder(), r, middleware.Login{Subject: "1", UserVersion: ann.Version})
		if !errors.Is(err, middleware.ErrInvalidCredentials) {
			t.Errorf("%v, want ErrInvalidCredentials", err)
		}
		d.Status("GET", "/me", 200)
		d.Rotate()
	})
}
