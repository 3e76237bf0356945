package foreign_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth/foreign"
)

// atOnce runs f n times in parallel, and waits.
func atOnce(n int, f func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { f(i) })
	}
	all.Wait()
}

// held answers no request for keys until it is released, and tells when the first has come.
func (p *idp) held() (arrived <-chan struct{}, release func()) {
	come, gate := make(chan struct{}), make(chan struct{})
	var once sync.Once
	p.answer(func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(come) })
		<-gate
		p.up()
		p.mu.Lock()
		p.fetches-- // it is counted again
		p.mu.Unlock()
		p.ServeHTTP(w, r)
	})
	return come, sync.OnceFunc(func() { close(gate) })
}

func TestKeysAreFetchedWithTheFirstTokenAndOnce(t *testing.T) {
	p := newIDP(t, foreignEC())
	h := guarded(t, p.issuers(t))
	p.wantFetches(t, 0)
	arrived, release := p.held()
	defer release()
	go func() { <-arrived; release() }()
	token := p.token(foreignEC())
	atOnce(100, func(int) {
		if w := send(h, token); w.Code != 200 {
			t.Errorf("status %d, want 200", w.Code)
		}
	})
	p.wantFetches(t, 1)
}

func TestAFetchOutlivesTheRequestThatCausedIt(t *testing.T) {
	p := newIDP(t, foreignEC())
	h := guarded(t, p.issuers(t))
	arrived, release := p.held()
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, tokentest.Presented(p.token(foreignEC())).WithContext(ctx))
	if w.Code != 503 {
		t.Errorf("status %d of a request that was given up, want 503", w.Code)
	}
	go release()
	wantStatus(t, h, p.token(foreignEC()), 200)
	p.wantFetches(t, 1)
}

func TestAKnownKidWithABadSignatureFetchesNothing(t *testing.T) {
	// JW-4.
	p := newIDP(t, foreignEC(), foreignRSA())
	h := guarded(t, p.issuers(t))
	wantStatus(t, h, p.token(foreignEC()), 200)
	atOnce(50, func(i int) {
		for name, token := range map[string]string{
			"another key":   p.token(attackersEC()),
			"one bit":       flipped(p.token(foreignEC())),
			"no signature":  unsigned(p.token(foreignEC())),
			"another alg":   p.token(foreignRSA().named("ec")),
			"another token": unsigned(p.token(foreignEC())) + signatureOf(foreignEC().sign("{}", "{}")),
		} {
			if w := send(h, token); w.Code != 401 {
				t.Errorf("%s: status %d, want 401", name, w.Code)
			}
		}
	})
	p.wantFetches(t, 1)
}

func unsigned(token string) string    { return token[:strings.LastIndex(token, ".")+1] }
func signatureOf(token string) string { return token[strings.LastIndex(token, ".")+1:] }

// flipped has another bit in the middle of the signature.
func flipped(token string) string {
	b := []byte(token)
	if at := len(b) - 40; b[at] == 'A' {
		b[at] = 'B'
	} else {
		b[at] = 'A'
	}
	return string(b)
}

func TestAStormOfJunkKidsCausesOneFetch(t *testing.T) {
	// JW-4. Each is refused, as junk or as undecided; none waits for a fetch
	// of its own.
	p := newIDP(t, foreignEC())
	h := guarded(t, p.issuers(t))
	good := p.token(foreignEC())
	wantStatus(t, h, good, 200)
	for _, kid := range []string{"../../dev/null", "' OR 1=1 --", "ec\x00", "EC", "http://169.254.169.254/", strings.Repeat("k", 500), "{}", "é"} {
		if w := send(h, p.token(attackersEC().named(kid))); w.Code != 401 && w.Code != 503 {
			t.Errorf("%q: status %d, want 401 or 503", kid, w.Code)
		}
	}
	atOnce(200, func(i int) {
		if w := send(h, p.junk(i)); w.Code != 401 && w.Code != 503 {
			t.Errorf("junk: status %d, want 401 or 503", w.Code)
		}
		if w := send(h, good); w.Code != 200 {
			t.Errorf("a good token in the storm: status %d, want 200", w.Code)
		}
	})
	p.wantFetches(t, 1+1)
}

