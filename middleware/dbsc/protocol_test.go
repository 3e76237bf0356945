package dbsc_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware/session"
)

// inMemory runs the test with both kinds of cookies, in a bubble of time.
func inMemory(t *testing.T, b session.Bind, test func(t *testing.T, a *app, store *memory.Store)) {
	for kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := storetest.Memory(t)
				test(t, newApp(t, s, kind, b), s)
			})
		})
	}
}

func TestABindingIsInTheIdentityAndAnEvent(t *testing.T) {
	// DB-6
	inMemory(t, offered, func(t *testing.T, a *app, _ *memory.Store) {
		d := newDevice(t, a)
		d.want(200, "POST", "/login/1")
		if got, want := d.want(200, "GET", "/me").Body.String(), `{"thumbprint":"","bound_at":"0001-01-01T00:00:00Z","proved":false}`+"\n"; got != want {
			t.Errorf("before: %s, want %s", got, want)
		}
		d.register()
		if got := a.types(); !slices.Equal(got, []string{"login", "bound"}) {
			t.Errorf("events %q, want login and bound", got)
		}
		got := d.want(200, "GET", "/me").Body.String()
		if !strings.Contains(got, `"bound_at":"2000-01-01T00:00:00Z","proved":true`) || strings.Contains(got, `"thumbprint":""`) {
			t.Errorf("after: %s, want a thumbprint, bound now, proved", got)
		}
	})
}

func TestTheInstructionsNameTheCookieAsItIsSet(t *testing.T) {
	// Without one of its attributes, every request of the browser would wait for a refresh.
	for kind, name := range map[string]string{"session cookie": "__Host-session-bound-", "token cookies": "__Host-refresh-bound-"} {
		synctest.Test(t, func(t *testing.T) {
			a := newApp(t, storetest.Memory(t), kind, offered)
			d := newDevice(t, a)
			d.want(200, "POST", "/login/1")
			w := d.want(200, "POST", "/dbsc/register", header("Secure-Session-Response", d.registration(d.offer)))
			name += "9bkkzr8qo0" // 2000-01-01T00:00:00Z in microseconds
			var got map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			delete(got, "session_identifier")
			text, _ := json.Marshal(got)
			want := `{"allowed_refresh_initiators":["*"],"credentials":[{"attributes":"Path=/; HttpOnly; Secure; SameSite=Lax","name":"` + name + `","type":"cookie"}],` +
				`"refresh_url":"/dbsc/refresh","scope":{"include_site":false,"scope_specification":[]}}`
			if string(text) != want {
				t.Errorf("%s: %s, want %s", kind, text, want)
			}
			line := w.Header().Get("Set-Cookie")
			if !strings.HasPrefix(line, name+"=") || !strings.HasSuffix(line, "; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax") {
				t.Errorf("%s: %q, want the cookie %s with these attributes for 600 seconds", kind, line, name)
			}
			if got := w.Header().Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type %q, want application/json", got)
			}
		})
	}
}

func TestRequestsThatWereOnTheirWayDuringTheRegistrationPass(t *testing.T) {
	// DB-7: for ten seconds, without a proof.
	inMemory(t, offered, func(t *testing.T, a *app, _ *memory.Store) {
		d := bound(t, a, "1").lose()
		time.Sleep(10*time.Second - 1)
		if got := d.want(200, "GET", "/me").Body.String(); !strings.Contains(got, `"proved":false`) {
			t.Errorf("%s, want not proved", got)
		}
		time.Sleep(time.Nanosecond)
		d.want(401, "GET", "/me")
	})
}

func TestABrowserThatMissedTheAnswerRegistersAgain(t *testing.T) {
	// DB-7: with the same proof, for the same cookie, and only as long as the authorization is good.
	inMemory(t, offered, func(t *testing.T, a *app, _ *memory.Store) {
		d := newDevice(t, a)
		d.want(200, "POST", "/login/1")
		proof := header("Secure-Session-Response", `"`+d.registration(d.offer)+`"`)
		d.answered(d.want(200, "POST", "/dbsc/register", proof))
		first := maps.Clone(d.jar)
		time.Sleep(time.Minute - 1)
		d.want(200, "POST", "/dbsc/register", proof)
		if !maps.Equal(d.jar, first) {
			t.Errorf("cookies %q, want the same as before", d.jar)
		}
		time.Sleep(time.Nanosecond)
		d.want(401, "POST", "/dbsc/register", proof)
		if got := a.types(); !slices.Equal(got, []string{"login", "bound"}) {
			t.Errorf("events %q, want login and bound", got)
		}
		d.refresh()
		d.want(200, "GET", "/me")
	})
}

