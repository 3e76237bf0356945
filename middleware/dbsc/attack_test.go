package dbsc_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware/session"
)

func TestACopiedJarOpensNothingOnceTheBoundCookieIsOver(t *testing.T) {
	// DB-1: after its life and a twentieth, to the nanosecond.
	for kind := range kinds {
		for name, store := range map[string]func(t *testing.T) storetest.Store{
			"memory":         func(t *testing.T) storetest.Store { return storetest.Memory(t) },
			"memory, cached": func(t *testing.T) storetest.Store { return storetest.Cached(t, storetest.Memory(t)) },
		} {
			t.Run(kind+", "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a := newApp(t, store(t), kind, offered)
					d := bound(t, a, "1")
					thief := d.thief()
					bound := time.Now()
					thief.want(200, "GET", "/me")
					time.Sleep(10*time.Minute + 30*time.Second - time.Since(bound) - 1)
					thief.want(200, "GET", "/me")
					a.types()
					time.Sleep(time.Nanosecond)
					thief.wantProblem(thief.want(401, "GET", "/me"), "proof-required")
					thief.want(401, "POST", "/again/1")
					thief.want(401, "GET", "/me", header("Secure-Session-Skipped", "server_error"))
					if got := a.types(); len(got) != 3 || slices.ContainsFunc(got, func(e string) bool { return e != "unproved proof_required" }) {
						t.Errorf("events %q, want three of unproved", got)
					}
					d.lose().refresh()
					d.want(200, "GET", "/me")
					thief.want(401, "GET", "/me")
				})
			})
		}
	}
}

func TestACopiedJarOpensNothingOnceTheBoundCookieIsOverOnEveryStore(t *testing.T) {
	// DB-1: the binding is in the row, and in what is cached of it.
	each(t, func(t *testing.T, a *app, _ storetest.Store, _ string) {
		d := bound(t, a, "1")
		thief := d.thief()
		thief.want(200, "GET", "/me")
		thief.want(200, "GET", "/me")
		a.cookies.Bound().Shorten(time.Nanosecond, 0)
		a.types()
		thief.wantProblem(thief.want(401, "GET", "/me"), "proof-required")
		thief.want(401, "GET", "/me", header("Secure-Session-Skipped", `quota_exceeded;session_identifier="`+d.identifier+`"`))
		if got := a.types(); !slices.Equal(got, []string{"unproved proof_required", "unproved proof_required"}) {
			t.Errorf("events %q, want two of unproved", got)
		}
		a.cookies.Bound().Shorten(10*time.Minute, 0)
		d.lose().refresh()
		d.want(200, "GET", "/me") // DB-2: the session was not ended
	})
}

func TestAPlantedCopyOfAnOlderBoundCookieShutsNobodyOut(t *testing.T) {
	// CK-12: in either order.
	for kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newApp(t, storetest.Memory(t), kind, offered)
				d := bound(t, a, "1")
				name := d.boundCookies()[0]
				older := &http.Cookie{Name: name, Value: d.jar[name]}
				time.Sleep(11 * time.Minute)
				d.refresh()
				newer := &http.Cookie{Name: name, Value: d.jar[name]}
				delete(d.jar, name)
				junk := &http.Cookie{Name: name, Value: strings.Repeat("A", len(older.Value))}
				for _, row := range []struct {
					status  int
					cookies []*http.Cookie
				}{
					{200, []*http.Cookie{older, newer}},
					{200, []*http.Cookie{newer, older}},
					{200, append(slices.Repeat([]*http.Cookie{junk}, 100), newer)},
					{401, []*http.Cookie{older}},
				} {
					d.want(row.status, "GET", "/me", func(r *http.Request) {
						for _, c := range row.cookies {
							r.AddCookie(c)
						}
					})
				}
			})
		})
	}
}