func TestOneJunkKidIsAskedForOnceAndRefusedFromThenOn(t *testing.T) {
	p := newIDP(t, foreignEC())
	h := guarded(t, p.issuers(t))
	wantStatus(t, h, p.token(foreignEC()), 200)
	atOnce(50, func(int) {
		if w := send(h, p.junk(0)); w.Code != 401 {
			t.Errorf("status %d, want 401", w.Code)
		}
	})
	p.wantFetches(t, 1+1)
}

func TestARotatedKeyIsFoundAtOnce(t *testing.T) {
	// JW-14.
	p := newIDP(t, foreignEC())
	h := guarded(t, p.issuers(t))
	wantStatus(t, h, p.token(foreignEC()), 200)
	for i := range 5 { // as often as the issuer likes: what was found costs nothing
		k := nextEC().named(fmt.Sprint("next ", i))
		p.publish(foreignEC(), k)
		atOnce(20, func(int) {
			if w := send(h, p.token(k)); w.Code != 200 {
				t.Errorf("rotation %d: status %d, want 200", i, w.Code)
			}
		})
		p.wantFetches(t, 1+i+1)
	}
}

func TestAStormOfJunkKidsDoesNotUseUpTheFetchOfARotation(t *testing.T) {
	// JW-4, JW-14. The storm has had its fetch. The new key gets one when its token comes again,
	// as after a 503 with Retry-After. No client is logged out.
	p := newIDP(t, foreignEC())
	h := guarded(t, p.issuers(t))
	wantStatus(t, h, p.token(foreignEC()), 200)
	for i := range 500 {
		send(h, p.junk(i))
	}
	p.wantFetches(t, 1+1)
	p.publish(foreignEC(), nextEC())
	wantUndecided(t, h, p.token(nextEC()))
	for i := range 4000 { // the storm goes on
		send(h, p.junk(1000+i))
	}
	wantStatus(t, h, p.token(nextEC()), 200)
	wantStatus(t, h, p.token(foreignEC()), 200)
	p.wantFetches(t, 1+1+1)
}

func TestAStormThatIsTooBigToRememberIsOneFetchAMinuteAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := bubbled(foreignEC())
		h := guarded(t, p.issuers(t))
		wantStatus(t, h, p.token(foreignEC()), 200)
		send(h, p.junk("first"))
		p.publish(foreignEC(), nextEC())
		for round := range 3 {
			wantUndecided(t, h, p.token(nextEC())) // it is forgotten meanwhile
			for i := range 9000 {
				send(h, p.junk(fmt.Sprint(round, i)))
			}
		}
		p.wantFetches(t, 1+1)
		time.Sleep(time.Minute)
		wantStatus(t, h, p.token(nextEC()), 200)
	})
}

func TestJunkKidsCauseOneFetchAMinute(t *testing.T) {
	for name, row := range map[string]struct {
		junk func(i int) any
		want int // in ten minutes
	}{
		"always another":       {func(i int) any { return i }, 10},
		"always the same":      {func(int) any { return 0 }, 10},
		"each twice in a row":  {func(i int) any { return i / 2 }, 10 + 1},
		"a hundred in turns":   {func(i int) any { return i % 100 }, 10 + 1},
		"each again and again": {func(i int) any { return i / 100 }, 10 + 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := bubbled(foreignEC())
				h := guarded(t, p.issuers(t))
				wantStatus(t, h, p.token(foreignEC()), 200)
				for i := range 2*60*10 - 1 {
					time.Sleep(500 * time.Millisecond)
					if w := send(h, p.junk(row.junk(i))); w.Code != 401 && w.Code != 503 {
						t.Fatalf("status %d", w.Code)
					}
				}
				if got, most := p.fetched()-1, row.want+1; got > most { // 1 for age, at five minutes
					t.Errorf("%d fetches in ten minutes, want at most %d", got, most)
				}
			})
		})
	}
}

