package jwtauth_test

import (
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
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

func TestASessionInUseGetsNewTokensUntilTheAbsoluteDeadline(t *testing.T) {
	// TL-2, TL-3, TL-6, TL-11, TL-12. One request in a minute, for 12 hours.
	synctest.Test(t, func(t *testing.T) {
		c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t)))).Login("1")
		begin := time.Now()
		first := tokentest.ClaimsOf(t, c.Token)
		last, renewals := first, 0
		for time.Since(begin) < 12*time.Hour {
			before := c.Token
			w := c.Status("GET", "/me", 200)
			if id := tokentest.IdentityOf(t, w); !id.AuthTime.Equal(begin) || id.SessionID != first["sid"] || len(id.AMR) != 1 || id.AMR[0] != "pwd" {
				t.Fatalf("identity %+v", id)
			}
			if c.Token == before {
				if w.Header().Get("Access-Token-Expires-In") != "" {
					t.Fatal("a lifetime without a token")
				}
				time.Sleep(time.Minute)
				continue
			}
			renewals++
			now := tokentest.ClaimsOf(t, c.Token)
			for _, same := range []string{"iss", "sub", "aud", "sid", "auth_time", "client_id"} {
				if now[same] != first[same] {
					t.Fatalf("%s was %v and is %v", same, first[same], now[same])
				}
			}
			exp := tokentest.Seconds(t, now["exp"])
			if exp < tokentest.Seconds(t, last["exp"]) || exp > begin.Add(12*time.Hour).Unix() {
				t.Fatalf("exp %d after %d, the absolute deadline is %d", exp, tokentest.Seconds(t, last["exp"]), begin.Add(12*time.Hour).Unix())
			}
			if in, _ := strconv.ParseInt(w.Header().Get("Access-Token-Expires-In"), 10, 64); time.Now().Unix()+in != exp {
				t.Fatalf("expires in %d, and exp is %d from now", in, exp-time.Now().Unix())
			}
			if now["jti"] == last["jti"] {
				t.Fatal("two tokens with one jti")
			}
			last = now
			time.Sleep(time.Minute)
		}
		c.Status("GET", "/me", 401)
		if renewals != 239 { // one in three minutes: the interval is 150 s
			t.Errorf("%d renewals, want 239", renewals)
		}
	})
}

func TestASessionThatIsNotUsedEnds(t *testing.T) {
	// TL-1, TL-8. The tokens live longer than the session may be idle, and die with it.
	for path, polled := range map[string]bool{"/me": false, "/poll": true} {
		synctest.Test(t, func(t *testing.T) {
			c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t), func(c *tokentest.Config) { c.AccessTTL = 2 * time.Hour }))).Login("1")
			if polled {
				for range 29 {
					time.Sleep(time.Minute)
					if w := c.Status("GET", path, 200); w.Header().Get("Access-Token") != "" {
						t.Fatal("a passive request got a token")
					}
				}
				time.Sleep(time.Minute)
			} else {
				time.Sleep(30*time.Minute - 1)
				id := tokentest.IdentityOf(t, tokentest.NewClient(t, c.App).Status("GET", "/poll", 200, tokentest.Header("Authorization", "Bearer "+c.Token)))
				if left := time.Until(id.ExpiresAt); left != 1 {
					t.Errorf("identity expires in %v, want 1ns", left)
				}
				time.Sleep(time.Nanosecond)
			}
			c.Status("GET", path, 401)
		})
	}
}

func TestTheIdentityEndsWithItsTokenOrItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t)))).Login("1")
		expiry := func() time.Duration {
			return time.Until(tokentest.IdentityOf(t, c.Status("GET", "/me", 200)).ExpiresAt)
		}
		if got := expiry(); got != 5*time.Minute {
			t.Errorf("expires in %v, want those 5m of the token", got)
		}
		time.Sleep(3 * time.Minute)
		if got := expiry(); got != 5*time.Minute {
			t.Errorf("expires in %v after the renewal, want 5m", got)
		}
	})
}

