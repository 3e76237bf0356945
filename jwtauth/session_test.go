package jwtauth_test

import (
	"crypto/elliptic"
	"encoding/base64"
	"math/big"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
)

func TestATokenDiesWithItsSession(t *testing.T) {
	// LO-1, LO-2, LO-4, AZ-2, JW-7: from the next request on, whatever its exp.
	now := time.Now
	for name, end := range map[string]func(t *testing.T, c *tokentest.Client, s storetest.Store, sid string) error{
		"logout": func(_ *testing.T, c *tokentest.Client, _ storetest.Store, _ string) error {
			c.Status("POST", "/logout", 200)
			return nil
		},
		"revoked": func(t *testing.T, _ *tokentest.Client, s storetest.Store, sid string) error {
			_, err := s.Revoke(t.Context(), now(), sid, backends.ReasonRevoked)
			return err
		},
		"all of the user's": func(t *testing.T, _ *tokentest.Client, s storetest.Store, _ string) error {
			_, err := s.RevokeUser(t.Context(), now(), "1", "", backends.ReasonRevoked)
			return err
		},
		"everybody's": func(t *testing.T, _ *tokentest.Client, s storetest.Store, _ string) error {
			err := s.RevokeAll(t.Context(), now(), backends.ReasonRevoked)
			return err
		},
		"password changed": func(t *testing.T, _ *tokentest.Client, s storetest.Store, _ string) error {
			_, err := s.Users().SetPassword(t.Context(), now(), "1", 0, "$argon2id$x", "")
			return err
		},
		"user disabled": func(t *testing.T, _ *tokentest.Client, s storetest.Store, _ string) error {
			return s.Users().SetDisabled(t.Context(), now(), "1", true)
		},
		"user deleted": func(t *testing.T, _ *tokentest.Client, s storetest.Store, _ string) error {
			return s.Users().DeleteUser(t.Context(), now(), "1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				app := tokentest.App(t, tokentest.New(t, s))
				c, other := tokentest.NewClient(t, app).Login("1"), tokentest.NewClient(t, app).Login("2")
				c.Status("GET", "/me", 200)
				if err := end(t, c, s, tokentest.ClaimsOf(t, c.Token)["sid"].(string)); err != nil {
					t.Fatal(err)
				}
				w := c.Status("GET", "/me", 401)
				if got, want := w.Header().Get("WWW-Authenticate"), `Bearer realm="inga", error="invalid_token"`; got != want {
					t.Errorf("WWW-Authenticate %s, want %s", got, want)
				}
				if name != "everybody's" {
					other.Status("GET", "/me", 200)
				}
			})
		})
	}
}

func TestRolesAreThoseOfTheMoment(t *testing.T) {
	// AZ-2: nothing in the token says which.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, s))).Login("2")
		c.Status("GET", "/admin", 200)
		if err := s.Users().SetRoles(t.Context(), "2", []string{"user"}); err != nil {
			t.Fatal(err)
		}
		c.Status("GET", "/admin", 403)
		c.Status("GET", "/me", 200)
	})
}

func TestARespelledSignatureDiesWithTheSession(t *testing.T) {
	// JW-12: of an ECDSA signature (r, s), (r, n-s) is one too. So the token has another
	// spelling that verifies, and a list of revoked texts would not have it.
	storetest.Each(t, func(t *testing.T, st storetest.Store) {
		key := tokentest.Must(t)(jwtauth.ES256(tokentest.ECKey()))
		c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, st, tokentest.WithKeys(key)))).Login("1")
		signed := c.Token[:strings.LastIndex(c.Token, ".")]
		sig, err := base64.RawURLEncoding.DecodeString(c.Token[len(signed)+1:])
		if err != nil {
			t.Fatal(err)
		}
		s := new(big.Int).SetBytes(sig[32:])
		s.Sub(elliptic.P256().Params().N, s).FillBytes(sig[32:])
		respelled := tokentest.NewClient(t, c.App)
		respelled.Token = signed + "." + tokentest.B64(string(sig))
		if respelled.Token == c.Token {
			t.Fatal("the spelling is the same")
		}
		respelled.Status("GET", "/me", 200)
		c.Status("POST", "/logout", 200)
		respelled.Status("GET", "/me", 401)
		c.Status("GET", "/me", 401)
	})
}

func TestLogoutIsIdempotent(t *testing.T) {
	// LO-7.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, s))).Login("1")
		c.Status("POST", "/logout", 200)
		c.Status("POST", "/logout", 200)
		c.Token = ""
		c.Status("POST", "/logout", 401)
		c.Token = "x"
		c.Status("POST", "/logout", 401)
	})
}