func TestTheCookieOfASessionAloneNeitherBindsNorLogsOut(t *testing.T) {
	// DB-2, DB-3
	each(t, func(t *testing.T, a *app, store storetest.Store, kind string) {
		a.cookies.Bound().Shorten(time.Nanosecond, 0) // so that there is no grace
		d := bound(t, a, "1")
		offer := d.offer
		thief := d.thief().lose()
		a.types()

		thief.want(401, "GET", "/me")
		thief.want(401, "POST", "/again/1")
		thief.wantProblem(thief.want(401, "POST", "/logout"), "proof-required")
		if len(thief.jar) == 0 {
			t.Error("the cookie is gone, and the session lives")
		}
		thief.want(400, "POST", "/dbsc/register")
		thief.want(400, "POST", "/dbsc/register", header("Secure-Session-Response", "x"))
		thief.want(401, "POST", "/dbsc/register", header("Secure-Session-Response", thief.prove(jwt.MapClaims{"jti": "x", "authorization": "x"}, true)))

		// The thief has a login of their own, and tries what came with it.
		own := newDevice(t, a)
		own.want(200, "POST", "/login/2")
		ownOffer := own.offer
		mixed := offerForm.FindStringSubmatch(ownOffer)
		victim := offerForm.FindStringSubmatch(offer)
		thief.want(401, "POST", "/dbsc/register", header("Secure-Session-Response", thief.prove(jwt.MapClaims{"jti": victim[1], "authorization": mixed[2]}, true)))
		thief.want(401, "POST", "/dbsc/register", header("Secure-Session-Response", thief.prove(jwt.MapClaims{"jti": mixed[1], "authorization": victim[2]}, true)))
		a.types()

		// Even with the response of the owner's login: the session is bound already.
		thief.want(403, "POST", "/dbsc/register", header("Secure-Session-Response", thief.registration(offer)))
		if got := a.types(); !slices.Equal(got, []string{"bind_refused forbidden"}) {
			t.Errorf("events %q, want one of bind_refused", got)
		}

		// Logging in as another user with the stolen cookie ends what the browser had: not here.
		thief.want(200, "POST", "/login/2")
		a.cookies.Bound().Shorten(10*time.Minute, 0)
		d.lose().refresh()
		d.want(200, "GET", "/me")
		d.want(200, "POST", "/logout")
		d.want(401, "GET", "/me")
		if left := d.boundCookies(); left != nil {
			t.Errorf("%q is left after the logout", left)
		}
	})
}

func TestAuthenticatingAgainBindsAnew(t *testing.T) {
	// DB-3, and with another key, as after the loss of the first.
	each(t, func(t *testing.T, a *app, _ storetest.Store, _ string) {
		d := bound(t, a, "1")
		former := *d
		d.want(200, "POST", "/again/1")
		d.want(200, "GET", "/me") // not bound yet
		d.key = newDevice(t, a).key
		d.want(401, "POST", "/dbsc/register", header("Secure-Session-Response", d.registration(former.offer)))
		d.register()
		a.cookies.Bound().Shorten(time.Nanosecond, 0)
		d.want(401, "GET", "/me")
		a.cookies.Bound().Shorten(10*time.Minute, 0)
		d.lose().refresh()
		d.want(200, "GET", "/me")

		// The former key, and the former identifier, are over.
		former.jar = map[string]string{}
		w := former.want(200, "POST", "/dbsc/refresh", header("Sec-Secure-Session-Id", former.identifier))
		if want := `{"session_identifier":"` + former.identifier + `","continue":false}`; w.Body.String() != want {
			t.Errorf("%s, want %s", w.Body, want)
		}
		former.identifier = d.identifier
		a.types()
		former.send(403, former.prove(jwt.MapClaims{"jti": former.challenge()}, false))
		if got := a.types(); !slices.Equal(got, []string{"unproved invalid_proof"}) || len(former.jar) > 0 {
			t.Errorf("events %q and cookies %q, want one of unproved and none", got, former.jar)
		}
	})
}