func TestInTheWorstStormARotatedKeyIsFoundWithinAMinute(t *testing.T) {
	// An attacker who sends each junk kid twice has spent the reserve as well whenever the issuer
	// rotates its keys. No good token is refused as invalid, and after a minute at the latest all
	// are accepted.
	for offset := range 6 {
		synctest.Test(t, func(t *testing.T) {
			p := bubbled(foreignEC())
			h := guarded(t, p.issuers(t))
			wantStatus(t, h, p.token(foreignEC()), 200)
			storm := func(i int) {
				send(h, p.junk(i))
				send(h, p.junk(i))
				send(h, p.junk(fmt.Sprint(i, " alone")))
			}
			for i := range 40 + offset*10 {
				time.Sleep(time.Second)
				storm(i)
			}
			p.publish(foreignEC(), nextEC())
			rotated := time.Now()
			token := p.token(nextEC())
			for i := 1000; ; i++ {
				w := send(h, token)
				if w.Code == 200 {
					break
				}
				if w.Code != 503 || time.Since(rotated) > time.Minute {
					t.Fatalf("status %d, %v after the rotation", w.Code, time.Since(rotated))
				}
				time.Sleep(time.Second)
				storm(i)
			}
			t.Logf("found after %v", time.Since(rotated))
		})
	}
}

func TestAKeyThatIsPublishedLateIsFoundAMinuteLater(t *testing.T) {
	// The issuer signs with a key that it publishes only then: once it has said that there is
	// no such key, a minute goes by before it is asked again.
	synctest.Test(t, func(t *testing.T) {
		p := bubbled(foreignEC())
		h := guarded(t, p.issuers(t))
		wantStatus(t, h, p.token(foreignEC()), 200)
		wantStatus(t, h, p.token(nextEC()), 401)
		p.publish(foreignEC(), nextEC())
		time.Sleep(59 * time.Second)
		wantStatus(t, h, p.token(nextEC()), 401)
		time.Sleep(time.Second)
		wantStatus(t, h, p.token(nextEC()), 200)
	})
}

func TestAnIssuerThatNamesNoKeysIsVerifiedAndRotates(t *testing.T) {
	// RFC 7515, section 4.1.4: kid is optional.
	nameless := func(k *foreignKey) *foreignKey { return k.named("") }
	p := newIDP(t, nameless(foreignEC()), nameless(foreignRSA()))
	h := guarded(t, p.issuers(t))
	token := func(k *foreignKey) string {
		return k.sign(fmt.Sprintf(`{"alg":%q,"typ":"at+jwt"}`, k.alg), p.claims(""))
	}
	wantStatus(t, h, token(foreignEC()), 200)
	wantStatus(t, h, token(foreignRSA()), 200)
	wantStatus(t, h, token(attackersEC()), 401)
	p.wantFetches(t, 2)
	named := newIDP(t, foreignRSA(), nextEC(), foreignEC())
	wantStatus(t, guarded(t, named.issuers(t)), foreignEC().sign(`{"alg":"ES256","typ":"at+jwt"}`, named.claims("")), 200)

	// What was junk says nothing about the next token without a name.
	p.publish(nameless(nextEC()))
	rotated := token(nextEC())
	wantUndecided(t, h, rotated)
	wantStatus(t, h, rotated, 200)
	wantStatus(t, h, token(nextEC()), 200)
	p.wantFetches(t, 3)
	if w := send(h, token(foreignEC())); w.Code == 200 {
		t.Error("a key that was withdrawn is good")
	}
}

