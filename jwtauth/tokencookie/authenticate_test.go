package tokencookie_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

func TestTheRefreshCookieIsTheSessionWhateverTheAccessCookieIs(t *testing.T) {
	// LO-14: one look-up, no rotation, and no cookie but that of a sliding renewal.
	for name, expire := range map[string]func(*tokentest.Browser){
		"dropped by the browser": (*tokentest.Browser).Expire,
		"still sent":             func(*tokentest.Browser) {},
		"forged":                 func(b *tokentest.Browser) { b.Jar["__Host-access"] += "x" },
		"junk":                   func(b *tokentest.Browser) { b.Jar["__Host-access"] = "x" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := tokentest.NewSpy(storetest.Memory(t))
				b := newBrowser(t, s)
				b.Login("2")
				begin := time.Now()
				time.Sleep(10 * time.Minute)
				expire(b)
				refresh := b.Refresh()
				s.Take()
				w := b.Status("GET", "/admin", 200)
				if got := s.Take(); !slices.Equal(got, []string{"Find", "Extend"}) {
					t.Errorf("the store was asked for %v, want Find and Extend", got)
				}
				id := tokentest.IdentityOf(t, w)
				if id.Subject != "2" || id.Method != "token-cookie" || !id.HasRole("admin") || !id.AuthTime.Equal(begin) || time.Until(id.ExpiresAt) != 5*time.Minute {
					t.Errorf("identity %+v", id)
				}
				if b.Refresh() != refresh {
					t.Error("a request that is no refresh replaced the refresh token")
				}
				s.Take()
				tokentest.WantLines(t, b.Status("GET", "/admin", 200))
				if got := s.Take(); !slices.Equal(got, []string{"Find"}) {
					t.Errorf("the next request asked the store for %v, want Find", got)
				}
			})
		})
	}
}

func TestTheClaimsAreThoseThatAnAccessTokenWouldHave(t *testing.T) {
	// AZ-2: of the user as it is now, when there is no access cookie.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		k := tokentest.NewCookies(t, tokentest.New(t, s, tokentest.WithRefresh, tokentest.WithRoles))
		b := tokentest.NewBrowser(t, tokentest.CookieApp(t, k))
		b.Login("2")
		session := tokentest.SID(t, b.Access())
		var claims struct {
			SessionID string `json:"sid"`
			Subject   string `json:"sub"`
			AuthTime  int64  `json:"auth_time"`
			Roles     []string
		}
		guard, err := middleware.New(middleware.Config{Authenticator: k})
		if err != nil {
			t.Fatal(err)
		}
		b.App = guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			id, _ := middleware.FromContext(r.Context())
			if err := id.DecodeClaims(&claims); err != nil {
				t.Error(err)
			}
		}))
		if err := s.Users().SetRoles(t.Context(), "2", []string{"admin"}); err != nil {
			t.Fatal(err)
		}
		b.Status("GET", "/", 200)
		if !slices.Equal(claims.Roles, []string{"user", "admin"}) {
			t.Errorf("roles %v, want those of the access token", claims.Roles)
		}
		b.Expire()
		for range 3 { // and then as remembered
			b.Status("GET", "/", 200)
			if claims.SessionID != session || claims.Subject != "2" || claims.AuthTime == 0 || !slices.Equal(claims.Roles, []string{"admin"}) {
				t.Errorf("claims %+v, want session %s of user 2 with the role admin", claims, session)
			}
		}
	})
}