func TestAnOfferIsGoodForAMinute(t *testing.T) {
	// DB-3
	inMemory(t, offered, func(t *testing.T, a *app, _ *memory.Store) {
		d := newDevice(t, a)
		d.want(200, "POST", "/login/1")
		time.Sleep(time.Minute)
		d.want(401, "POST", "/dbsc/register", header("Secure-Session-Response", d.registration(d.offer)))
		d.want(200, "GET", "/me")
	})
}

func TestAChallengeIsGoodForAMinute(t *testing.T) {
	// DB-4
	inMemory(t, offered, func(t *testing.T, a *app, _ *memory.Store) {
		d := bound(t, a, "1")
		challenge := d.challenge()
		time.Sleep(time.Minute - 1)
		d.send(200, d.prove(jwt.MapClaims{"jti": challenge}, false))
		challenge = d.challenge()
		time.Sleep(time.Minute)
		d.send(403, d.prove(jwt.MapClaims{"jti": challenge}, false))
	})
}

func TestTheTimeOfTheLastProofIsInTheRow(t *testing.T) {
	inMemory(t, offered, func(t *testing.T, a *app, store *memory.Store) {
		d := bound(t, a, "1")
		time.Sleep(8 * time.Minute)
		d.refresh()
		list, _, err := store.List(t.Context(), time.Now(), "1", backends.Page{})
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		b := list[0].Binding
		if got := b.ProvedAt.Sub(b.BoundAt); got != 8*time.Minute || b.Algorithm != "ES256" || !strings.HasPrefix(b.Key, `{"crv":"P-256","kty":"EC","x":"`) {
			t.Errorf("%+v, want a key for ES256 that was proved 8 minutes after it was bound", b)
		}
	})
}

func TestARefreshIsAnsweredWith200Or403Or503(t *testing.T) {
	// DB-8: browsers take anything else for the end of the binding.
	inMemory(t, offered, func(t *testing.T, a *app, store *memory.Store) {
		d := bound(t, a, "1")
		good := d.identifier
		for name, row := range map[string]struct {
			edits  []edit
			status int
		}{
			"nothing":               {nil, 200},
			"garbage":               {[]edit{header("Sec-Secure-Session-Id", "\"\x00,;=<script>")}, 200},
			"long":                  {[]edit{header("Sec-Secure-Session-Id", strings.Repeat("A", 1<<20))}, 200},
			"another character":     {[]edit{header("Sec-Secure-Session-Id", flip(good))}, 200},
			"cut":                   {[]edit{header("Sec-Secure-Session-Id", good[1:])}, 200},
			"twice":                 {[]edit{func(r *http.Request) { r.Header["Sec-Secure-Session-Id"] = []string{good, good} }}, 200},
			"bare":                  {[]edit{header("Sec-Secure-Session-Id", good)}, 403},
			"quoted":                {[]edit{header("Sec-Secure-Session-Id", `"`+good+`"`)}, 403},
			"half quoted":           {[]edit{header("Sec-Secure-Session-Id", `"`+good)}, 200},
			"proof is garbage":      {[]edit{header("Sec-Secure-Session-Id", good), header("Secure-Session-Response", "x.y.z")}, 403},
			"proof without a key":   {[]edit{header("Sec-Secure-Session-Id", good), header("Secure-Session-Response", `""`)}, 403},
			"proof of no challenge": {[]edit{header("Sec-Secure-Session-Id", good), header("Secure-Session-Response", d.prove(jwt.MapClaims{"jti": "x"}, false))}, 403},
			"proof of registration": {[]edit{header("Sec-Secure-Session-Id", good), header("Secure-Session-Response", d.registration(d.offer))}, 403},
		} {
			w := d.want(row.status, "POST", "/dbsc/refresh", row.edits...)
			body, challenge := w.Body.String(), w.Header().Get("Secure-Session-Challenge")
			if (row.status == 403) != challengeForm.MatchString(challenge) || strings.ContainsAny(body, "<\x00") {
				t.Errorf("%s: challenge %q and body %q", name, challenge, body)
			}
		}
		d.want(200, "GET", "/me")
		d.want(404, "GET", "/dbsc/refresh")
		d.want(404, "POST", "/dbsc/other")
	})
}

// flip changes the last character but one of the text.
func flip(text string) string {
	c := "A"
	if text[len(text)-2] == 'A' {
		c = "B"
	}
	return text[:len(text)-2] + c + text[len(text)-1:]
}

// A failing store fails as long as fail is not nil.
type failing struct {
	*memory.Store
	fail map[string]bool
}

func (f *failing) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	if f.fail["Find"] {
		return backends.Session{}, backends.User{}, errDown
	}
	return f.Store.Find(ctx, now, id, h)
}