func TestAnExpiredTokenLogsOutAndDoesNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := storetest.Memory(t)
		c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, m))).Login("1")
		sid := tokentest.ClaimsOf(t, c.Token)["sid"].(string)
		time.Sleep(20 * time.Minute)
		c.Status("GET", "/me", 401)
		live := func() int {
			sessions, _, err := m.List(t.Context(), time.Now(), "1", backends.Page{})
			if err != nil {
				t.Fatal(err)
			}
			return len(sessions)
		}
		if live() != 1 {
			t.Fatalf("%d live sessions, want 1", live())
		}
		// What is wrong besides being expired is refused all the same.
		good := c.Token
		for _, change := range [][2]string{{"https://api.example", "https://x.example"}, {"https://app.example", "https://x.example"}, {`"jti":`, `"x":`}} {
			c.Token = tokentest.Sign(tokentest.GoodHeader, tokentest.Replaced(t, tokentest.Replaced(t, tokentest.GoodClaims(sid), `"exp":`, `"exp":1,"e":`), change[0], change[1]))
			c.Status("POST", "/logout", 401)
		}
		if live() != 1 {
			t.Fatalf("%d live sessions, want 1", live())
		}
		c.Token = good
		c.Status("POST", "/logout", 200)
		if live() != 0 {
			t.Errorf("%d live sessions, want none", live())
		}
	})
}

func TestAnOutageLogsNobodyOutAndLetsNobodyIn(t *testing.T) {
	// AZ-5, RT-15's access part: 503, Retry-After, and no 401.
	f := &storetest.Failing{Store: storetest.Memory(t)}
	c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, f))).Login("1")
	unavailable := func(method, path string) {
		t.Helper()
		w := c.Status(method, path, 503, tokentest.As("1"))
		if w.Header().Get("Retry-After") == "" || w.Header().Get("WWW-Authenticate") != "" || strings.Contains(w.Body.String(), "refused") {
			t.Errorf("%s: headers %v, body %s", path, w.Header(), w.Body)
		}
	}
	f.NoFind = true
	unavailable("GET", "/me")
	unavailable("GET", "/admin")
	good := c.Token
	c.Token = "x"
	c.Status("GET", "/me", 401) // this is known without the store
	c.Token = good
	f.NoFind, f.NoCreate = false, true
	unavailable("POST", "/login")
	f.NoCreate, f.NoRevoke = false, true
	unavailable("POST", "/logout")
	f.NoRevoke = false
	c.Status("GET", "/me", 200)
	c.Status("POST", "/logout", 200)
	c.Status("GET", "/me", 401)
}

func TestARenewalThatFailsRefusesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &storetest.Failing{Store: storetest.Memory(t), NoExtend: true}
		c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, f))).Login("1")
		time.Sleep(3 * time.Minute)
		if w := c.Status("GET", "/me", 200); w.Header().Get("Access-Token") != "" {
			t.Error("a new token for a session that was not extended")
		}
		f.NoExtend = false
		if w := c.Status("GET", "/me", 200); w.Header().Get("Access-Token") == "" {
			t.Error("the next request did not try again")
		}
	})
}

func TestARequestInFlightDuringLogoutNeverBringsTheSessionBack(t *testing.T) {
	// LO-5: renewals race one logout, on both backends. The interval is so short
	// that every request wants to renew.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := tokentest.App(t, tokentest.New(t, s, func(c *tokentest.Config) { c.Policy = tokentest.Busy }))
		for range 5 {
			c := tokentest.NewClient(t, app).Login("1")
			var mu sync.Mutex
			seen := []string{c.Token}
			var wg sync.WaitGroup
			for i := range 40 {
				wg.Go(func() {
					other := tokentest.NewClient(t, app)
					other.Token = c.Token
					method, path := "GET", "/me"
					if i == 20 {
						method, path = "POST", "/private/logout"
					}
					w := other.Do(method, path)
					if w.Code != 200 && w.Code != 401 {
						t.Errorf("status %d", w.Code)
					}
					if i == 20 && w.Header().Get("Access-Token") != "" {
						t.Error("the answer to a logout brings a token")
					}
					mu.Lock()
					defer mu.Unlock()
					seen = append(seen, other.Token)
				})
			}
			wg.Wait()
			for _, token := range seen {
				c.Token = token
				c.Status("GET", "/me", 401)
			}
		}
		live, _, err := s.List(t.Context(), time.Now(), "1", backends.Page{})
		if err != nil || len(live) != 0 {
			t.Errorf("%d live sessions (%v), want none", len(live), err)
		}
	})
}

func TestALogoutTakesTheRenewedTokenBack(t *testing.T) {
	// TL-9: the renewal came first, in the same request.
	synctest.Test(t, func(t *testing.T) {
		c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t)))).Login("1")
		time.Sleep(3 * time.Minute)
		w := c.Status("POST", "/private/logout", 200)
		for name := range w.Header() {
			if strings.HasPrefix(name, "Access-Token") {
				t.Errorf("%s: %q", name, w.Header()[name])
			}
		}
		c.Status("GET", "/me", 401)
	})
}