func TestAnAccessCookieOfAnotherSessionIsIgnored(t *testing.T) {
	// LO-14: alone it opens nothing, and beside a refresh cookie it changes nothing.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := newBrowser(t, s)
		other := b.Copy()
		b.Login("1")
		other.Login("2")
		for _, jar := range []map[string]string{
			{"__Host-access": other.Access(), "__Host-refresh": b.Refresh()},
			{"__Host-access": b.Access(), "__Host-refresh": b.Refresh()},
			{"__Host-refresh": b.Refresh()},
		} {
			b.Jar = jar
			if id := tokentest.IdentityOf(t, b.Status("GET", "/optional", 200)); id.Subject != "1" {
				t.Errorf("%d cookies: user %q, want 1", len(jar), id.Subject)
			}
			b.Status("GET", "/admin", 403)
		}
		b.Jar = map[string]string{"__Host-access": other.Access()}
		tokentest.WantProblem(t, b.Do("GET", "/me"), 401, "no-credentials")
		tokentest.WantProblem(t, b.Do("POST", "/prove"), 401, "no-credentials")
		tokentest.WantProblem(t, b.Do("POST", "/refresh"), 401, "no-credentials")
		other.Status("GET", "/admin", 200)
	})
}

func TestPlantedCookiesShutNobodyOut(t *testing.T) {
	// CK-12: junk, and cookies of sessions that have ended, are as if they were not there.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := newBrowser(t, s, tokentest.Eager)
		b.Login("1")
		first := rotate(t, b)
		evil, gone := tokentest.NewBrowser(t, b.App), tokentest.NewBrowser(t, b.App)
		evil.Login("2")
		gone.Login("2")
		second := tokentest.NewBrowser(t, b.App)
		second.Login("1")
		ended := gone.Refresh()
		gone.Status("POST", "/logout", 200)
		access, refresh := "__Host-access="+b.Access(), "__Host-refresh="+b.Refresh()
		cut := "__Host-refresh=" + b.Refresh()[:100]
		forged := "__Host-refresh=" + tokentest.EncodeRefresh(tokentest.RefreshKeyB, backends.NewID("1"), 1, backends.NewSecret())
		never := "__Host-refresh=" + tokentest.EncodeRefresh(tokentest.RefreshKeyA, backends.NewID("1"), 1, backends.NewSecret())
		for name, row := range map[string]struct {
			cookies []string
			subject string // "" if it is refused
		}{
			"alone":                        {[]string{refresh}, "1"},
			"twice":                        {[]string{refresh, refresh}, "1"},
			"junk before":                  {[]string{"__Host-refresh=junk", refresh}, "1"},
			"junk after":                   {[]string{refresh, "__Host-refresh="}, "1"},
			"much junk":                    {[]string{strings.Repeat("__Host-refresh=junk; ", 50) + refresh}, "1"},
			"much junk of access":          {[]string{strings.Repeat("__Host-access=junk; ", 50) + refresh, access}, "1"},
			"cut":                          {[]string{cut, refresh}, "1"},
			"forged":                       {[]string{forged, refresh}, "1"},
			"of a session that never was":  {[]string{never, refresh}, "1"},
			"of a session that has ended":  {[]string{"__Host-refresh=" + ended, refresh}, "1"},
			"of one that has ended, after": {[]string{refresh, "__Host-refresh=" + ended}, "1"},
			"of the user's other session":  {[]string{"__Host-refresh=" + second.Refresh(), refresh}, "1"},
			"of the user's other, after":   {[]string{refresh, "__Host-refresh=" + second.Refresh()}, "1"},
			"of two that have ended":       {[]string{"__Host-refresh=" + ended, never}, ""},
			"the former one before":        {[]string{"__Host-refresh=" + first, refresh}, "1"},
			"the former one after":         {[]string{refresh, "__Host-refresh=" + first}, "1"},
			"another's access":             {[]string{"__Host-access=" + evil.Access(), refresh, access}, "1"},
			"another's access after":       {[]string{access, "__Host-access=" + evil.Access(), refresh}, "1"},
			"another live one":             {[]string{refresh, "__Host-refresh=" + evil.Refresh()}, ""},
			"another live one before":      {[]string{"__Host-refresh=" + evil.Refresh(), access, refresh}, ""},
			"only junk":                    {[]string{"__Host-refresh=junk"}, ""},
			"another name":                 {[]string{"__host-refresh=" + evil.Refresh(), "\u2003__Host-refresh=" + evil.Refresh(), refresh}, "1"},
			"much that is forged":          {[]string{strings.Repeat(forged+"; ", 179) + refresh, access}, "1"},
			"more than browsers keep":      {[]string{strings.Repeat(forged+"; ", 180) + refresh}, ""},
			"nine of ours":                 {[]string{strings.Repeat(never+"; ", 9) + refresh}, ""},
		} {
			for range 2 { // and then as remembered
				w := tokentest.NewBrowser(t, b.App).Do("GET", "/me", tokentest.CookieHeader(strings.Join(row.cookies, "; ")))
				if row.subject == "" {
					if w.Code != 401 || tokentest.Lines(w) != nil {
						t.Errorf("%s: status %d, Set-Cookie %q; want 401 and none", name, w.Code, tokentest.Lines(w))
					}
					continue
				}
				if w.Code != 200 || tokentest.IdentityOf(t, w).Subject != row.subject {
					t.Errorf("%s: status %d: %s", name, w.Code, w.Body)
				}
			}
		}
	})
}

