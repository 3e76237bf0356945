package jwtauth_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// busy renews at nearly every request.
var busy = sliding.Policy{Idle: time.Hour, Absolute: 2 * time.Hour, Interval: time.Microsecond}

func TestASessionInUseGetsNewTokensUntilTheAbsoluteDeadline(t *testing.T) {
	// TL-2, TL-3, TL-11, TL-12, promises 4 and 5. One request in a minute, for 12 hours.
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, newApp(t, newTokens(t, storetest.Memory(t)))).login("1")
		begin := time.Now()
		first := claimsOf(t, c.token)
		last, renewals := first, 0
		for time.Since(begin) < 12*time.Hour {
			before := c.token
			w := c.status("GET", "/me", 200)
			if id := identityOf(t, w); !id.AuthTime.Equal(begin) || id.SessionID != first["sid"] || len(id.AMR) != 1 || id.AMR[0] != "pwd" {
				t.Fatalf("identity %+v", id)
			}
			if c.token == before {
				if w.Header().Get("Access-Token-Expires-In") != "" {
					t.Fatal("a lifetime without a token")
				}
				time.Sleep(time.Minute)
				continue
			}
			renewals++
			now := claimsOf(t, c.token)
			for _, same := range []string{"iss", "sub", "aud", "sid", "auth_time", "client_id"} {
				if now[same] != first[same] {
					t.Fatalf("%s was %v and is %v", same, first[same], now[same])
				}
			}
			exp := seconds(t, now["exp"])
			if exp < seconds(t, last["exp"]) || exp > begin.Add(12*time.Hour).Unix() {
				t.Fatalf("exp %d after %d, the absolute deadline is %d", exp, seconds(t, last["exp"]), begin.Add(12*time.Hour).Unix())
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
		c.status("GET", "/me", 401)
		if renewals != 239 { // one in three minutes: the interval is 150 s
			t.Errorf("%d renewals, want 239", renewals)
		}
	})
}

func seconds(t *testing.T, v any) int64 {
	t.Helper()
	n, err := v.(json.Number).Int64()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestASessionThatIsNotUsedEnds(t *testing.T) {
	// TL-1, TL-8. The tokens live longer than the session may be idle, and die with it.
	for path, polled := range map[string]bool{"/me": false, "/poll": true} {
		synctest.Test(t, func(t *testing.T) {
			c := newClient(t, newApp(t, newTokens(t, storetest.Memory(t), func(c *jwtauth.Config) { c.AccessTTL = 2 * time.Hour }))).login("1")
			if polled {
				for range 29 {
					time.Sleep(time.Minute)
					if w := c.status("GET", path, 200); w.Header().Get("Access-Token") != "" {
						t.Fatal("a passive request got a token")
					}
				}
				time.Sleep(time.Minute)
			} else {
				time.Sleep(30*time.Minute - 1)
				id := identityOf(t, newClient(t, c.app).status("GET", "/poll", 200, header("Authorization", "Bearer "+c.token)))
				if left := time.Until(id.ExpiresAt); left != 1 {
					t.Errorf("identity expires in %v, want 1ns", left)
				}
				time.Sleep(time.Nanosecond)
			}
			c.status("GET", path, 401)
		})
	}
}

func TestTheIdentityEndsWithItsTokenOrItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, newApp(t, newTokens(t, storetest.Memory(t)))).login("1")
		expiry := func() time.Duration { return time.Until(identityOf(t, c.status("GET", "/me", 200)).ExpiresAt) }
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
	// TL-10: whoever comes second finds the session extended, and its token still good.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		// An interval of a second, so that it is over soon; waiting for it is no sleep.
		tokens := newTokens(t, s, func(c *jwtauth.Config) {
			c.Policy = sliding.Policy{Idle: time.Hour, Absolute: 2 * time.Hour, Interval: 200 * time.Millisecond}
		})
		app := newApp(t, tokens)
		c := newClient(t, app).login("1")
		sid := claimsOf(t, c.token)["sid"].(string)
		for {
			row, _, err := s.FindByID(t.Context(), time.Now(), sid)
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
				other := newClient(t, app)
				other.token = c.token
				w := other.do("GET", "/me")
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
		c.status("POST", "/logout", 200)
		for _, token := range append(renewed, c.token) {
			c.token = token
			c.status("GET", "/me", 401)
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
		{"one exposed already", "null", []string{"X-A", "X-B,access-token"}, []string{"X-A", "X-B,access-token", "Access-Token-Expires-In"}},
		{"both exposed already", "null", []string{"ACCESS-TOKEN-EXPIRES-IN ,  Access-Token"}, []string{"ACCESS-TOKEN-EXPIRES-IN ,  Access-Token"}},
		{"another that begins so", "null", []string{"Access-Token-Expires-Inn"}, []string{"Access-Token-Expires-Inn", "Access-Token, Access-Token-Expires-In"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := newApp(t, newTokens(t, storetest.Memory(t)))
				c := newClient(t, app).login("1")
				time.Sleep(3 * time.Minute)
				c.app = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					for _, line := range row.there {
						w.Header().Add("Access-Control-Expose-Headers", line)
					}
					app.ServeHTTP(w, r)
				})
				w := c.status("GET", "/me", 200, func(r *http.Request) {
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
		tokens := newTokens(t, storetest.Memory(t), func(c *jwtauth.Config) { c.Header = "x-new-token" })
		c := newClient(t, newApp(t, tokens)).login("1")
		time.Sleep(3 * time.Minute)
		h := c.status("GET", "/me", 200, header("Origin", "null")).Header()
		if h.Get("X-New-Token") == "" || h.Get("X-New-Token-Expires-In") != "300" || h.Get("Access-Token") != "" {
			t.Errorf("headers %v", h)
		}
		if got := h.Get("Access-Control-Expose-Headers"); got != "x-new-token, x-new-token-Expires-In" {
			t.Errorf("exposed %q", got)
		}
	})
}

func TestTheLastTokenEndsWithTheSession(t *testing.T) {
	// TL-2: the lifetime that the client is told shrinks, and is never negative.
	synctest.Test(t, func(t *testing.T) {
		tokens := newTokens(t, storetest.Memory(t))
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
		c := newClient(t, newApp(t, tokens))
		c.token = response.AccessToken
		deadline := time.Now().Add(90 * time.Second)
		for time.Now().Before(deadline) {
			w := c.status("GET", "/me", 200)
			if exp := seconds(t, claimsOf(t, c.token)["exp"]); exp > deadline.Unix() {
				t.Fatalf("exp is %d s after the deadline", exp-deadline.Unix())
			}
			if in := w.Header().Get("Access-Token-Expires-In"); in != "" && in[0] == '-' {
				t.Fatalf("expires in %s", in)
			}
			time.Sleep(500 * time.Millisecond)
		}
		c.status("GET", "/me", 401)
	})
}
