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
	"github.com/inga-auth/inga/jwtauth"
)

func TestATokenDiesWithItsSession(t *testing.T) {
	// LO-1, LO-2, LO-4, AZ-2, JW-7, promise 8: from the next request on, whatever its exp.
	now := time.Now
	for name, end := range map[string]func(t *testing.T, c *client, s storetest.Store, sid string) error{
		"logout": func(_ *testing.T, c *client, _ storetest.Store, _ string) error {
			c.status("POST", "/logout", 200)
			return nil
		},
		"revoked": func(t *testing.T, _ *client, s storetest.Store, sid string) error {
			_, err := s.Revoke(t.Context(), now(), sid, backends.ReasonRevoked)
			return err
		},
		"all of the user's": func(t *testing.T, _ *client, s storetest.Store, _ string) error {
			_, err := s.RevokeUser(t.Context(), now(), "1", "", backends.ReasonRevoked)
			return err
		},
		"everybody's": func(t *testing.T, _ *client, s storetest.Store, _ string) error {
			_, err := s.RevokeAll(t.Context(), now(), backends.ReasonRevoked)
			return err
		},
		"password changed": func(t *testing.T, _ *client, s storetest.Store, _ string) error {
			_, err := s.SetPassword(t.Context(), now(), "1", 0, "$argon2id$x", "")
			return err
		},
		"user disabled": func(t *testing.T, _ *client, s storetest.Store, _ string) error {
			return s.SetDisabled(t.Context(), now(), "1", true)
		},
		"user deleted": func(t *testing.T, _ *client, s storetest.Store, _ string) error {
			return s.DeleteUser(t.Context(), now(), "1")
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				app := newApp(t, newTokens(t, s))
				c, other := newClient(t, app).login("1"), newClient(t, app).login("2")
				c.status("GET", "/me", 200)
				if err := end(t, c, s, claimsOf(t, c.token)["sid"].(string)); err != nil {
					t.Fatal(err)
				}
				w := c.status("GET", "/me", 401)
				if got, want := w.Header().Get("WWW-Authenticate"), `Bearer realm="inga", error="invalid_token"`; got != want {
					t.Errorf("WWW-Authenticate %s, want %s", got, want)
				}
				if name != "everybody's" {
					other.status("GET", "/me", 200)
				}
			})
		})
	}
}

func TestRolesAreThoseOfTheMoment(t *testing.T) {
	// AZ-2, promise 8: nothing in the token says which.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		c := newClient(t, newApp(t, newTokens(t, s))).login("2")
		c.status("GET", "/admin", 200)
		if err := s.SetRoles(t.Context(), "2", []string{"user"}); err != nil {
			t.Fatal(err)
		}
		c.status("GET", "/admin", 403)
		c.status("GET", "/me", 200)
	})
}

func TestARespelledSignatureDiesWithTheSession(t *testing.T) {
	// JW-12: of an ECDSA signature (r, s), (r, n-s) is one too. So the token has another
	// spelling that verifies, and a list of revoked texts would not have it.
	storetest.Each(t, func(t *testing.T, st storetest.Store) {
		key := must(t)(jwtauth.ES256(ecKey()))
		c := newClient(t, newApp(t, newTokens(t, st, withKeys(key)))).login("1")
		signed := c.token[:strings.LastIndex(c.token, ".")]
		sig, err := base64.RawURLEncoding.DecodeString(c.token[len(signed)+1:])
		if err != nil {
			t.Fatal(err)
		}
		s := new(big.Int).SetBytes(sig[32:])
		s.Sub(elliptic.P256().Params().N, s).FillBytes(sig[32:])
		respelled := newClient(t, c.app)
		respelled.token = signed + "." + b64(string(sig))
		if respelled.token == c.token {
			t.Fatal("the spelling is the same")
		}
		respelled.status("GET", "/me", 200)
		c.status("POST", "/logout", 200)
		respelled.status("GET", "/me", 401)
		c.status("GET", "/me", 401)
	})
}

func TestLogoutIsIdempotent(t *testing.T) {
	// LO-7.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		c := newClient(t, newApp(t, newTokens(t, s))).login("1")
		c.status("POST", "/logout", 200)
		c.status("POST", "/logout", 200)
		c.token = ""
		c.status("POST", "/logout", 401)
		c.token = "x"
		c.status("POST", "/logout", 401)
	})
}

