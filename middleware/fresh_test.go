package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// authenticated is an oracle that knows ann, who authenticated at that time by the methods.
func authenticated(at time.Time, amr ...string) *oracle {
	return &oracle{identity: middleware.Identity{Subject: "ann", AuthTime: at, AMR: amr}}
}

func TestAnIdentityIsFreshForAsLongAsTheRuleSays(t *testing.T) {
	// AZ-4: "at most so long ago", to the nanosecond.
	for _, row := range []struct {
		age  time.Duration
		want int
	}{
		{0, 200},
		{5*time.Minute - 1, 200},
		{5 * time.Minute, 200},
		{5*time.Minute + 1, 401},
		{12 * time.Hour, 401},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := newGuard(t, middleware.Config{Authenticator: authenticated(time.Now())})
			h := require(t, g, middleware.Fresh(5*time.Minute)).Handler(whoami)
			time.Sleep(row.age)
			if w := get(h); w.Code != row.want {
				t.Errorf("after %v: status %d, want %d", row.age, w.Code, row.want)
			}
		})
	}
}

func TestWhoAuthenticatedAtNoKnownTimeIsNotFresh(t *testing.T) {
	// AZ-4: the longest time there is does not reach back to never.
	g := newGuard(t, middleware.Config{Authenticator: authenticated(time.Time{})})
	if w := get(require(t, g, middleware.Fresh(math.MaxInt64)).Handler(whoami)); w.Code != 401 {
		t.Errorf("status %d, want 401", w.Code)
	}
}

func TestAMRRules(t *testing.T) {
	// AZ-4
	for _, row := range []struct {
		name string
		rule middleware.Authorizer
		held []string
		want int
	}{
		{"one, held", middleware.HasAMR("otp"), []string{"pwd", "otp"}, 200},
		{"one, missing", middleware.HasAMR("otp"), []string{"pwd"}, 401},
		{"two, one held", middleware.HasAMR("otp", "hwk"), []string{"hwk"}, 200},
		{"two, none held", middleware.HasAMR("otp", "hwk"), []string{"pwd", "sms"}, 401},
		{"nothing known", middleware.HasAMR("otp"), nil, 401},
		{"case matters", middleware.HasAMR("otp"), []string{"OTP"}, 401},
		{"a list is no method", middleware.HasAMR("otp"), []string{"pwd otp"}, 401},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := newGuard(t, middleware.Config{Authenticator: authenticated(time.Now(), row.held...)})
			if w := get(require(t, g, row.rule).Handler(whoami)); w.Code != row.want {
				t.Errorf("status %d, want %d", w.Code, row.want)
			}
		})
	}
}

func TestAnAMRRuleIsNotChangedFromOutside(t *testing.T) {
	methods := []string{"otp"}
	rule := middleware.HasAMR(methods...)
	methods[0] = "pwd"
	g := newGuard(t, middleware.Config{Authenticator: authenticated(time.Now(), "pwd")})
	if w := get(require(t, g, rule).Handler(whoami)); w.Code != 401 {
		t.Errorf("status %d, want 401", w.Code)
	}
}

// stepUp has a challenge with what RFC 9470 adds to one.
type stepUp struct{ *oracle }

func (stepUp) Challenge(_ *http.Request, d middleware.Denial) string {
	return fmt.Sprintf("Test error=%q, max_age=%v", d.Code, d.MaxAge)
}

func TestWhoMustAuthenticateAgainIsToldSoByAProblemOfItsOwn(t *testing.T) {
	// AZ-4. RFC 9470, section 3: the status is 401, and the code says that the credential is good.
	const problem = `{"type":"https://inga-auth.github.io/problems/insufficient-authentication","title":"Authenticate again","status":401,"retryable":false}` + "\n"
	own := middleware.AuthorizerFunc(func(*http.Request, middleware.Identity) error {
		return fmt.Errorf("%w: no passkey", middleware.ErrInsufficientAuthentication)
	})
	for _, row := range []struct {
		name      string
		rules     []middleware.Authorizer
		challenge string
	}{
		{"too long ago", []middleware.Authorizer{middleware.Fresh(5 * time.Minute)}, `Test error="insufficient_user_authentication", max_age=5m0s`},
		{"not well enough", []middleware.Authorizer{middleware.HasAMR("otp")}, `Test error="insufficient_user_authentication", max_age=0s`},
		{"both", []middleware.Authorizer{middleware.HasAMR("pwd"), middleware.Fresh(time.Hour)}, `Test error="insufficient_user_authentication", max_age=1h0m0s`},
		{"a rule of the application", []middleware.Authorizer{own}, `Test error="insufficient_user_authentication", max_age=0s`},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := newGuard(t, middleware.Config{Authenticator: stepUp{authenticated(time.Now().Add(-2*time.Hour), "pwd")}})
			stricter := require(t, g, row.rules...)
			// Optional lets anonymous requests pass, not identified ones that are stale.
			for name, h := range map[string]http.Handler{"Handler": stricter.Handler(whoami), "Optional": stricter.Optional(whoami)} {
				w := get(h)
				if w.Code != 401 || w.Body.String() != problem {
					t.Errorf("%s: %d %s, want 401 %s", name, w.Code, w.Body, problem)
				}
				if got := w.Header().Get("WWW-Authenticate"); got != row.challenge {
					t.Errorf("%s: WWW-Authenticate %s, want %s", name, got, row.challenge)
				}
			}
		})
	}
}