func TestPlantedCookiesNeitherKeepFromRefreshingNorFromAuthenticatingAgain(t *testing.T) {
	// CK-12, SID-3.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := newBrowser(t, s)
		b.Login("1")
		gone := tokentest.NewBrowser(t, b.App)
		gone.Login("1")
		ended := "__Host-refresh=" + gone.Refresh()
		gone.Status("POST", "/logout", 200)
		for _, path := range []string{"/refresh", "/prove", "/private/prove"} {
			b.Status("POST", path, 200, tokentest.CookieHeader("__Host-refresh=junk; "+ended+"; __Host-refresh="+b.Refresh()))
			b.Status("GET", "/me", 200)
		}
	})
}

func TestAWebSocketHandshakeIsAuthenticatedWithoutAnAccessCookie(t *testing.T) {
	// CS-8: and from our own origin only.
	b := newBrowser(t, storetest.Memory(t))
	b.Login("1")
	b.Expire()
	upgrade := tokentest.Header("Upgrade", "websocket")
	b.Status("GET", "/me", 200, upgrade, tokentest.Origin("same-origin", "https://app.example"))
	tokentest.WantProblem(t, b.Do("GET", "/me", upgrade, tokentest.Origin("", "https://evil.example")), 403, "cross-origin")
}

func TestARememberedCookieIsRefusedAtOnceWhenItsSessionEnds(t *testing.T) {
	// LO-1, LO-2, LO-3, LO-10, SID-3: with an access cookie and without.
	now := time.Now
	for name, end := range map[string]func(b *tokentest.Browser, s storetest.Store, id string) error{
		"logout": func(b *tokentest.Browser, _ storetest.Store, _ string) error {
			b.Copy().Status("POST", "/logout", 200)
			return nil
		},
		"revoked": func(b *tokentest.Browser, s storetest.Store, id string) error {
			_, err := s.Revoke(b.T.Context(), now(), id, backends.ReasonRevoked)
			return err
		},
		"authenticated again": func(b *tokentest.Browser, _ storetest.Store, _ string) error {
			b.Copy().Status("POST", "/prove", 200)
			return nil
		},
		"password changed": func(b *tokentest.Browser, s storetest.Store, _ string) error {
			_, err := s.Users().SetPassword(b.T.Context(), now(), "1", 0, "$argon2id$x", "")
			return err
		},
		"user disabled": func(b *tokentest.Browser, s storetest.Store, _ string) error {
			return s.Users().SetDisabled(b.T.Context(), now(), "1", true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
				m := &storetest.Memo{Store: s}
				for _, expire := range []bool{false, true} {
					b := newBrowser(t, m)
					b.Login("1")
					id := tokentest.SID(t, b.Access())
					if expire {
						b.Expire()
					}
					wantRemembered(t, m, func() *httptest.ResponseRecorder { return b.Send("GET", "/me") })
					if err := end(b, m, id); err != nil {
						t.Fatal(err)
					}
					for range 2 {
						tokentest.WantLines(t, b.Status("GET", "/me", 401))
					}
					if err := m.Users().SetDisabled(t.Context(), now(), "1", false); err != nil {
						t.Fatal(err)
					}
				}
			})
		})
	}
}