func TestAProofIsGoodOnce(t *testing.T) {
	// DB-4: in any process. A replay is no crime: browsers send the same proof again when the
	// connection breaks.
	each(t, func(t *testing.T, a *app, store storetest.Store, kind string) {
		other := newApp(t, store, kind, offered)
		d := bound(t, a, "1")
		proof := d.prove(jwt.MapClaims{"jti": d.challenge()}, false)
		d.send(200, proof)
		thief := d.thief().lose()
		thief.identifier = d.identifier
		a.types()
		for _, process := range []*app{a, other} {
			thief.app = process
			next := thief.challengeIn(thief.send(403, proof))
			thief.send(403, proof)
			if names := thief.boundCookies(); names != nil {
				t.Errorf("the replay brings %q", names)
			}
			if got := a.types(); got != nil {
				t.Errorf("events %q, want none", got)
			}
			d.app = process
			d.send(200, d.prove(jwt.MapClaims{"jti": next}, false))
		}
	})
}

func TestSimultaneousProofsOfOneChallengeAreGoodOnce(t *testing.T) {
	// DB-4
	each(t, func(t *testing.T, a *app, _ storetest.Store, _ string) {
		d := bound(t, a, "1")
		proof := d.prove(jwt.MapClaims{"jti": d.challenge()}, false)
		statuses := make(chan int)
		for range 12 {
			c := d.thief()
			go func() {
				w := c.do("POST", "/dbsc/refresh", header("Sec-Secure-Session-Id", d.identifier), header("Secure-Session-Response", proof))
				statuses <- w.Code
			}()
		}
		counts := map[int]int{}
		for range 12 {
			counts[<-statuses]++
		}
		if counts[200] != 1 || counts[403] != 11 {
			t.Errorf("%v, want 200 once and 403 else", counts)
		}
	})
}

func TestAProofForAnotherSessionIsRefused(t *testing.T) {
	// DB-4: another key, another challenge, another identifier, another user's and one's own.
	each(t, func(t *testing.T, a *app, _ storetest.Store, _ string) {
		ann, root, phone := bound(t, a, "1"), bound(t, a, "2"), bound(t, a, "1")
		for name, other := range map[string]*device{"another user": root, "another device": phone} {
			forged := *other
			forged.jar, forged.identifier = map[string]string{}, ann.identifier
			forged.send(403, forged.prove(jwt.MapClaims{"jti": ann.challenge()}, false))
			forged.send(403, forged.prove(jwt.MapClaims{"jti": ann.challenge()}, true)) // which brings its key
			forged.send(403, ann.prove(jwt.MapClaims{"jti": other.challenge()}, false))
			forged.send(403, other.prove(jwt.MapClaims{"jti": other.challenge()}, false))
			if len(forged.jar) > 0 {
				t.Errorf("%s: cookies %q, want none", name, forged.jar)
			}
			// Nor is the bound cookie of one good for the other.
			mixed := ann.thief().lose()
			for _, name := range other.boundCookies() {
				mixed.jar[ann.boundCookies()[0]] = other.jar[name]
				mixed.jar[name] = other.jar[name]
			}
			if w := mixed.do("GET", "/me"); w.Code == 200 && strings.Contains(w.Body.String(), `"proved":true`) {
				t.Errorf("%s: the bound cookie opens ann's session: %s", name, w.Body)
			}
		}
		ann.refresh()
		ann.want(200, "GET", "/me")
	})
}

func TestTheBoundCookieOpensNothingByItself(t *testing.T) {
	// DB-5: a refresh that was under way during a logout sets it again.
	each(t, func(t *testing.T, a *app, _ storetest.Store, _ string) {
		d := bound(t, a, "1")
		alone := d.thief()
		for name := range alone.jar {
			if !slices.Contains(d.boundCookies(), name) {
				delete(alone.jar, name)
			}
		}
		if len(alone.jar) != 1 {
			t.Fatalf("cookies %q, want one", alone.jar)
		}
		alone.wantProblem(alone.want(401, "GET", "/me"), "no-credentials")
		alone.want(200, "POST", "/logout")
		d.want(200, "GET", "/me")
	})
}

func TestASessionBoundBeforeIsRefusedWhenNothingIsBoundAnyMore(t *testing.T) {
	// DB-1: Bind without a Path.
	each(t, func(t *testing.T, a *app, store storetest.Store, kind string) {
		d := bound(t, a, "1")
		d.app = newApp(t, store, kind, session.Bind{})
		d.want(401, "GET", "/me")
		d.want(200, "POST", "/login/1")
		d.want(200, "GET", "/me")
	})
}