func (f *failing) Claim(ctx context.Context, now time.Time, name backends.NameHash, until time.Time) (bool, error) {
	if f.fail["Claim"] {
		return false, errDown
	}
	return f.Store.Claim(ctx, now, name, until)
}

func (f *failing) Proved(ctx context.Context, now time.Time, id, thumbprint string) error {
	if f.fail["Proved"] {
		return errDown
	}
	return f.Store.Proved(ctx, now, id, thumbprint)
}

func (f *failing) Bind(ctx context.Context, now time.Time, id string, b backends.Binding) (bool, error) {
	if f.fail["Bind"] {
		return false, errDown
	}
	return f.Store.Bind(ctx, now, id, b)
}

var errDown = errors.New("down")

func TestAnOutageEndsNoBinding(t *testing.T) {
	// DB-8
	for kind := range kinds {
		store := &failing{storetest.Memory(t), map[string]bool{}}
		a := newApp(t, store, kind, offered)
		d := bound(t, a, "1")
		for _, method := range []string{"Find", "Claim", "Proved"} {
			challenge := d.challenge()
			store.fail[method] = true
			w := d.send(503, d.prove(jwt.MapClaims{"jti": challenge}, false))
			if w.Header().Get("Retry-After") == "" || w.Header().Get("Set-Cookie") != "" {
				t.Errorf("%s fails: header %v, want Retry-After and no cookie", method, w.Header())
			}
			clear(store.fail)
			d.refresh()
		}
		d.want(200, "POST", "/login/1")
		store.fail["Bind"] = true
		d.want(503, "POST", "/dbsc/register", header("Secure-Session-Response", d.registration(d.offer)))
		clear(store.fail)
		d.want(200, "GET", "/me")
		store.fail["Find"] = true
		d.want(503, "POST", "/logout")
		clear(store.fail)
		d.register()
		d.want(200, "GET", "/me")
	}
}

func TestARefreshOfASessionThatHasEndedEndsTheBinding(t *testing.T) {
	// DB-8: the browser would ask for ever.
	each(t, func(t *testing.T, a *app, store storetest.Store, _ string) {
		d := bound(t, a, "1")
		if _, err := store.RevokeUser(t.Context(), time.Now(), "1", "", backends.ReasonRevoked); err != nil {
			t.Fatal(err)
		}
		w := d.want(200, "POST", "/dbsc/refresh", header("Sec-Secure-Session-Id", d.identifier))
		if want := `{"session_identifier":"` + d.identifier + `","continue":false}`; w.Body.String() != want || w.Header().Get("Set-Cookie") != "" {
			t.Errorf("%s, %q; want %s and no cookie", w.Body, w.Header().Get("Set-Cookie"), want)
		}
	})
}

func TestASessionThatIsNotBoundCanLiveShorter(t *testing.T) {
	// DB-9
	inMemory(t, session.Bind{Path: "/dbsc/", Unbound: 20 * time.Minute}, func(t *testing.T, a *app, _ *memory.Store) {
		plain, d := newDevice(t, a), bound(t, a, "1")
		plain.want(200, "POST", "/login/1")
		time.Sleep(20*time.Minute - 1)
		plain.want(200, "GET", "/me")
		time.Sleep(time.Nanosecond)
		plain.wantProblem(plain.want(401, "GET", "/me"), "session-expired")
		d.lose().refresh()
		d.want(200, "GET", "/me")
		plain.want(200, "POST", "/logout") // DB-9: it is still theirs to end
	})
}

func TestABrowserThatCannotBindNoticesNothing(t *testing.T) {
	// DB-9
	each(t, func(t *testing.T, a *app, _ storetest.Store, _ string) {
		d := newDevice(t, a)
		d.want(200, "POST", "/login/1")
		a.cookies.Bound().Shorten(time.Nanosecond, 0)
		d.want(200, "GET", "/me")
		d.want(200, "POST", "/again/1")
		d.want(200, "GET", "/me")
		d.want(200, "POST", "/login/2")
		d.want(200, "POST", "/logout")
		if len(d.jar) != 0 {
			t.Errorf("cookies %q after the logout, want none", d.jar)
		}
	})
}

func TestALateRefreshOfAFormerSessionIsInNothingsWay(t *testing.T) {
	// DB-5: logging in as somebody else while a refresh is under way, whose answer comes last.
	each(t, func(t *testing.T, a *app, _ storetest.Store, _ string) {
		d := bound(t, a, "1")
		late := d.thief()
		late.key, late.identifier = d.key, d.identifier
		late.refresh()
		d.login("2")
		maps.Copy(d.jar, map[string]string{late.boundCookies()[0]: late.jar[late.boundCookies()[0]]})
		if got := d.want(200, "GET", "/me").Body.String(); !strings.Contains(got, `"proved":true`) {
			t.Errorf("%s, want proved", got)
		}
	})
}