func TestAKeyThatTheIssuerWithdrawsIsRefusedInTenMinutes(t *testing.T) {
	// JW-14: "at once" is for keys of ours. These are as old as the last fetch.
	synctest.Test(t, func(t *testing.T) {
		p := bubbled(foreignEC(), nextEC())
		h := guarded(t, p.issuers(t))
		old, next := p.token(foreignEC()), p.token(nextEC())
		wantStatus(t, h, old, 200)
		p.publish(nextEC())

		time.Sleep(5*time.Minute - 1)
		wantStatus(t, h, old, 200)
		p.wantFetches(t, 1)

		time.Sleep(time.Nanosecond) // the next request has the keys fetched, and does not wait for it
		wantStatus(t, h, old, 200)
		synctest.Wait()
		p.wantFetches(t, 2)
		wantStatus(t, h, old, 401)
		wantStatus(t, h, next, 200)
	})
	synctest.Test(t, func(t *testing.T) {
		p := bubbled(foreignEC(), nextEC())
		h := guarded(t, p.issuers(t))
		old, next := p.token(foreignEC()), p.token(nextEC())
		wantStatus(t, h, old, 200)
		p.publish(nextEC())
		time.Sleep(10 * time.Minute) // no request, and then one with a stolen key
		_, release := p.held()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, tokentest.Presented(old).WithContext(ctx))
		if w.Code != 503 {
			t.Errorf("status %d of a request that does not wait, want 503", w.Code)
		}
		release()
		wantStatus(t, h, old, 401)
		wantStatus(t, h, next, 200)
	})
}

func TestTheLastGoodSetIsServedThroughAnOutageUntilItsMaximumAge(t *testing.T) {
	// JW-14.
	synctest.Test(t, func(t *testing.T) {
		p := bubbled(foreignEC())
		h := guarded(t, p.issuers(t, func(c *foreign.Config) { c.MaxAge = 2 * time.Hour }))
		good := func() string { return p.token(foreignEC()) }
		wantStatus(t, h, good(), 200)
		p.down()
		started := time.Now()
		for time.Since(started) < 2*time.Hour-5*time.Second {
			time.Sleep(5 * time.Second)
			wantStatus(t, h, good(), 200)
		}
		time.Sleep(5*time.Second - 1)
		wantStatus(t, h, good(), 200)
		if got, most := p.fetched(), 2*60*6; got > most {
			t.Errorf("%d fetches in two hours of outage, want at most %d: one in ten seconds", got, most)
		}
		time.Sleep(time.Nanosecond)
		wantUndecided(t, h, good())
		p.up()
		time.Sleep(10 * time.Second)
		wantStatus(t, h, good(), 200)
	})
}

func TestAnOutageDelaysNobodyWhoseKeyIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := bubbled(foreignEC())
		h := guarded(t, p.issuers(t))
		wantStatus(t, h, p.token(foreignEC()), 200)
		p.answer(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		waited := 0
		for range 60 {
			time.Sleep(time.Minute)
			before := time.Now()
			wantStatus(t, h, p.token(foreignEC()), 200)
			if d := time.Since(before); d > 5*time.Second {
				t.Fatalf("a request took %v", d)
			} else if d > 0 {
				waited++
			}
		}
		if waited > 0 {
			t.Errorf("%d requests waited for an issuer that does not answer, want none", waited)
		}
		time.Sleep(time.Minute) // until the last fetch has ended
	})
}

func TestAnOutageWithoutAUsableSetIsNoReasonToLogOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := bubbled(foreignEC())
		h := guarded(t, p.issuers(t))
		p.down()
		token := p.token(foreignEC())
		for range 100 {
			wantUndecided(t, h, token)
			wantUndecided(t, h, p.junk(0))
			time.Sleep(time.Second)
		}
		p.wantFetches(t, 10)
		p.up()
		wantStatus(t, h, token, 200) // ten seconds after the last one
	})
}

func TestAnUnknownKidInAnOutageIsUndecided(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := bubbled(foreignEC())
		h := guarded(t, p.issuers(t))
		wantStatus(t, h, p.token(foreignEC()), 200)
		p.down()
		p.publish(foreignEC(), nextEC())
		for second := range 60 {
			wantUndecided(t, h, p.token(nextEC()))
			wantStatus(t, h, p.token(foreignEC()), 200)
			switch {
			case second < 10:
				p.wantFetches(t, 1+1)
			default: // and the reserve, ten seconds later
				p.wantFetches(t, 1+2)
			}
			time.Sleep(time.Second)
		}
		p.up()
		wantStatus(t, h, p.token(nextEC()), 200)
	})
}