func TestACrossOriginWriteWithARememberedCookieIsRefused(t *testing.T) {
	// CS-1, CS-2, CS-3, CS-8: what is remembered is the token, and not how it may come.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		m := &storetest.Memo{Store: s}
		tokens := tokentest.New(t, m, tokentest.WithRefresh)
		b := tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokens)))
		b.Login("1")
		token := b.Access()
		for _, expire := range []bool{false, true} {
			if expire {
				b.Expire()
			}
			wantRemembered(t, m, func() *httptest.ResponseRecorder { return b.Do("GET", "/me") })
			for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
				tokentest.WantProblem(t, b.Do(method, "/me", tokentest.Origin("cross-site", "https://evil.example")), 403, "cross-origin")
				tokentest.WantProblem(t, b.Do(method, "/me", tokentest.Origin("", "null")), 403, "cross-origin")
				b.Status(method, "/me", 200, tokentest.Origin("same-origin", "https://app.example"))
				tokentest.WantOK(t, tokentest.ClientWith(t, tokentest.App(t, tokens), token).Do(method, "/me", tokentest.Origin("cross-site", "https://evil.example")))
			}
			tokentest.WantProblem(t, b.Do("GET", "/me", tokentest.Header("Upgrade", "websocket"), tokentest.Origin("", "https://evil.example")), 403, "cross-origin")
		}
	})
}

func TestTwoApplicationsOnOneHostDoNotMixTheirCookies(t *testing.T) {
	tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh)
	one := tokentest.CookieApp(t, tokentest.NewCookies(t, tokens))
	two := tokentest.CookieApp(t, tokentest.NewCookies(t, tokens, func(c *tokencookie.Config) { c.AccessName, c.RefreshName = "__Host-a2", "__Host-r2" }))
	b := tokentest.NewBrowser(t, one)
	b.Login("1")
	b.App = two
	tokentest.WantProblem(t, b.Do("GET", "/me"), 401, "no-credentials")
	b.Login("2")
	for app, subject := range map[string]string{"one": "1", "two": "2"} {
		b.App = map[string]http.Handler{"one": one, "two": two}[app]
		if id := tokentest.IdentityOf(t, b.Status("GET", "/me", 200)); id.Subject != subject {
			t.Errorf("%s: user %s, want %s", app, id.Subject, subject)
		}
	}
}

func TestPollingDoesNotKeepASessionAlive(t *testing.T) {
	// TL-8: a poll every 30 seconds, and the session ends 30 minutes after the last other request.
	synctest.Test(t, func(t *testing.T) {
		b := newBrowser(t, storetest.Memory(t))
		b.Login("1")
		b.Status("GET", "/me", 200)
		for range 59 {
			time.Sleep(30 * time.Second)
			tokentest.WantLines(t, b.Status("GET", "/poll", 200))
		}
		time.Sleep(30*time.Second - time.Microsecond)
		b.Status("GET", "/poll", 200)
		time.Sleep(time.Microsecond)
		tokentest.WantProblem(t, b.Do("GET", "/poll"), 401, "session-expired")
	})
}

func TestPassiveInsideTheHandlerComesTooLate(t *testing.T) {
	// TL-8: what the package doc of sliding warns of, so that a change of it is noticed.
	synctest.Test(t, func(t *testing.T) {
		k := tokentest.NewCookies(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh))
		guard, err := middleware.New(middleware.Config{Authenticator: k})
		if err != nil {
			t.Fatal(err)
		}
		login := tokentest.CookieApp(t, k)
		b := tokentest.NewBrowser(t, login)
		b.Login("1")
		b.App = middleware.Chain(guard.Handler, sliding.Handler, sliding.Passive)(tokentest.Me)
		time.Sleep(29 * time.Minute)
		b.Status("GET", "/", 200)
		time.Sleep(29 * time.Minute)
		b.Status("GET", "/", 200)
	})
}