func TestParallelRequestsPastTheThresholdGetOneToken(t *testing.T) {
	// TL-10: the second request finds the session extended, and its token is still good.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		// An interval of a second, so that it is over soon; waiting for it is no sleep.
		tokens := tokentest.New(t, s, func(c *tokentest.Config) {
			c.Policy = sliding.Policy{Idle: time.Hour, Absolute: 2 * time.Hour, Interval: 200 * time.Millisecond}
		})
		app := tokentest.App(t, tokens)
		c := tokentest.NewClient(t, app).Login("1")
		sid := tokentest.ClaimsOf(t, c.Token)["sid"].(string)
		for {
			row, _, err := s.Find(t.Context(), time.Now(), sid, backends.SecretHash{})
			if err != nil {
				t.Fatal(err)
			}
			if time.Since(row.LastSeenAt) > row.RenewalInterval {
				break
			}
		}
		var mu sync.Mutex
		var renewed []string
		var wg sync.WaitGroup
		begin := time.Now()
		for range 20 {
			wg.Go(func() {
				other := tokentest.NewClient(t, app)
				other.Token = c.Token
				w := other.Do("GET", "/me")
				if w.Code != 200 {
					t.Errorf("status %d: %s", w.Code, w.Body)
				}
				if token := w.Header().Get("Access-Token"); token != "" {
					mu.Lock()
					defer mu.Unlock()
					renewed = append(renewed, token)
				}
			})
		}
		wg.Wait()
		// One in each interval that the requests took: the machine may be slow.
		if most := 1 + int(time.Since(begin)/(200*time.Millisecond)); len(renewed) < 1 || len(renewed) > most {
			t.Errorf("%d new tokens, want one to %d", len(renewed), most)
		}
		c.Status("POST", "/logout", 200)
		for _, token := range append(renewed, c.Token) {
			c.Token = token
			c.Status("GET", "/me", 401)
		}
	})
}

func TestARenewedTokenCanBeReadByScriptsOfOtherOrigins(t *testing.T) {
	for _, row := range []struct {
		name   string
		origin string
		there  []string
		want   []string
	}{
		{"no Origin", "", nil, nil},
		{"no Origin, something exposed", "", []string{"X-A"}, []string{"X-A"}},
		{"an Origin", "https://app.example", nil, []string{"Access-Token, Access-Token-Expires-In"}},
		{"an Origin, something exposed", "https://app.example", []string{"X-A, X-B"}, []string{"X-A, X-B", "Access-Token, Access-Token-Expires-In"}},
		{"one exposed already", "null", []string{"X-B,access-token"}, []string{"X-B,access-token", "Access-Token, Access-Token-Expires-In"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := tokentest.App(t, tokentest.New(t, storetest.Memory(t)))
				c := tokentest.NewClient(t, app).Login("1")
				time.Sleep(3 * time.Minute)
				c.App = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					for _, line := range row.there {
						w.Header().Add("Access-Control-Expose-Headers", line)
					}
					app.ServeHTTP(w, r)
				})
				w := c.Status("GET", "/me", 200, func(r *http.Request) {
					if row.origin != "" {
						r.Header.Set("Origin", row.origin)
					}
				})
				if w.Header().Get("Access-Token") == "" {
					t.Fatal("no token")
				}
				if got := w.Header().Values("Access-Control-Expose-Headers"); !slices.Equal(got, row.want) {
					t.Errorf("exposed %q, want %q", got, row.want)
				}
			})
		})
	}
}

func TestTheHeaderOfARenewedTokenHasTheConfiguredName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens := tokentest.New(t, storetest.Memory(t), func(c *tokentest.Config) { c.Header = "x-new-token" })
		c := tokentest.NewClient(t, tokentest.App(t, tokens)).Login("1")
		time.Sleep(3 * time.Minute)
		h := c.Status("GET", "/me", 200, tokentest.Header("Origin", "null")).Header()
		if h.Get("X-New-Token") == "" || h.Get("X-New-Token-Expires-In") != "300" || h.Get("Access-Token") != "" {
			t.Errorf("headers %v", h)
		}
		if got := h.Get("Access-Control-Expose-Headers"); got != "x-new-token, x-new-token-Expires-In" {
			t.Errorf("exposed %q", got)
		}
	})
}

func TestTheLastTokenEndsWithTheSession(t *testing.T) {
	// TL-2: the lifetime in the response shrinks, and is never negative.
	synctest.Test(t, func(t *testing.T) {
		tokens := tokentest.New(t, storetest.Memory(t))
		time.Sleep(300 * time.Millisecond)
		response, err := tokens.Login(httptest.NewRequest("POST", "/", nil), middleware.Login{
			Subject: "1", Policy: sliding.Policy{Idle: time.Second, Absolute: 90 * time.Second, Interval: 100 * time.Millisecond},
		})
		if err != nil {
			t.Fatal(err)
		}
		if response.ExpiresIn != 89 { // of 90 s, down to the whole second before
			t.Errorf("expires in %d, want 89", response.ExpiresIn)
		}
		c := tokentest.NewClient(t, tokentest.App(t, tokens))
		c.Token = response.AccessToken
		deadline := time.Now().Add(90 * time.Second)
		for time.Now().Before(deadline) {
			w := c.Status("GET", "/me", 200)
			if exp := tokentest.Seconds(t, tokentest.ClaimsOf(t, c.Token)["exp"]); exp > deadline.Unix() {
				t.Fatalf("exp is %d s after the deadline", exp-deadline.Unix())
			}
			if in := w.Header().Get("Access-Token-Expires-In"); in != "" && in[0] == '-' {
				t.Fatalf("expires in %s", in)
			}
			time.Sleep(500 * time.Millisecond)
		}
		c.Status("GET", "/me", 401)
	})
}