// broken are servers that answer something else than a JWK set.
var broken = map[string]http.HandlerFunc{
	"404":            status(404),
	"500":            status(500),
	"204":            status(204),
	"503":            status(503),
	"nothing":        status(200),
	"a page":         write(`<!doctype html><title>Down for maintenance</title>`),
	"null":           write(`null`),
	"a list":         write(`[]`),
	"no keys":        write(`{}`),
	"null keys":      write(`{"keys":null}`),
	"keys no list":   write(`{"keys":{"kid":"ec"}}`),
	"useless keys":   write(`{"keys":[null,1,"x",[],{},{"kty":"oct","k":"AAAA"},{"kty":"AKP"},{"kty":"EC","crv":"secp256k1"}]}`),
	"half an answer": write(`{"keys":[{"kty":"EC","crv":"P-256"`),
	"more than it says": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"keys":`)
	},
	"a cut connection": func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
	"no answer":        func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	"an answer that never ends": func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, " ")
			w.(http.Flusher).Flush()
			time.Sleep(time.Millisecond)
		}
	},
	"a flood": func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat(" ", 64<<10)); err != nil {
				return
			}
		}
	},
	"a compressed flood": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		for r.Context().Err() == nil {
			if _, err := io.WriteString(z, strings.Repeat(" ", 1<<20)); err != nil {
				return
			}
		}
	},
	"a flood of headers": func(w http.ResponseWriter, _ *http.Request) {
		for i := range 2000 {
			w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 1000))
		}
		_, _ = io.WriteString(w, goodSet())
	},
	"a good set in 300 KB": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, goodSet()+strings.Repeat(" ", 300<<10))
	},
	"a redirect to itself": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) },
	"a redirect to another host": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://localhost:1/jwks", http.StatusFound)
	},
}

func goodSet() string {
	text, _ := json.Marshal(map[string]any{"keys": []any{foreignEC().jwk()}})
	return string(text)
}

func write(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

func TestASetWithoutAUsableKeyWithdrawsAllKeys(t *testing.T) {
	// JW-14: it is an answer, and no outage. Ten minutes later nothing is accepted any more.
	for _, left := range [][]any{
		{},
		{map[string]any{"kty": "RSA", "use": "enc", "n": "AQAB", "e": "AQAB"}, map[string]any{"kty": "EC", "crv": "secp256k1"}},
	} {
		synctest.Test(t, func(t *testing.T) { wantWithdrawn(t, left) })
	}
}

func wantWithdrawn(t *testing.T, left []any) {
	p := bubbled(foreignEC())
	h := guarded(t, p.issuers(t))
	wantStatus(t, h, p.token(foreignEC()), 200)
	p.publishRaw(left...)
	time.Sleep(10 * time.Minute)
	before := p.fetched()
	wantStatus(t, h, p.token(foreignEC()), 401)
	for range 20 {
		if w := send(h, p.token(foreignEC())); w.Code != 401 && w.Code != 503 {
			t.Errorf("status %d, want 401, or 503 while it is not asked again", w.Code)
		}
	}
	if n := p.fetched() - before; n > 3 {
		t.Errorf("%d fetches, want at most 3", n)
	}
	p.publish(foreignEC())
	time.Sleep(10 * time.Minute)
	wantStatus(t, h, p.token(foreignEC()), 200)
}

func TestWhateverTheIssuerAnswersIsNoReasonToLogOut(t *testing.T) {
	for name, answer := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newIDP(t, foreignEC())
			// The limits of the default client hold: a shorter time is all that the test adds.
			patience := func(c *foreign.Config) {
				if name == "no answer" || name == "an answer that never ends" {
					c.HTTPClient = &http.Client{Timeout: time.Second} // much more than a good answer takes
				}
			}
			p.answer(answer)
			wantUndecided(t, guarded(t, p.issuers(t, patience)), p.token(foreignEC()))
			if got := p.fetched(); got > 4 {
				t.Errorf("%d requests, want 1 and at most 3 redirects", got)
			}

			// And where there was a set, it is the one that counts.
			p.up()
			h := guarded(t, p.issuers(t, patience))
			wantStatus(t, h, p.token(foreignEC()), 200)
			p.answer(answer)
			wantUndecided(t, h, p.token(nextEC()))
			wantStatus(t, h, p.token(foreignEC()), 200)
		})
	}
}

func TestAFetchTakesFiveSecondsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := bubbled(foreignEC())
		p.answer(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		before := time.Now()
		wantUndecided(t, guarded(t, p.issuers(t)), p.token(foreignEC()))
		if got := time.Since(before); got != 5*time.Second {
			t.Errorf("it took %v, want 5s", got)
		}
	})
}

func TestAClientThatPanicsIsAnOutage(t *testing.T) {
	// The fetch has a goroutine of its own, in which a panic would end the process.
	synctest.Test(t, func(t *testing.T) {
		p := bubbled(foreignEC())
		good, broken := p.client.Transport, true
		p.client.Transport = transport(func(r *http.Request) (*http.Response, error) {
			if broken {
				panic("no transport")
			}
			return good.RoundTrip(r)
		})
		h := guarded(t, p.issuers(t))
		wantUndecided(t, h, p.token(foreignEC()))
		broken = false
		time.Sleep(10 * time.Second)
		wantStatus(t, h, p.token(foreignEC()), 200)
	})
}

func TestTheAgeOfKeysIsTheLargerOfTwoClocks(t *testing.T) {
	// JW-14: a key that was withdrawn while the machine slept is not good afterwards.
	now := time.Now()
	for what, row := range map[string]struct {
		then, now time.Time
		want      time.Duration
	}{
		"both":                      {now, now.Add(time.Minute), time.Minute},
		"a machine that slept":      {now, wallMoved(now.Add(time.Minute), 2*time.Hour), 2*time.Hour + time.Minute},
		"a clock that was set back": {now, wallMoved(now.Add(time.Minute), -time.Hour), time.Minute},
	} {
		if got := foreign.Between(row.then, row.now); got != row.want {
			t.Errorf("%s: %v, want %v", what, got, row.want)
		}
	}
}

// wallMoved returns t, a reading of both clocks, with the wall clock moved alone: by whole
// seconds. Package time has no way to do that.
func wallMoved(t time.Time, by time.Duration) time.Time {
	// See the comment of time.Time: bit 63 says that it has both, bits 30 to 62 are seconds.
	const both, second = 1 << 63, 1 << 30
	wall := (*uint64)(unsafe.Pointer(&t))
	if *wall&both == 0 {
		panic("no reading of both clocks")
	}
	before := t
	*wall += uint64(by/time.Second) * second
	if t.Sub(before) != 0 || t.Round(0).Sub(before.Round(0)) != by {
		panic("package time has another representation")
	}
	return t
}

func TestARedirectOnTheSameHostIsFollowed(t *testing.T) {
	p := newIDP(t, foreignEC())
	p.answer(func(w http.ResponseWriter, r *http.Request) {
		p.up()
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
	})
	wantStatus(t, guarded(t, p.issuers(t)), p.token(foreignEC()), 200)
}

func TestARedirectToAnotherHostIsNotFollowed(t *testing.T) {
	// Not even if the other one has the very keys, and the client is the application's own.
	for name, client := range map[string]*http.Client{"by default": nil, "with a client": {}} {
		t.Run(name, func(t *testing.T) {
			p, other := newIDP(t), newIDP(t, foreignEC())
			p.answer(func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, other.issuer+"/jwks", http.StatusFound)
			})
			h := guarded(t, p.issuers(t, func(c *foreign.Config) { c.HTTPClient = client }))
			wantUndecided(t, h, p.token(foreignEC()))
			other.wantFetches(t, 0)
			if client != nil && client.CheckRedirect != nil {
				t.Error("the client that was given is changed")
			}
		})
	}
}

func TestDiscoveryFindsTheKeys(t *testing.T) {
	p, elsewhere := newIDP(t), newIDP(t, foreignEC())
	h := guarded(t, p.issuers(t, discovered))
	p.document["jwks_uri"] = elsewhere.issuer + "/keys" // as Google's is on another host
	wantStatus(t, h, p.token(foreignEC()), 200)
	if p.discoveries != 1 || p.fetched() != 0 || elsewhere.fetched() != 1 {
		t.Errorf("%d discoveries, %d and %d fetches, want 1, 0 and 1", p.discoveries, p.fetched(), elsewhere.fetched())
	}

	// The issuer moves its keys when it changes them.
	moved := newIDP(t, nextEC())
	p.mu.Lock()
	p.document["jwks_uri"] = moved.issuer
	p.mu.Unlock()
	wantStatus(t, h, p.token(nextEC()), 200)
}

func discovered(c *foreign.Config) { c.JWKSURL = "" }

func TestAnIssuerMayHaveAPath(t *testing.T) {
	for _, slash := range []string{"", "/"} {
		var asked string
		mux := http.NewServeMux()
		server := httptest.NewServer(mux)
		defer server.Close()
		mux.HandleFunc("/realms/a/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
			asked = r.URL.Path
			fmt.Fprintf(w, `{"issuer":%q,"jwks_uri":%q}`, server.URL+"/realms/a"+slash, server.URL+"/keys")
		})
		p := bubbled(foreignEC())
		mux.Handle("/keys", p)
		p.issuer = server.URL + "/realms/a" + slash
		p.client = nil
		wantStatus(t, guarded(t, p.issuers(t, discovered)), p.token(foreignEC()), 200)
		if asked == "" {
			t.Error("not discovered")
		}
	}
}

func TestADiscoveryThatLiesIsAnOutage(t *testing.T) {
	elsewhere := newIDP(t, foreignEC())
	for name, document := range map[string]map[string]any{
		"another issuer":         {"issuer": "https://evil.example", "jwks_uri": elsewhere.issuer},
		"a slash more":           {"issuer": "ISSUER/", "jwks_uri": elsewhere.issuer},
		"no issuer":              {"jwks_uri": elsewhere.issuer},
		"an issuer in capitals":  {"issuer": strings.ToUpper("ISSUER"), "JWKS_URI": 1},
		"no address":             {"issuer": "ISSUER"},
		"a path":                 {"issuer": "ISSUER", "jwks_uri": "/jwks"},
		"a file":                 {"issuer": "ISSUER", "jwks_uri": "file:///etc/passwd"},
		"no TLS":                 {"issuer": "ISSUER", "jwks_uri": "http://idp.example/jwks"},
		"an address with a user": {"issuer": "ISSUER", "jwks_uri": "https://a:b@idp.example/jwks"},
		"an address that is a 7": {"issuer": "ISSUER", "jwks_uri": 7},
	} {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t, foreignEC())
			if s, ok := document["issuer"].(string); ok {
				document["issuer"] = strings.Replace(s, "ISSUER", p.issuer, 1)
			}
			p.document = document
			wantUndecided(t, guarded(t, p.issuers(t, discovered)), p.token(foreignEC()))
			elsewhere.wantFetches(t, 0)
			p.wantFetches(t, 0)
		})
	}
}

func TestNothingIsFetchedFromLoopbackBecauseSomebodyWithTLSSaysSo(t *testing.T) {
	local := newIDP(t, foreignEC())
	p := &idp{}
	server := httptest.NewTLSServer(p)
	defer server.Close()
	p.issuer, p.client = server.URL, server.Client()
	p.document = map[string]any{"issuer": p.issuer, "jwks_uri": local.issuer}
	wantUndecided(t, guarded(t, p.issuers(t, discovered)), p.token(foreignEC()))
	local.wantFetches(t, 0)

	// The same over TLS is fine.
	p.publish(foreignEC())
	p.document["jwks_uri"] = p.issuer + "/jwks"
	wantStatus(t, guarded(t, p.issuers(t, discovered)), p.token(foreignEC()), 200)
}
