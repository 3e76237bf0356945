package tokencookie_test

import (
	"errors"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/middleware"
)

func TestAReauthenticationSetsBothCookiesAnew(t *testing.T) {
	// SID-3, CK-6, CK-10.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		app := newBrowser(t, s, j.Use).App
		for _, path := range []string{"/prove", "/private/prove"} {
			b := tokentest.BrowserAgo(t, s, app, 10*time.Minute)
			former := b.Copy()
			before := tokentest.IdentityOf(t, b.Status("GET", "/me", 200))
			j.Take()
			w := b.Status("POST", path, 200)
			// The ages are looked at where time does not pass.
			got := regexp.MustCompile(`Max-Age=[1-9]\d*`).ReplaceAllString(strings.Join(tokentest.Lines(w), "\n"), "Max-Age=N")
			if want := "__Host-access=T; Path=/; Max-Age=N; HttpOnly; Secure; SameSite=Lax\n" +
				"__Host-refresh=R; Path=/; Max-Age=N; HttpOnly; Secure; SameSite=Lax"; got != want {
				t.Errorf("%s: Set-Cookie\n%s\nwant\n%s", path, got, want)
			}
			if w.Body.Len() > 0 {
				t.Errorf("%s: body %s, want none", path, w.Body)
			}
			j.WantEvents(t, event("reauthenticated", before.SessionID, ""))
			for _, expire := range []bool{false, true} {
				if expire {
					former.Expire()
				}
				tokentest.WantLines(t, former.Status("GET", "/me", 401))
				tokentest.WantLines(t, former.Status("POST", "/prove", 401))
				tokentest.WantLines(t, former.Status("POST", "/refresh", 401))
			}
			after := tokentest.IdentityOf(t, b.Status("GET", "/fresh", 200))
			if after.SessionID != before.SessionID || time.Since(after.AuthTime) > time.Minute || !slices.Equal(after.AMR, []string{"pwd", "otp"}) {
				t.Errorf("before %+v, after %+v; want the same session, authenticated now by pwd and otp", before, after)
			}
			b.Status("POST", "/refresh", 200)
			b.Status("GET", "/fresh", 200)
		}
		if n := j.Count(middleware.EventTheft); n != 0 {
			t.Errorf("%d thefts, want none", n)
		}
	})
}

func TestAReauthenticationAfterTheAccessCookieHasExpired(t *testing.T) {
	// LO-14: a user who looks for the second factor for six minutes is still logged in.
	for name, expire := range map[string]func(*tokentest.Browser){
		"dropped by the browser": (*tokentest.Browser).Expire,
		"still sent":             func(*tokentest.Browser) {},
	} {
		for _, path := range []string{"/prove", "/private/prove"} {
			t.Run(name+path, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := newBrowser(t, storetest.Memory(t))
					b.Login("1")
					time.Sleep(6 * time.Minute)
					expire(b)
					tokentest.WantLines(t, b.Status("POST", path, 200),
						"__Host-access=T; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=Lax",
						"__Host-refresh=R; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax")
					b.Status("GET", "/fresh", 200)
					b.Status("GET", "/otp", 200)
				})
			})
		}
	}
}

func TestAReauthenticationThatFailsLogsNobodyOut(t *testing.T) {
	// LO-14: a wrong user, and the browser tries again later with the cookies that it has.
	synctest.Test(t, func(t *testing.T) {
		var j tokentest.Journal
		b := newBrowser(t, storetest.Memory(t), j.Use)
		b.Login("2") // and the page is for user 1
		for range 3 {
			time.Sleep(6 * time.Minute)
			b.Expire()
			tokentest.WantLines(t, b.Status("POST", "/prove", 401))
			b.Status("GET", "/me", 200)
		}
		if n := j.Count(middleware.EventTheft); n != 0 {
			t.Errorf("%d thefts, want none", n)
		}
	})
}

func TestTheProofOfAFormerPasswordRestartsNoSession(t *testing.T) {
	// LO-12: a thief with the cookies proved the old password while their owner changed it.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		ann, _, err := s.Users().UserByName(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		k := tokentest.NewCookies(t, tokentest.New(t, s, tokentest.WithRefresh))
		b := tokentest.NewBrowser(t, tokentest.CookieApp(t, k))
		b.Login("1")
		if _, err := s.Users().SetPassword(t.Context(), time.Now(), "1", 0, "$argon2id$x", tokentest.SID(t, b.Access())); err != nil {
			t.Fatal(err)
		}
		r, w := httptest.NewRequest("POST", "https://app.example/", nil), httptest.NewRecorder()
		r.Header.Set("Cookie", "__Host-refresh="+b.Refresh())
		_, err = k.Reauthenticate(w, r, middleware.Login{Subject: "1", UserVersion: ann.Version})
		if !errors.Is(err, middleware.ErrInvalidCredentials) || len(w.Header()) != 0 {
			t.Errorf("%v, header %v; want ErrInvalidCredentials and none", err, w.Header())
		}
		b.Status("GET", "/me", 200)
		b.Status("POST", "/refresh", 200)
	})
}