func TestARuleThatAsksForMoreIsNeverReadAsAnAnswerAboutCredentials(t *testing.T) {
	// A rule that asks for a second credential wraps what it was answered about that one. The
	// first one is still good, and its sender is not anonymous.
	for _, row := range []struct {
		name  string
		err   error
		want  int
		title string
	}{
		{"insufficient, for there is no second one", fmt.Errorf("%w: %w", middleware.ErrInsufficientAuthentication, middleware.ErrNoCredentials), 401, "Authenticate again"},
		{"insufficient, for the second one is wrong", fmt.Errorf("%w: %w", middleware.ErrInsufficientAuthentication, middleware.ErrInvalidCredentials), 401, "Authenticate again"},
		{"forbidden, for there is no second one", fmt.Errorf("%w: %w", middleware.ErrForbidden, middleware.ErrNoCredentials), 403, "Not allowed"},
		{"forbidden, for the second one has ended", fmt.Errorf("%w: %w", middleware.ErrForbidden, middleware.ErrSessionRevoked), 403, "Not allowed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := newGuard(t, middleware.Config{Authenticator: authenticated(time.Now())})
			stricter := require(t, g, middleware.AuthorizerFunc(func(*http.Request, middleware.Identity) error { return row.err }))
			for name, h := range map[string]http.Handler{"Handler": stricter.Handler(whoami), "Optional": stricter.Optional(whoami)} {
				if w := get(h); w.Code != row.want || !strings.Contains(w.Body.String(), row.title) {
					t.Errorf("%s: %d %s, want %d and %s", name, w.Code, w.Body, row.want, row.title)
				}
			}
		})
	}
}

func TestRequireReportsEveryMistakeAboutFreshnessAndMethods(t *testing.T) {
	g := newGuard(t, middleware.Config{Authenticator: knows("ann")})
	_, err := g.Require(middleware.Fresh(0), middleware.Fresh(time.Second-1), middleware.Fresh(-time.Hour), middleware.HasAMR(), middleware.HasAMR("otp", ""))
	wantMentions(t, err, "Fresh is given 0s", "Fresh is given 999.999999ms", "Fresh is given -1h0m0s", "HasAMR")
	if lines := strings.Count(err.Error(), "\n") + 1; lines != 5 {
		t.Errorf("%d mistakes, want 5:\n%v", lines, err)
	}
	if _, err := g.Require(middleware.Fresh(time.Second), middleware.HasAMR("otp")); err != nil {
		t.Errorf("what is right is a mistake: %v", err)
	}
}

func TestACheckOfFreshnessAndMethodsAllocatesNothing(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	id := middleware.Identity{AuthTime: time.Now().Add(-time.Minute), AMR: []string{"pwd", "otp"}}
	for name, rule := range map[string]middleware.Authorizer{
		"fresh":         middleware.Fresh(time.Hour),
		"not fresh":     middleware.Fresh(time.Second),
		"has method":    middleware.HasAMR("hwk", "otp"),
		"has no method": middleware.HasAMR("hwk"),
	} {
		if n := testing.AllocsPerRun(100, func() { _ = rule.Authorize(r, id) }); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

// A freshness is an application with a page for sessions and one for fresh ones. It counts
// events, so that a test knows that there were renewals.
type freshness struct {
	cookies *cookie.Cookies
	tokens  *jwtauth.Tokens
	told    map[middleware.EventType]int

	private http.Handler
	fresh   http.Handler // renewals come after the rule
	renewed http.Handler // and before it
}

func newFreshness(t *testing.T, reissue bool) *freshness {
	t.Helper()
	a := &freshness{told: map[middleware.EventType]int{}}
	events := func(_ context.Context, e middleware.Event) { a.told[e.Type]++ }
	store := memory.New()
	if err := store.Users().CreateUser(t.Context(), backends.User{ID: "1", Name: "ann"}, ""); err != nil {
		t.Fatal(err)
	}
	sessions, err := session.New(session.Config{Store: store, Policy: sliding.Policy{Idle: 20 * time.Minute, Absolute: 12 * time.Hour}, Events: events})
	if err != nil {
		t.Fatal(err)
	}
	key, err := jwtauth.HS256([]byte("\x00\x9f\x03\xa1\xfe\x77\xc2\x10\x00\x9f\x03\xa1\xfe\x77\xc2\x11\x00\x9f\x03\xa1\xfe\x77\xc2\x12\x00\x9f\x03\xa1\xfe\x77\xc2\x13"))
	var err1, err2 error
	a.cookies, err1 = cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{[]byte("\x20\x8f\x23\xa1\xee\x77\xc2\x10\x20\x9f\x43\xa1\xfe\x87\xc2\x11\x40\x9f\x63\xb1\xfe\x77\xd2\x12\x00\x9f\x03\xa1\xfd\x77\xc2\x23")}, Reissue: reissue})
	a.tokens, err2 = jwtauth.New(jwtauth.Config{Sessions: sessions, Keys: []jwtauth.Key{key}, Issuer: "https://app.example", Audience: "app",
		RefreshKeys: [][]byte{[]byte("\x10\x8f\x13\xa1\xee\x77\xc2\x10\x20\x9f\x43\xa1\xfe\x87\xc2\x11\x00\x9f\x63\xb1\xfe\x77\xd2\x12\x00\x9f\x03\xa1\xfd\x77\xc2\x13")}})
	if err := errors.Join(err, err1, err2); err != nil {
		t.Fatal(err)
	}
	g := newGuard(t, middleware.Config{Authenticator: middleware.FirstOf(a.tokens, a.cookies)})
	a.private = g.Handler(sliding.Handler(whoami))
	fresh := require(t, g, middleware.Fresh(5*time.Minute))
	a.fresh = fresh.Handler(sliding.Handler(whoami))
	a.renewed = g.Handler(sliding.Handler(fresh.Handler(whoami)))
	return a
}

