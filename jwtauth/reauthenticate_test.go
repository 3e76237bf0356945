package jwtauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// provingApp is refreshApp with a page where the user 1 proves again who they are, and pages
// that ask for that.
func provingApp(t testing.TB, tokens *jwtauth.Tokens) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/", refreshApp(t, tokens))
	guard := proofPages(t, mux, tokens)
	mux.HandleFunc("/prove", func(w http.ResponseWriter, r *http.Request) {
		resp, err := tokens.Reauthenticate(w, r, middleware.Login{Subject: "1", AMR: []string{"pwd", "otp"}})
		if err != nil {
			guard.Refuse(w, r, err)
			return
		}
		resp.Write(w)
	})
	return mux
}

// provingCookieApp is the same for browsers. Under /private the proof is behind the guard, as
// it will be in many applications.
func provingCookieApp(t testing.TB, k *jwtauth.Cookies) http.Handler {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/", newCookieApp(t, k))
	guard := proofPages(t, mux, k, k.Handler)
	prove := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := k.Reauthenticate(w, r, middleware.Login{Subject: "1", AMR: []string{"pwd", "otp"}}); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	mux.Handle("/prove", prove)
	mux.Handle("/private/prove", k.Handler(guard.Handler(prove)))
	return mux
}

// proofPages adds pages for those who have just proved who they are, and for those who have
// done so by a second factor.
func proofPages(t testing.TB, mux *http.ServeMux, a middleware.Authenticator, outer ...func(http.Handler) http.Handler) *middleware.Guard {
	t.Helper()
	guard, err := middleware.New(middleware.Config{Authenticator: a, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for path, rule := range map[string]middleware.Authorizer{
		"/fresh": middleware.Fresh(5 * time.Minute), "/otp": middleware.HasAMR("otp", "hwk"),
	} {
		g, err := guard.Require(rule)
		if err != nil {
			t.Fatal(err)
		}
		mux.Handle(path, middleware.Chain(append(outer, g.Handler, sliding.Handler)...)(me))
	}
	return guard
}

// prove proves again who d is, and keeps the new tokens.
func (d *device) prove() {
	d.t.Helper()
	w := d.status("POST", "/prove", 200)
	d.token, d.refresh = grantOf(d.t, w)
}

// grantOf is answerOf where there may be no refresh tokens.
func grantOf(t testing.TB, w *httptest.ResponseRecorder) (access, refresh string) {
	t.Helper()
	var body struct {
		Access  string `json:"access_token"`
		Refresh string `json:"refresh_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != 200 || body.Access == "" {
		t.Fatalf("status %d, no token (%v): %s", w.Code, err, w.Body)
	}
	return body.Access, body.Refresh
}

func TestANewProofGivesNewTokensAndTheFormerOnesOpenNothing(t *testing.T) {
	// SID-3, TL-4, TL-11, OB-1: the session has the same ID, and a new start.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j journal
		app := provingApp(t, newTokens(t, s, withRefresh, j.use))
		d := deviceAgo(t, s, app, 10*time.Minute)
		former := []string{d.token}
		access, used := d.next()
		former = append(former, access, d.token)
		refreshes := []string{used, d.refresh}
		before := identityOf(t, d.status("GET", "/poll", 200))
		begin := time.Now()
		j.Take()
		d.prove()
		for _, token := range former {
			(&client{t, app, token}).status("GET", "/me", 401)
			(&client{t, app, token}).status("POST", "/prove", 401)
		}
		for range 3 { // nor are the former refresh tokens theft, however often they come
			for _, token := range refreshes {
				d.wantNoGrant(token)
			}
		}
		j.WantEvents(t, middleware.Event{Type: "reauthenticated", Subject: "1", SessionID: before.SessionID, Method: "bearer", IP: "192.0.2.1"})
		after := identityOf(t, d.status("GET", "/me", 200))
		if after.SessionID != before.SessionID || after.AuthTime.Before(begin.Add(-time.Second)) || !slices.Equal(after.AMR, []string{"pwd", "otp"}) {
			t.Errorf("before %+v, after %+v; want the same session, authenticated now by pwd and otp", before, after)
		}
		if got := seconds(t, claimsOf(t, d.token)["auth_time"]); got < begin.Unix() || got > time.Now().Unix() {
			t.Errorf("auth_time %d, want now, which is %d", got, begin.Unix())
		}
		row := sessionOf(t, s, d.token)
		if idle, absolute := row.IdleDeadline.Sub(row.AuthenticatedAt), row.AbsoluteDeadline.Sub(row.AuthenticatedAt); idle != 30*time.Minute || absolute != 12*time.Hour || row.RenewalInterval != 150*time.Second {
			t.Errorf("from the new proof on %v idle and %v at all, counted every %v; want 30m, 12h and 2m30s", idle, absolute, row.RenewalInterval)
		}
		_, used = d.next()
		d.wantGranted(used, d.refresh)
		d.status("GET", "/me", 200)
		wantLive(t, s, "1", 1)
	})
}

func TestANewProofWorksWithoutRefreshTokensToo(t *testing.T) {
	// SID-3.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		begin := session.Now().Add(-10 * time.Minute)
		row := backends.Session{ID: backends.NewID(), UserID: "1", Kind: backends.KindToken, CreatedAt: begin}
		if err := session.Begin(&row, begin, policy, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Create(t.Context(), begin, row, backends.SecretHash{}, backends.Admission{}); err != nil {
			t.Fatal(err)
		}
		d := &device{client: client{t: t, app: provingApp(t, newTokens(t, s))}}
		former := sign(goodHeader, replaced(t, goodClaims(row.ID), `"jti"`, fmt.Sprintf(`"auth_time":%d,"jti"`, begin.Unix())))
		d.token = former
		d.status("GET", "/poll", 200)
		for range 3 {
			used := d.token
			d.prove()
			if d.refresh != "" {
				t.Fatalf("a refresh token without RefreshKeys")
			}
			if used == former {
				(&client{t, d.app, former}).status("GET", "/me", 401)
			}
		}
		if id := identityOf(t, d.status("GET", "/fresh", 200)); id.SessionID != row.ID {
			t.Errorf("session %s, want %s", id.SessionID, row.ID)
		}
		if found := sessionOf(t, s, d.token); found.Refresh != (backends.Refresh{}) {
			t.Errorf("refresh %+v, want none", found.Refresh)
		}
	})
}

func TestANewProofInTheSecondOfTheLoginEndsTheFormerTokensToo(t *testing.T) {
	// SID-3: a password, and at once the second factor. The claim auth_time has seconds only.
	for name, wait := range map[string]time.Duration{"at once": 0, "at the end of the second": 999 * time.Millisecond, "in the next one": time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // which begins with a whole second
				d := newDevice(t, provingApp(t, newTokens(t, storetest.Memory(t), withRefresh)), "1")
				former, refresh := d.token, d.refresh
				time.Sleep(wait)
				d.prove()
				d.status("GET", "/me", 200)
				d.wantNoGrant(refresh)
				if w := (&client{t, d.app, former}).do("GET", "/me"); w.Code != 401 {
					t.Errorf("the former access token: status %d, want 401", w.Code)
				}
				d.next()
				d.status("GET", "/fresh", 200)
			})
		})
	}
}

func TestAClockThatIsBehindMakesNoNewProofOlder(t *testing.T) {
	// SID-3, TL-13: the server that the user logged in at is two seconds ahead of this one.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := provingApp(t, newTokens(t, s, withRefresh))
		d := deviceAgo(t, s, app, -2*time.Second)
		former := d.token
		before := sessionOf(t, s, former).AuthenticatedAt
		d.prove()
		if after := sessionOf(t, s, d.token).AuthenticatedAt; !after.After(before) {
			t.Errorf("authenticated at %v, before at %v", after, before)
		}
		d.status("GET", "/me", 200)
		if w := (&client{t, app, former}).do("GET", "/me"); w.Code != 401 {
			t.Errorf("the former access token: status %d, want 401", w.Code)
		}
	})
}

func TestANewProofOfABrowserSetsBothCookiesAnew(t *testing.T) {
	// SID-3, CK-6, CK-10.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j journal
		app := provingCookieApp(t, newCookies(t, newTokens(t, s, withRefresh, j.use)))
		for _, path := range []string{"/prove", "/private/prove"} {
			b := browserAgo(t, s, app, 10*time.Minute)
			former := newBrowser(t, app)
			former.jar["__Host-access"] = b.jar["__Host-access"]
			stale := newBrowser(t, app)
			stale.jar["__Host-refresh"] = b.jar["__Host-refresh"]
			before := identityOf(t, b.status("GET", "/me", 200))
			j.Take()
			w := b.status("POST", path, 200)
			// The ages are looked at where time does not pass.
			got := regexp.MustCompile(`Max-Age=[1-9]\d*`).ReplaceAllString(strings.Join(lines(w), "\n"), "Max-Age=N")
			if want := "__Host-access=T; Path=/; Max-Age=N; HttpOnly; Secure; SameSite=Lax\n" +
				"__Host-refresh=R; Path=/; Max-Age=N; HttpOnly; Secure; SameSite=Lax"; got != want {
				t.Errorf("%s: Set-Cookie\n%s\nwant\n%s", path, got, want)
			}
			if w.Body.Len() > 0 {
				t.Errorf("%s: body %s, want none", path, w.Body)
			}
			wantLines(t, former.status("GET", "/me", 401))
			wantLines(t, former.status("POST", "/prove", 401))
			wantLines(t, stale.status("GET", "/me", 401))
			wantLines(t, stale.status("POST", "/refresh", 401))
			j.WantEvents(t, middleware.Event{Type: "reauthenticated", Subject: "1", SessionID: before.SessionID, Method: "token-cookie", IP: "192.0.2.1"})
			after := identityOf(t, b.status("GET", "/fresh", 200))
			if after.SessionID != before.SessionID || time.Since(after.AuthTime) > time.Minute || !slices.Equal(after.AMR, []string{"pwd", "otp"}) {
				t.Errorf("before %+v, after %+v; want the same session, authenticated now by pwd and otp", before, after)
			}
			b.status("POST", "/refresh", 200)
			b.status("GET", "/fresh", 200)
		}
	})
}

// browserAgo returns a browser of the user 1 whose session began so long ago, and whose cookies
// are of now.
func browserAgo(t testing.TB, s backends.Store, app http.Handler, ago time.Duration) *browser {
	t.Helper()
	b := newBrowser(t, app)
	_, b.jar["__Host-refresh"] = refreshableAgo(t, s, "1", ago)
	b.status("POST", "/refresh", 200)
	return b
}

func TestANewProofAfterTheAccessCookieHasExpired(t *testing.T) {
	// Promise 11's spirit: whoever looks for their second factor for six minutes is still
	// logged in, by the refresh cookie, and the guard says so.
	for name, expire := range map[string]func(*browser){
		"dropped by the browser": (*browser).expire,
		"still sent":             func(*browser) {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBrowser(t, provingCookieApp(t, newCookies(t, newTokens(t, storetest.Memory(t), withRefresh))))
				b.login("1")
				time.Sleep(6 * time.Minute)
				expire(b)
				w := b.do("POST", "/private/prove")
				if w.Code != 200 {
					t.Fatalf("status %d, want 200, as the guard let it pass: %s", w.Code, w.Body)
				}
				wantLines(t, w,
					"__Host-access=T; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=Lax",
					"__Host-refresh=R; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax")
				b.status("GET", "/fresh", 200)
				b.status("GET", "/otp", 200)
			})
		})
	}
}

func TestNobodyProvesAnythingWithASafeMethodForAnotherUserOrWithoutASession(t *testing.T) {
	// CS-5, JW-7, ER-2: and the former tokens are as good as before.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j journal
		tokens := newTokens(t, s, withRefresh, j.use)
		app, cookieApp := provingApp(t, tokens), provingCookieApp(t, newCookies(t, tokens))
		d, root := newDevice(t, app, "1"), newDevice(t, app, "2")
		b, rootBrowser := newBrowser(t, cookieApp), newBrowser(t, cookieApp)
		b.login("1")
		rootBrowser.login("2")
		gone := newDevice(t, app, "1")
		gone.status("POST", "/logout", 200)
		j.Take()
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
			d.status(method, "/prove", 400)
			wantLines(t, b.status(method, "/prove", 400))
		}
		wantProblem(t, root.do("POST", "/prove"), 401, "invalid-credentials") // which is for user 1
		wantProblem(t, rootBrowser.do("POST", "/prove"), 401, "invalid-credentials")
		wantProblem(t, rootBrowser.do("POST", "/private/prove"), 401, "invalid-credentials")
		wantProblem(t, gone.do("POST", "/prove"), 401, "session-revoked")
		wantProblem(t, newClient(t, app).do("POST", "/prove"), 401, "no-credentials")
		wantProblem(t, newBrowser(t, cookieApp).do("POST", "/prove"), 401, "no-credentials")
		wantProblem(t, (&client{t, app, d.refresh}).do("POST", "/prove"), 401, "invalid-credentials")
		wantProblem(t, (&client{t, app, d.token + "x"}).do("POST", "/prove"), 401, "invalid-credentials")
		wantProblem(t, d.do("POST", "/prove", func(r *http.Request) { r.Header.Add("Authorization", "Bearer "+root.token) }), 400, "malformed-request")
		for _, from := range []func(*http.Request){
			origin("cross-site", "https://evil.example"), origin("same-site", "https://x.app.example"),
			origin("", "https://evil.example"), origin("", "null"),
		} {
			wantProblem(t, b.do("POST", "/prove", from), 403, "cross-origin")
			wantProblem(t, b.do("POST", "/private/prove", from), 403, "cross-origin")
			wantProblem(t, newBrowser(t, cookieApp).do("POST", "/prove", from), 403, "cross-origin")
		}
		j.WantEvents(t)
		for _, who := range []*device{d, root} {
			who.status("GET", "/me", 200)
			who.next()
		}
		for _, who := range []*browser{b, rootBrowser} {
			who.status("GET", "/me", 200)
			who.expire()
			who.status("GET", "/me", 200)
		}
		d.status("POST", "/prove", 200, origin("cross-site", "https://evil.example")) // a token is not sent by itself
	})
}

func TestADisabledUserProvesNothing(t *testing.T) {
	// LO-2: nor one who was enabled again.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		d := newDevice(t, provingApp(t, newTokens(t, s, withRefresh)), "1")
		for _, disabled := range []bool{true, false} {
			if err := s.SetDisabled(t.Context(), time.Now(), "1", disabled); err != nil {
				t.Fatal(err)
			}
			d.status("POST", "/prove", 401)
			d.wantNoGrant(d.refresh)
		}
	})
}

func TestALogoutWinsOverANewProofInFlight(t *testing.T) {
	// Promise 3, LO-5: whichever comes first, by a program and by a browser.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := newTokens(t, s, withRefresh)
		app, cookieApp := provingApp(t, tokens), provingCookieApp(t, newCookies(t, tokens))
		for range 5 {
			d := deviceAgo(t, s, app, 10*time.Minute)
			b := browserAgo(t, s, cookieApp, 10*time.Minute)
			var mu sync.Mutex
			access, refresh := []string{d.token, b.jar["__Host-access"]}, []string{d.refresh, b.jar["__Host-refresh"]}
			keep := func(a, r string) {
				mu.Lock()
				defer mu.Unlock()
				access, refresh = append(access, a), append(refresh, r)
			}
			atOnceEach(8, func(i int) {
				program, page := &client{t, app, d.token}, newBrowser(t, cookieApp)
				for name, value := range b.jar {
					page.jar[name] = value
				}
				if i == 4 {
					for _, w := range []*httptest.ResponseRecorder{program.do("POST", "/logout"), page.do("POST", "/logout")} {
						if w.Code != 200 {
							t.Errorf("logout: status %d: %s", w.Code, w.Body)
						}
					}
					return
				}
				switch w := program.do("POST", "/prove"); w.Code {
				case 200:
					keep(grantOf(t, w))
				case 401:
				default:
					t.Errorf("status %d: %s", w.Code, w.Body)
				}
				switch w := page.do("POST", "/prove"); w.Code {
				case 200:
					keep(page.jar["__Host-access"], page.jar["__Host-refresh"])
				case 401:
				default:
					t.Errorf("status %d: %s", w.Code, w.Body)
				}
			})
			for i := range access {
				d.wantAccess(access[i], 401)
				d.wantNoGrant(refresh[i])
			}
		}
		wantLive(t, s, "1", 0)
	})
}

func TestOfSimultaneousNewProofsOneWinsAndItsTokensAreGood(t *testing.T) {
	// SID-3: the losers have the session of before, which is none any more.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := provingApp(t, newTokens(t, s, withRefresh))
		for range 5 {
			d := deviceAgo(t, s, app, 10*time.Minute)
			answers := make([]*httptest.ResponseRecorder, 8)
			atOnceEach(8, func(i int) { answers[i] = (&client{t, app, d.token}).do("POST", "/prove") })
			won := 0
			for _, w := range answers {
				switch w.Code {
				case 200:
					won++
					winner := &device{client: client{t: t, app: app}}
					winner.token, winner.refresh = grantOf(t, w)
					winner.status("GET", "/me", 200)
					winner.next()
				case 401:
				default:
					t.Errorf("status %d: %s", w.Code, w.Body)
				}
			}
			if won != 1 {
				t.Errorf("%d of 8 new proofs were accepted, want 1", won)
			}
			d.wantAccess(d.token, 401)
		}
	})
}

func TestANewProofForWhichNoTokenCanBeMadeLeavesTheFormerOnesGood(t *testing.T) {
	// AZ-5's spirit, CK-5: nobody is logged out by an outage, nor by claims that are too many.
	for _, row := range []struct {
		name  string
		claim func() (any, error)
	}{
		{"an outage", func() (any, error) { return nil, storetest.ErrDown }},
		{"no object", func() (any, error) { return []string{"x"}, nil }},
		{"a claim of ours", func() (any, error) { return map[string]any{"sub": "2"}, nil }},
		{"more than a cookie holds", func() (any, error) { return map[string]any{"x": strings.Repeat("x", 5000)}, nil }},
		{"more than a token holds", func() (any, error) { return map[string]any{"x": strings.Repeat("x", 10_000)}, nil }},
	} {
		t.Run(row.name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				down := false
				var j journal
				tokens := newTokens(t, s, withRefresh, j.use, withClaims(func(backends.User) (any, error) {
					if down {
						return row.claim()
					}
					return nil, nil
				}))
				d := deviceAgo(t, s, provingApp(t, tokens), 10*time.Minute)
				b := browserAgo(t, s, provingCookieApp(t, newCookies(t, tokens)), 10*time.Minute)
				j.Take()
				down = true
				fits := row.name == "more than a cookie holds"
				if w := d.do("POST", "/prove"); fits {
					d.keep(w)
				} else if w.Code == 200 {
					t.Errorf("a program: status %d", w.Code)
				}
				if w := b.do("POST", "/prove"); w.Code != 503 || lines(w) != nil {
					t.Errorf("a browser: status %d, Set-Cookie %q; want 503 and none", w.Code, lines(w))
				}
				if told := j.Count(middleware.EventReauthenticated); told > 0 && !fits || told > 1 {
					t.Errorf("%d proofs were told of", told)
				}
				down = false
				if w := d.do("GET", "/me"); w.Code != 200 {
					t.Errorf("a program: status %d with the token of before, want 200", w.Code)
				}
				if w := b.do("GET", "/me"); w.Code != 200 {
					t.Errorf("a browser: status %d with the cookies of before, want 200", w.Code)
				}
				if w := d.present(d.refresh); w.Code != 200 {
					t.Errorf("a program: status %d for the refresh token of before, want 200", w.Code)
				}
				if w := b.do("POST", "/refresh"); w.Code != 200 {
					t.Errorf("a browser: status %d for the refresh of before, want 200", w.Code)
				}
			})
		})
	}
}

func TestTheClaimsOfTheNewTokenAreThoseOfTheUserOfNow(t *testing.T) {
	// Promise 8.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		d := newDevice(t, provingApp(t, newTokens(t, s, withRefresh, withRoles)), "1")
		if err := s.SetRoles(t.Context(), "1", []string{"admin"}); err != nil {
			t.Fatal(err)
		}
		d.prove()
		if roles, _ := claimsOf(t, d.token)["roles"].([]any); len(roles) != 1 || roles[0] != "admin" {
			t.Errorf("roles %v, want admin", roles)
		}
	})
}

func TestANewProofWithoutRefreshKeysEndsTheRefreshTokensOfASessionThatHadSome(t *testing.T) {
	// The keys were taken out of the configuration since: it must answer, and give none.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		before := provingApp(t, newTokens(t, s, withRefresh))
		d := deviceAgo(t, s, before, 10*time.Minute)
		former := *d
		d.app = provingApp(t, newTokens(t, s))
		d.status("GET", "/poll", 200)
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Fatalf("panic: %v", p)
				}
			}()
			d.prove()
		}()
		if d.refresh != "" {
			t.Error("a refresh token without RefreshKeys")
		}
		d.status("GET", "/me", 200)
		former.wantNoGrant(former.refresh)
		former.wantAccess(former.token, 401)
		wantLive(t, s, "1", 1)
	})
}

func TestANewProofTakesBackATokenThatWasRenewedJustBefore(t *testing.T) {
	// A client that keeps the renewed token, which opens nothing any more, would be out.
	synctest.Test(t, func(t *testing.T) {
		tokens := newTokens(t, storetest.Memory(t), withRefresh)
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
		mux.Handle("/", refreshApp(t, tokens))
		mux.Handle("/prove", proofPages(t, mux, tokens).Handler(sliding.Handler(proof)))
		d := newDevice(t, mux, "1")
		time.Sleep(4 * time.Minute)
		w := d.status("POST", "/prove", 200)
		if h := w.Header(); h.Get("Access-Token") != "" || h.Get("Access-Token-Expires-In") != "" {
			t.Errorf("headers %v, want no token of before", h)
		}
		d.keep(w)
		d.status("GET", "/me", 200)
	})
}

func TestANewProofMayHaveAPolicyOfItsOwn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := newTokens(t, s, withRefresh)
		d := newDevice(t, refreshApp(t, tokens), "1")
		r := presentedPost(d.token)
		_, err := tokens.Reauthenticate(httptest.NewRecorder(), r, middleware.Login{Subject: "1", Policy: sliding.Policy{}})
		wantMentions(t, err, "Login.Policy", "Policy.Absolute")
		d.status("GET", "/me", 200)
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
		row := sessionOf(t, s, resp.AccessToken)
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
	// a token is told what is asked for (RFC 9470).
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := newTokens(t, s, withRefresh, func(c *jwtauth.Config) { c.Policy = busy })
		d := deviceAgo(t, s, provingApp(t, tokens), 10*time.Minute)
		b := browserAgo(t, s, provingCookieApp(t, newCookies(t, tokens)), 10*time.Minute)
		before := identityOf(t, d.status("GET", "/poll", 200))
		for range 3 {
			w := d.do("GET", "/fresh")
			wantProblem(t, w, 401, "insufficient-authentication")
			if got, want := w.Header().Get("WWW-Authenticate"), `Bearer realm="inga", error="insufficient_user_authentication", max_age="300"`; got != want {
				t.Errorf("WWW-Authenticate %s, want %s", got, want)
			}
			w = d.do("GET", "/otp")
			wantProblem(t, w, 401, "insufficient-authentication")
			if got, want := w.Header().Get("WWW-Authenticate"), `Bearer realm="inga", error="insufficient_user_authentication"`; got != want {
				t.Errorf("WWW-Authenticate %s, want %s", got, want)
			}
			for _, path := range []string{"/fresh", "/otp"} {
				b.expire()
				w := b.do("GET", path)
				if w.Code != 401 || !strings.Contains(w.Body.String(), "insufficient-authentication") {
					t.Errorf("%s: status %d: %s", path, w.Code, w.Body)
				}
			}
			b.status("GET", "/me", 200)
			d.next()
			if id := identityOf(t, d.status("GET", "/me", 200)); !id.AuthTime.Equal(before.AuthTime) || id.SessionID != before.SessionID || !slices.Equal(id.AMR, before.AMR) {
				t.Errorf("after activity %+v, before %+v", id, before)
			}
		}
		d.prove()
		b.status("POST", "/prove", 200)
		for _, path := range []string{"/fresh", "/otp"} {
			d.status("GET", path, 200)
			b.status("GET", path, 200)
		}
		d.next()
		b.expire()
		for _, path := range []string{"/fresh", "/otp"} {
			d.status("GET", path, 200)
			b.status("GET", path, 200)
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
				d := newDevice(t, provingApp(t, newTokens(t, open(t), withRefresh)), "1")
				for range 2 {
					for range 5 {
						d.status("GET", "/fresh", 200)
						d.next()
						time.Sleep(time.Minute)
						d.status("GET", "/me", 200)
					}
					d.status("GET", "/fresh", 200)
					time.Sleep(time.Nanosecond)
					wantProblem(t, d.do("GET", "/fresh"), 401, "insufficient-authentication")
					d.next()
					wantProblem(t, d.do("GET", "/fresh"), 401, "insufficient-authentication")
					time.Sleep(time.Second - time.Nanosecond)
					d.prove()
				}
			})
		})
	}
}

func TestANewProofBeginsBothTimeoutsAnewAndActivityOnlyOne(t *testing.T) {
	// TL-4: NIST's second level, a day at all and an hour idle, by refreshes.
	synctest.Test(t, func(t *testing.T) {
		tokens := newTokens(t, storetest.Memory(t), withRefresh, func(c *jwtauth.Config) { c.Policy = sliding.AAL2() })
		d := newDevice(t, provingApp(t, tokens), "1")
		for range 40 {
			time.Sleep(30 * time.Minute)
			d.next()
		}
		d.prove()
		for range 47 { // 23.5 hours from the new proof, 43.5 from the login
			time.Sleep(30 * time.Minute)
			d.next()
		}
		time.Sleep(30 * time.Minute)
		d.wantNoGrant(d.refresh)
	})
}

// A stubborn store does not authenticate again.
type stubborn struct{ *spy }

func (stubborn) Reauthenticate(context.Context, time.Time, backends.Session, time.Time, backends.SecretHash) error {
	return storetest.ErrDown
}

func TestANewProofInAnOutageLeavesTheFormerTokensGood(t *testing.T) {
	// AZ-5: 503 and never 401, wherever the store fails.
	s := newSpy(storetest.Memory(t))
	tokens := newTokens(t, s, withRefresh)
	d := newDevice(t, provingApp(t, tokens), "1")
	b := newBrowser(t, provingCookieApp(t, newCookies(t, tokens)))
	b.login("1")
	s.fail("FindByID")
	wantUnavailable(t, d.do("POST", "/prove"))
	wantUnavailable(t, b.do("POST", "/prove"))
	s.fail()
	down := newTokens(t, stubborn{s}, withRefresh)
	wantUnavailable(t, (&client{t, provingApp(t, down), d.token}).do("POST", "/prove"))
	other := newBrowser(t, provingCookieApp(t, newCookies(t, down)))
	other.jar = b.jar
	wantUnavailable(t, other.do("POST", "/prove"))
	d.status("GET", "/me", 200)
	d.next()
	b.status("GET", "/me", 200)
	b.expire()
	b.status("GET", "/me", 200)
	if _, err := down.Reauthenticate(httptest.NewRecorder(), presentedPost(d.token), middleware.Login{Subject: "1"}); !errors.Is(err, middleware.ErrUnavailable) {
		t.Errorf("error %v, want ErrUnavailable", err)
	}
}

// presentedPost is presented for what changes something.
func presentedPost(token string) *http.Request {
	r := presented(token)
	r.Method = http.MethodPost
	return r
}

func TestANewProofThatFailsAfterTheAccessCookieHasExpiredLogsNobodyOut(t *testing.T) {
	// Promises 9 and 12: a wrong user, or a wrong moment, and the browser tries again later
	// with the cookies that it has.
	synctest.Test(t, func(t *testing.T) {
		var j journal
		s := newSpy(storetest.Memory(t))
		b := newBrowser(t, provingCookieApp(t, newCookies(t, newTokens(t, s, withRefresh, j.use))))
		b.login("2") // and the page is for user 1
		for _, path := range []string{"/prove", "/private/prove"} {
			time.Sleep(6 * time.Minute)
			b.expire()
			if w := b.do("POST", path); w.Code != 401 {
				t.Errorf("%s: status %d, want 401", path, w.Code)
			}
			time.Sleep(2 * time.Minute)
			if w := b.do("GET", "/me"); w.Code != 200 {
				t.Fatalf("%s: status %d after a proof that failed, want 200: %s", path, w.Code, w.Body)
			}
		}
		if n := j.Count(middleware.EventTheft); n != 0 {
			t.Errorf("%d thefts, want none", n)
		}
	})
}