func TestAnExpiredTokenLogsOutAndDoesNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := storetest.Memory(t)
		c := newClient(t, newApp(t, newTokens(t, m))).login("1")
		sid := claimsOf(t, c.token)["sid"].(string)
		time.Sleep(20 * time.Minute)
		c.status("GET", "/me", 401)
		live := func() int {
			sessions, err := m.List(t.Context(), time.Now(), "1")
			if err != nil {
				t.Fatal(err)
			}
			return len(sessions)
		}
		if live() != 1 {
			t.Fatalf("%d live sessions, want 1", live())
		}
		// What is wrong besides being expired is refused all the same.
		good := c.token
		for _, change := range [][2]string{{"https://api.example", "https://x.example"}, {"https://app.example", "https://x.example"}, {`"jti":`, `"x":`}} {
			c.token = sign(goodHeader, replaced(t, replaced(t, goodClaims(sid), `"exp":`, `"exp":1,"e":`), change[0], change[1]))
			c.status("POST", "/logout", 401)
		}
		if live() != 1 {
			t.Fatalf("%d live sessions, want 1", live())
		}
		c.token = good
		c.status("POST", "/logout", 200)
		if live() != 0 {
			t.Errorf("%d live sessions, want none", live())
		}
	})
}

func TestAnOutageLogsNobodyOutAndLetsNobodyIn(t *testing.T) {
	// AZ-5, RT-15's access part: 503, Retry-After, and no 401.
	f := &storetest.Failing{Store: storetest.Memory(t)}
	c := newClient(t, newApp(t, newTokens(t, f))).login("1")
	unavailable := func(method, path string) {
		t.Helper()
		w := c.status(method, path, 503, as("1"))
		if w.Header().Get("Retry-After") == "" || w.Header().Get("WWW-Authenticate") != "" || strings.Contains(w.Body.String(), "refused") {
			t.Errorf("%s: headers %v, body %s", path, w.Header(), w.Body)
		}
	}
	f.NoFind = true
	unavailable("GET", "/me")
	unavailable("GET", "/admin")
	good := c.token
	c.token = "x"
	c.status("GET", "/me", 401) // this much can be told without the store
	c.token = good
	f.NoFind, f.NoCreate = false, true
	unavailable("POST", "/login")
	f.NoCreate, f.NoRevoke = false, true
	unavailable("POST", "/logout")
	f.NoRevoke = false
	c.status("GET", "/me", 200)
	c.status("POST", "/logout", 200)
	c.status("GET", "/me", 401)
}

func TestARenewalThatFailsRefusesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &storetest.Failing{Store: storetest.Memory(t), NoExtend: true}
		c := newClient(t, newApp(t, newTokens(t, f))).login("1")
		time.Sleep(3 * time.Minute)
		if w := c.status("GET", "/me", 200); w.Header().Get("Access-Token") != "" {
			t.Error("a new token for a session that was not extended")
		}
		f.NoExtend = false
		if w := c.status("GET", "/me", 200); w.Header().Get("Access-Token") == "" {
			t.Error("the next request did not try again")
		}
	})
}

func TestARequestInFlightDuringLogoutNeverBringsTheSessionBack(t *testing.T) {
	// Promise 3, LO-5: renewals race one logout, on both backends. The interval is so short
	// that every request wants to renew.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := newApp(t, newTokens(t, s, func(c *jwtauth.Config) { c.Policy = busy }))
		for range 5 {
			c := newClient(t, app).login("1")
			var mu sync.Mutex
			seen := []string{c.token}
			var wg sync.WaitGroup
			for i := range 40 {
				wg.Go(func() {
					other := newClient(t, app)
					other.token = c.token
					method, path := "GET", "/me"
					if i == 20 {
						method, path = "POST", "/private/logout"
					}
					w := other.do(method, path)
					if w.Code != 200 && w.Code != 401 {
						t.Errorf("status %d", w.Code)
					}
					if i == 20 && w.Header().Get("Access-Token") != "" {
						t.Error("the answer to a logout brings a token")
					}
					mu.Lock()
					defer mu.Unlock()
					seen = append(seen, other.token)
				})
			}
			wg.Wait()
			for _, token := range seen {
				c.token = token
				c.status("GET", "/me", 401)
			}
		}
		live, err := s.List(t.Context(), time.Now(), "1")
		if err != nil || len(live) != 0 {
			t.Errorf("%d live sessions (%v), want none", len(live), err)
		}
	})
}

func TestALogoutTakesTheRenewedTokenBack(t *testing.T) {
	// TL-9: the renewal came first, in the same request.
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, newApp(t, newTokens(t, storetest.Memory(t)))).login("1")
		time.Sleep(3 * time.Minute)
		w := c.status("POST", "/private/logout", 200)
		for name := range w.Header() {
			if strings.HasPrefix(name, "Access-Token") {
				t.Errorf("%s: %q", name, w.Header()[name])
			}
		}
		c.status("GET", "/me", 401)
	})
}