// want asks for all pages, for the one first that sees what a renewal has made.
func (a *freshness) want(t *testing.T, when string, as func(*http.Request), private, fresh int) {
	t.Helper()
	if w := get(a.renewed, as); w.Code != fresh {
		t.Errorf("%s: fresh page, renewed: status %d, want %d", when, w.Code, fresh)
	}
	if w := get(a.fresh, as); w.Code != fresh {
		t.Errorf("%s: fresh page: status %d, want %d", when, w.Code, fresh)
	}
	if w := get(a.private, as); w.Code != private {
		t.Errorf("%s: private page: status %d, want %d", when, w.Code, private)
	}
}

func post() *http.Request { return httptest.NewRequest("POST", "/", nil) }

func TestBeingActiveMakesNoCookieSessionFresh(t *testing.T) {
	// AZ-4, TL-11: renewals come and go; authenticating again is the only way.
	for name, reissue := range map[string]bool{"sent once": false, "reissued": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newFreshness(t, reissue)
				w := httptest.NewRecorder()
				if _, err := a.cookies.Login(w, post(), middleware.Login{Subject: "1"}); err != nil {
					t.Fatal(err)
				}
				as := func(r *http.Request) { r.AddCookie(w.Result().Cookies()[0]) }
				for range 5 {
					time.Sleep(time.Minute)
					a.want(t, "within 5 minutes", as, 200, 200)
				}
				time.Sleep(time.Nanosecond)
				a.want(t, "after 5 minutes of activity", as, 200, 401)
				for range 30 {
					time.Sleep(time.Minute)
					a.want(t, "after more activity", as, 200, 401)
				}
				if got := a.told[middleware.EventRenewed]; got != 17 {
					t.Errorf("renewed %d times, want 17: once in two minutes", got)
				}
				again, r := httptest.NewRecorder(), post()
				as(r)
				if _, err := a.cookies.Reauthenticate(again, r, middleware.Login{Subject: "1"}); err != nil {
					t.Fatal(err)
				}
				as = func(r *http.Request) { r.AddCookie(again.Result().Cookies()[0]) }
				a.want(t, "after authenticating again", as, 200, 200)
			})
		})
	}
}

func TestNeitherANewTokenNorARefreshMakesASessionFresh(t *testing.T) {
	// AZ-4, TL-11
	synctest.Test(t, func(t *testing.T) {
		a := newFreshness(t, false)
		first, err := a.tokens.Login(post(), middleware.Login{Subject: "1"})
		if err != nil {
			t.Fatal(err)
		}
		token := first.AccessToken
		as := func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
		time.Sleep(5 * time.Minute)
		renewed := get(a.fresh, as)
		if renewed.Code != 200 || renewed.Header().Get("Access-Token") == "" {
			t.Fatalf("status %d, renewed token %q; want 200 and one", renewed.Code, renewed.Header().Get("Access-Token"))
		}
		token = renewed.Header().Get("Access-Token")
		time.Sleep(time.Nanosecond)
		a.want(t, "with a renewed token", as, 200, 401)

		refreshed, err := a.tokens.Refresh(post(), first.RefreshToken)
		if err != nil {
			t.Fatal(err)
		}
		token = refreshed.AccessToken
		a.want(t, "with a refreshed token", as, 200, 401)
		if got, want := get(a.fresh, as).Header().Get("WWW-Authenticate"), `Bearer realm="inga", error="insufficient_user_authentication", max_age="300"`; got != want {
			t.Errorf("WWW-Authenticate %s, want %s", got, want)
		}

		r := post()
		as(r)
		again, err := a.tokens.Reauthenticate(httptest.NewRecorder(), r, middleware.Login{Subject: "1"})
		if err != nil {
			t.Fatal(err)
		}
		token = again.AccessToken
		a.want(t, "after authenticating again", as, 200, 200)
	})
}
