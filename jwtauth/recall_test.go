package jwtauth_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// wantRemembered asks for a page until the answer comes from what is remembered.
func wantRemembered(t testing.TB, m *storetest.Memo, ask func() *httptest.ResponseRecorder) {
	t.Helper()
	before := m.Asked.Load()
	for range 4 {
		wantOK(t, ask())
	}
	if got := m.Asked.Load() - before; got > 2 {
		t.Fatalf("four requests asked the store %d times, want twice at the most", got)
	}
}

// poll asks with the token for a page that is no activity.
func poll(t testing.TB, app http.Handler, token string) func() *httptest.ResponseRecorder {
	return func() *httptest.ResponseRecorder { return (&client{t, app, token}).do("GET", "/poll") }
}

func TestARememberedTokenIsRefusedAtOnceWhenItsSessionEnds(t *testing.T) {
	// Promises 8 and 18, LO-1, LO-2, LO-3, LO-4, RT-2: in the process that ends it, for a token
	// in the header, in a cookie, and in a WebSocket handshake.
	now := time.Now
	for _, row := range []struct {
		name, problem string
		end           func(t *testing.T, d *device, s storetest.Store, id string) error
	}{
		{"logout", "session-revoked", func(_ *testing.T, d *device, _ storetest.Store, _ string) error {
			d.status("POST", "/logout", 200)
			return nil
		}},
		{"revoked by a refresh token", "session-revoked", func(_ *testing.T, d *device, _ storetest.Store, _ string) error {
			wantOK(d.t, d.post("/revoke", "token", d.refresh))
			return nil
		}},
		{"revoked", "session-revoked", func(t *testing.T, _ *device, s storetest.Store, id string) error {
			_, err := s.Revoke(t.Context(), now(), id, backends.ReasonRevoked)
			return err
		}},
		{"all of the user's", "session-revoked", func(t *testing.T, _ *device, s storetest.Store, _ string) error {
			_, err := s.RevokeUser(t.Context(), now(), "1", "", backends.ReasonRevoked)
			return err
		}},
		{"everybody's", "session-revoked", func(t *testing.T, _ *device, s storetest.Store, _ string) error {
			_, err := s.RevokeAll(t.Context(), now(), backends.ReasonRevoked)
			return err
		}},
		{"superseded", "session-superseded", func(t *testing.T, _ *device, s storetest.Store, _ string) error {
			_, err := login(t, newTokens(t, s, within(backends.Limit{Total: 1})), "1")
			return err
		}},
		{"stolen", "session-stolen", func(_ *testing.T, d *device, s storetest.Store, _ string) error {
			former := d.token
			_, old := d.next()
			d.next()
			wantRemembered(d.t, s.(*storetest.Memo), poll(d.t, d.app, former))
			d.wantNoGrant(old)
			return nil
		}},
		{"authenticated again", "invalid-credentials", func(_ *testing.T, d *device, _ storetest.Store, _ string) error {
			former := d.token
			d.prove()
			d.status("GET", "/me", 200)
			d.token = former
			return nil
		}},
		{"password changed", "session-revoked", func(t *testing.T, _ *device, s storetest.Store, _ string) error {
			_, err := s.SetPassword(t.Context(), now(), "1", 0, "$argon2id$x", "")
			return err
		}},
		{"user disabled", "session-revoked", func(t *testing.T, _ *device, s storetest.Store, _ string) error {
			return s.SetDisabled(t.Context(), now(), "1", true)
		}},
		{"user deleted", "session-revoked", func(t *testing.T, _ *device, s storetest.Store, _ string) error {
			return s.DeleteUser(t.Context(), now(), "1")
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
				m := &storetest.Memo{Store: s}
				tokens := newTokens(t, m, withRefresh)
				app := provingApp(t, tokens)
				pages := newCookieApp(t, newCookies(t, tokens))
				d := deviceAgo(t, m, app, 10*time.Minute)
				bystander := newDevice(t, app, "2")
				token := d.token
				asks := map[string]func() *httptest.ResponseRecorder{
					"header": poll(t, app, token),
					"cookie": func() *httptest.ResponseRecorder {
						return newBrowser(t, pages).do("GET", "/optional", cookieHeader("__Host-access="+token))
					},
					"WebSocket": func() *httptest.ResponseRecorder {
						return newClient(t, guarded(t, tokens.WebSocket())).do("GET", "/", header("Upgrade", "websocket"), header("Sec-WebSocket-Protocol", "inga.bearer, "+token))
					},
				}
				for _, ask := range asks {
					wantRemembered(t, m, ask)
				}
				wantRemembered(t, m, poll(t, app, bystander.token))
				if err := row.end(t, d, m, sid(t, token)); err != nil {
					t.Fatal(err)
				}
				for name, ask := range asks {
					for range 2 {
						w := ask()
						if w.Code != 401 {
							t.Errorf("%s: status %d, want 401", name, w.Code)
							continue
						}
						wantProblem(t, w, 401, row.problem)
					}
				}
				if row.name != "everybody's" {
					wantRemembered(t, m, poll(t, app, bystander.token))
				}
			})
		})
	}
}

func TestAChangedRoleIsSeenThroughARememberedToken(t *testing.T) {
	// Promise 8, AZ-2.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		m := &storetest.Memo{Store: s}
		c := newClient(t, newApp(t, newTokens(t, m))).login("2")
		wantRemembered(t, m, poll(t, c.app, c.token))
		c.status("GET", "/admin", 200)
		if err := m.SetRoles(t.Context(), "2", []string{"user"}); err != nil {
			t.Fatal(err)
		}
		wantProblem(t, c.do("GET", "/admin"), 403, "forbidden")
		wantRemembered(t, m, poll(t, c.app, c.token))
		wantProblem(t, c.do("GET", "/admin"), 403, "forbidden")
		if err := m.SetRoles(t.Context(), "2", []string{"admin"}); err != nil {
			t.Fatal(err)
		}
		c.status("GET", "/admin", 200)
	})
}

func TestARememberedTokenExpiresLikeAnyOther(t *testing.T) {
	// JW-5, promise 14: exp and the leeway, which is for clocks that differ; and as what it is
	// remembered by does not prolong it.
	for name, row := range map[string]struct {
		edit func(*jwtauth.Config)
		life time.Duration
	}{
		"by default":           {func(*jwtauth.Config) {}, 5*time.Minute + 30*time.Second},
		"a leeway of a second": {func(c *jwtauth.Config) { c.Leeway = time.Second }, 5*time.Minute + time.Second},
		"a life of a minute":   {func(c *jwtauth.Config) { c.AccessTTL = time.Minute }, 90 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // which begins with a whole second
				m := &storetest.Memo{Store: storetest.Cached(t, storetest.Memory(t))}
				c := newClient(t, newApp(t, newTokens(t, m, row.edit))).login("1")
				ask := poll(t, c.app, c.token)
				wantRemembered(t, m, ask)
				time.Sleep(row.life - 1)
				wantRemembered(t, m, ask)
				time.Sleep(time.Nanosecond)
				for range 2 {
					wantProblem(t, ask(), 401, "invalid-credentials")
				}
			})
		})
	}
}

func TestARememberedTokenDiesWithTheDeadlinesOfItsSession(t *testing.T) {
	// TL-1, TL-2, TL-5, promise 4: whatever its exp, and without a leeway.
	synctest.Test(t, func(t *testing.T) {
		m := &storetest.Memo{Store: storetest.Cached(t, storetest.Memory(t))}
		app := newApp(t, newTokens(t, m, func(c *jwtauth.Config) {
			c.AccessTTL = 24 * time.Hour
			c.Policy = sliding.Policy{Idle: 30 * time.Minute, Absolute: 2 * time.Hour}
		}))
		idle, used := newClient(t, app).login("1"), newClient(t, app).login("1")
		first := used.token
		wantRemembered(t, m, poll(t, app, idle.token))
		wantRemembered(t, m, poll(t, app, first))
		time.Sleep(30*time.Minute - time.Microsecond)
		wantOK(t, poll(t, app, idle.token)())
		used.status("GET", "/me", 200)
		time.Sleep(time.Microsecond)
		wantProblem(t, poll(t, app, idle.token)(), 401, "session-expired")
		for range 3 {
			wantRemembered(t, m, poll(t, app, first))
			used.status("GET", "/me", 200)
			time.Sleep(29 * time.Minute)
		}
		used.status("GET", "/me", 200)
		time.Sleep(3*time.Minute - time.Microsecond)
		wantOK(t, poll(t, app, first)())
		time.Sleep(time.Microsecond)
		wantProblem(t, poll(t, app, first)(), 401, "session-expired")
		wantProblem(t, used.do("GET", "/me"), 401, "session-expired")
	})
}

func TestOneThatSharesTheStoreNeverAcceptsWhatAnotherRemembers(t *testing.T) {
	// JW-2, JW-6, JW-7: the keys, the issuer and the audience belong to the credential.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		m := &storetest.Memo{Store: s}
		others := map[string]func(*jwtauth.Config){
			"another audience":                   func(c *jwtauth.Config) { c.Audience = "https://other.example" },
			"another issuer":                     func(c *jwtauth.Config) { c.Issuer = "https://other.example" },
			"other keys":                         withKeys(must(t)(jwtauth.ES256(ecKey()))),
			"the same secret under another name": withKeys(named(t, hs256(t), "k2")),
		}
		mine := newClient(t, newApp(t, newTokens(t, m))).login("1")
		wantRemembered(t, m, poll(t, mine.app, mine.token))
		for name, edit := range others {
			other := newClient(t, newApp(t, newTokens(t, m, edit))).login("1")
			wantRemembered(t, m, poll(t, other.app, other.token))
			for range 2 {
				if w := poll(t, other.app, mine.token)(); w.Code != 401 {
					t.Errorf("%s: status %d, want 401", name, w.Code)
				}
				if w := poll(t, mine.app, other.token)(); w.Code != 401 {
					t.Errorf("%s, the other way: status %d, want 401", name, w.Code)
				}
			}
			wantRemembered(t, m, poll(t, other.app, other.token))
			wantRemembered(t, m, poll(t, mine.app, mine.token))
		}
		// One that is like the first accepts what it does, as without a cache.
		wantOK(t, poll(t, newApp(t, newTokens(t, m)), mine.token)())
	})
}

func TestARespelledTokenIsNotTakenForTheRememberedOne(t *testing.T) {
	// JW-12, promise 14: another text is another token, and is refused as without a cache.
	for alg, key := range keys(t) {
		t.Run(alg, func(t *testing.T) {
			storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
				m := &storetest.Memo{Store: s}
				c := newClient(t, newApp(t, newTokens(t, m, withKeys(key)))).login("1")
				good := c.token
				wantRemembered(t, m, poll(t, c.app, good))
				parts := strings.Split(good, ".")
				last := good[len(good)-1]
				for name, spelling := range map[string]string{
					"padded":                  good + "=",
					"padded twice":            good + "==",
					"padded inside":           parts[0] + "=." + parts[1] + "." + parts[2],
					"another last character":  good[:len(good)-1] + string(alphabet[strings.IndexByte(alphabet, last)^1]),
					"a line break inside":     good[:len(good)-10] + "\n" + good[len(good)-10:],
					"a line break at the end": good + "\n",
					"a carriage return":       good + "\r",
					"a dot more":              good + ".",
					"a space inside":          parts[0] + ". " + parts[1] + "." + parts[2],
					"two tokens":              good + " " + good,
					"a comma":                 good + "," + good,
					"another case":            strings.ToUpper(good[:1]) + good[1:],
					"cut":                     good[:len(good)-1],
					"without its signature":   parts[0] + "." + parts[1] + ".",
					"the claims, respelled":   parts[0] + "." + parts[1] + "A." + parts[2],
					"of the other alphabet":   strings.NewReplacer("-", "+", "_", "/").Replace(good) + "+",
					"64 KiB":                  good + strings.Repeat("A", 64<<10),
					"nothing":                 "",
				} {
					if spelling == good {
						continue // there is no such spelling of this one
					}
					for range 2 {
						if w := poll(t, c.app, spelling)(); w.Code != 401 && w.Code != 400 || spelling == "" && w.Code != 401 {
							t.Errorf("%s: status %d, want 401 or 400", name, w.Code)
						}
					}
				}
				wantRemembered(t, m, poll(t, c.app, good))
			})
		})
	}
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func TestTwoRememberedTokensInOneRequestAreRefusedStill(t *testing.T) {
	// ER-2, RFC 6750 section 3.1; CK-12 for those in cookies.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		m := &storetest.Memo{Store: s}
		tokens := newTokens(t, m, withRefresh)
		app, pages := newApp(t, tokens), newCookieApp(t, newCookies(t, tokens))
		ann, root := newClient(t, app).login("1"), newClient(t, app).login("2")
		wantRemembered(t, m, poll(t, app, ann.token))
		wantRemembered(t, m, poll(t, app, root.token))
		for range 3 {
			w := ann.do("GET", "/poll", func(r *http.Request) { r.Header.Add("Authorization", "Bearer "+root.token) })
			wantProblem(t, w, 400, "malformed-request")
			w = ann.do("GET", "/poll", func(r *http.Request) { r.Header.Add("Authorization", "Bearer "+ann.token) })
			wantProblem(t, w, 400, "malformed-request")
			for _, cookies := range []string{"__Host-access=" + ann.token + "; __Host-access=" + root.token, "__Host-access=" + root.token + "; __Host-access=" + ann.token} {
				wantProblem(t, newBrowser(t, pages).do("GET", "/me", cookieHeader(cookies)), 401, "no-credentials")
			}
			wantOK(t, newBrowser(t, pages).do("GET", "/me", cookieHeader("__Host-access="+ann.token+"; __Host-access="+ann.token)))
		}
	})
}

func TestACrossOriginWriteWithARememberedTokenCookieIsRefused(t *testing.T) {
	// CS-1, CS-2, CS-3, CS-8: what is remembered is the token, and not how it may come.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		m := &storetest.Memo{Store: s}
		tokens := newTokens(t, m, withRefresh)
		b := newBrowser(t, newCookieApp(t, newCookies(t, tokens)))
		b.login("1")
		wantRemembered(t, m, func() *httptest.ResponseRecorder { return b.do("GET", "/me") })
		token := b.jar["__Host-access"]
		for range 2 {
			for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
				wantProblem(t, b.do(method, "/me", origin("cross-site", "https://evil.example")), 403, "cross-origin")
				wantProblem(t, b.do(method, "/me", origin("", "null")), 403, "cross-origin")
				b.status(method, "/me", 200, origin("same-origin", "https://app.example"))
				wantOK(t, (&client{t, newApp(t, tokens), token}).do(method, "/me", origin("cross-site", "https://evil.example")))
			}
			wantProblem(t, b.do("GET", "/me", header("Upgrade", "websocket"), origin("", "https://evil.example")), 403, "cross-origin")
		}
	})
}

func TestWhatAHandlerChangesInItsIdentityIsNotSeenByTheNextRequest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := newTokens(t, s, withRoles)
		login := middleware.Login{Subject: "2", AMR: []string{"pwd", "otp"}}
		resp, err := tokens.Login(httptest.NewRequest("POST", "/", nil), login)
		if err != nil {
			t.Fatal(err)
		}
		login.AMR[0], resp.Session.AMR[0] = "login", "login"
		guard, err := middleware.New(middleware.Config{Authenticator: tokens})
		if err != nil {
			t.Fatal(err)
		}
		type claims struct{ Roles []string }
		n := 0
		h := guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			n++
			id, _ := middleware.FromContext(r.Context())
			var c claims
			if err := id.DecodeClaims(&c); err != nil {
				t.Error(err)
			}
			if id.Subject != "2" || !slices.Equal(id.Roles, []string{"user", "admin"}) || !slices.Equal(id.AMR, []string{"pwd", "otp"}) || !slices.Equal(c.Roles, id.Roles) {
				t.Errorf("request %d: %+v with the claims %+v, want user 2 with the roles user and admin, by pwd and otp", n, id, c)
			}
			id.Roles[0], id.AMR[0], c.Roles[0] = "root", "hwk", "root"
			id.Roles, id.AMR = append(id.Roles, "more"), append(id.AMR, "more")
			id.Subject, id.Claims = "1", "{}"
		}))
		for range 5 {
			h.ServeHTTP(httptest.NewRecorder(), presented(resp.AccessToken))
		}
		if n != 5 {
			t.Errorf("%d requests passed, want 5", n)
		}
	})
}

func TestWhatIsRememberedSaysTheSameAsWhatIsRead(t *testing.T) {
	// In every detail: the identity as a page shows it, its claims, and its session.
	for _, row := range []struct {
		name  string
		roles []string
		amr   []string
	}{
		{"roles and methods", []string{"user", "admin"}, []string{"pwd", "otp"}},
		{"roles only", []string{"user"}, nil},
		{"methods only", nil, []string{"pwd"}},
		{"neither", nil, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
				if err := s.SetRoles(t.Context(), "2", row.roles); err != nil {
					t.Fatal(err)
				}
				m := &storetest.Memo{Store: s}
				resp, err := newTokens(t, m, withRoles).Login(httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "2", AMR: row.amr})
				if err != nil {
					t.Fatal(err)
				}
				// By one that remembers nothing.
				read, err := newTokens(t, struct{ backends.Store }{s}).Authenticate(presented(resp.AccessToken))
				if err != nil {
					t.Fatal(err)
				}
				want, _ := json.Marshal(read)
				tokens := newTokens(t, m)
				before := m.Asked.Load()
				for i := range 3 {
					id, err := tokens.Authenticate(presented(resp.AccessToken))
					if err != nil {
						t.Fatal(err)
					}
					if got, _ := json.Marshal(id); string(got) != string(want) || id.Claims != read.Claims || id.Session != read.Session {
						t.Errorf("request %d:\n%s, claims %s, session %+v; want\n%s, claims %s, session %+v", i, got, id.Claims, id.Session, want, read.Claims, read.Session)
					}
				}
				// Twice, if the feed tells of the new roles between two of them.
				if n := m.Asked.Load() - before; n < 1 || n > 2 || read.Subject != "2" || read.Claims == "" || read.ExpiresAt.IsZero() || read.Session.Idle == 0 {
					t.Errorf("three requests asked the store %d times, want once or twice; read %+v", n, read)
				}
			})
		})
	}
}

func TestATokenThatIsRefusedIsNotRemembered(t *testing.T) {
	// Or junk would push out what is good.
	m := &storetest.Memo{Store: storetest.Cached(t, storetest.Memory(t))}
	c := newClient(t, newApp(t, newTokens(t, m))).login("1")
	good := c.token
	id := sid(t, good)
	for _, row := range refused {
		(&client{t, c.app, row.token(t, id)}).do("GET", "/me")
		if m.Remembered.Load() != 0 {
			t.Fatalf("%s: it was remembered", row.name)
		}
	}
	c.status("POST", "/logout", 200)
	c.token = good
	c.status("GET", "/me", 401)
	if m.Remembered.Load() != 0 {
		t.Error("a token was remembered whose session has ended")
	}
}

// A marking backend counts how often it is told that a refresh has arrived. The first times it
// may not understand.
type marking struct {
	cache.Backend
	told, asked atomic.Int64
	deaf        int64
}

func (m *marking) MarkSeen(ctx context.Context, now time.Time, id string, n int64) error {
	if m.told.Add(1) <= m.deaf {
		return storetest.ErrDown
	}
	return m.Backend.MarkSeen(ctx, now, id, n)
}

func (m *marking) FindByID(ctx context.Context, now time.Time, id string) (backends.Session, backends.User, error) {
	m.asked.Add(1)
	return m.Backend.FindByID(ctx, now, id)
}

func TestAnAccessTokenIsReportedInUseOnceForEachRefreshThoughACacheServesItsSession(t *testing.T) {
	// RT-8, promise 18: one write for a refresh, and none for who never refreshed.
	for name, open := range map[string]func(*testing.T) cache.Backend{
		"memory": func(t *testing.T) cache.Backend { return storetest.Memory(t) },
		"postgres": func(t *testing.T) cache.Backend {
			s := storetest.Postgres(t, pgtest.Pool(t), pgtest.Schema(t))
			storetest.AddUsers(t, s)
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := &marking{Backend: open(t)}
			d := newDevice(t, refreshApp(t, newTokens(t, storetest.Cache(t, m), withRefresh)), "1")
			for refreshes := range int64(4) {
				former := d.token
				for range 10 {
					d.status("GET", "/poll", 200)
				}
				if got := m.told.Load(); got != refreshes {
					t.Errorf("told %d times after %d refreshes and ten requests each", got, refreshes)
				}
				if row := sessionOf(t, m, d.token); row.Refresh.SeenAt.IsZero() != (refreshes == 0) {
					t.Errorf("after %d refreshes: seen at %v", refreshes, row.Refresh.SeenAt)
				}
				d.next()
				(&client{t, d.app, former}).status("GET", "/poll", 200) // is no sign
				if got := m.told.Load(); got != refreshes {
					t.Errorf("told %d times by a token of before refresh %d", got, refreshes+1)
				}
				if refreshes > 0 {
					continue
				}
				before := m.asked.Load()
				for range 100 {
					(&client{t, d.app, former}).status("GET", "/poll", 200)
				}
				if n := m.asked.Load() - before; n > 1 {
					t.Errorf("a hundred remembered requests asked the backend %d times, want once at the most", n)
				}
			}
		})
	}
}

func TestWhatCouldNotBeReportedIsReportedByTheNextRequestThoughACacheServesIt(t *testing.T) {
	// RT-8: or the long grace would stay open, since nobody would look at the session again.
	m := &marking{Backend: storetest.Memory(t), deaf: 3}
	d := newDevice(t, refreshApp(t, newTokens(t, storetest.Cache(t, m), withRefresh)), "1")
	d.next()
	for range 20 {
		d.status("GET", "/poll", 200)
	}
	if got := m.told.Load(); got != 4 {
		t.Errorf("told %d times, want 4: three times in vain, and once", got)
	}
	if row := sessionOf(t, m, d.token); row.Refresh.SeenAt.IsZero() {
		t.Error("the refresh was never seen to have arrived")
	}
}

func TestTheOverlapEndsEarlyThoughACacheServesTheSession(t *testing.T) {
	// RT-8, RT-7: once the successor was seen in use, though it is remembered; and as long as
	// it was not, though its session is.
	for _, row := range []struct {
		name string
		seen bool
		wait time.Duration
		good bool
	}{
		{"unseen, before the end", false, unseen - time.Microsecond, true},
		{"unseen, at the end", false, unseen, false},
		{"seen, before the end", true, overlap - time.Microsecond, true},
		{"seen, at the end", true, overlap, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &storetest.Memo{Store: storetest.Cached(t, storetest.Memory(t))}
				d := newDevice(t, refreshApp(t, newTokens(t, m, withRefresh)), "1")
				wantRemembered(t, m, poll(t, d.app, d.token))
				former, used := d.next()
				wantRemembered(t, m, poll(t, d.app, former)) // the row is remembered, as it is now
				if row.seen {
					wantRemembered(t, m, poll(t, d.app, d.token))
				}
				time.Sleep(row.wait)
				if row.good {
					d.wantGranted(used, d.refresh)
					wantRemembered(t, m, poll(t, d.app, d.token))
					return
				}
				d.wantNoGrant(used)
				wantProblem(t, poll(t, d.app, d.token)(), 401, "session-stolen")
				wantProblem(t, poll(t, d.app, former)(), 401, "session-stolen")
				d.wantNoGrant(d.refresh)
			})
		})
	}
}

// A queryCounter counts statements at the driver.
type queryCounter struct{ n atomic.Int64 }

func (q *queryCounter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	q.n.Add(1)
	return ctx
}

func (q *queryCounter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func TestARequestThatIsRememberedIsNoQueryAndOneThatIsNotIsOne(t *testing.T) {
	// Promise 18, RT-8, counted at the driver: by a token in a header and in a cookie.
	q := &queryCounter{}
	s := storetest.Postgres(t, pgtest.Pool(t, func(c *pgxpool.Config) { c.ConnConfig.Tracer = q }), pgtest.Schema(t))
	storetest.AddUsers(t, s)
	cost := func(times, status int, ask func() *httptest.ResponseRecorder) int64 {
		t.Helper()
		before := q.n.Load()
		for range times {
			if w := ask(); w.Code != status {
				t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
			}
		}
		return q.n.Load() - before
	}
	of := func(s backends.Store) (d *device, b *browser) {
		tokens := newTokens(t, s, withRefresh, func(c *jwtauth.Config) {
			c.AccessTTL = 4 * time.Hour
			c.Policy = sliding.Policy{Idle: 3 * time.Hour, Absolute: 3 * time.Hour, Interval: time.Hour}
		})
		d, b = newDevice(t, refreshApp(t, tokens), "1"), newBrowser(t, newCookieApp(t, newCookies(t, tokens)))
		b.login("1")
		return d, b
	}
	d, b := of(s)
	me := func(d *device) func() *httptest.ResponseRecorder {
		return func() *httptest.ResponseRecorder { return d.do("GET", "/me") }
	}
	page := func(b *browser) func() *httptest.ResponseRecorder {
		return func() *httptest.ResponseRecorder { return b.do("GET", "/me") }
	}
	if n := cost(10, 200, me(d)); n != 10 {
		t.Errorf("ten requests without a cache cost %d queries, want 10", n)
	}
	if n := cost(10, 200, page(b)); n != 10 {
		t.Errorf("ten requests of a browser without a cache cost %d queries, want 10", n)
	}

	c := storetest.Cached(t, s)
	d, b = of(c)
	for name, ask := range map[string]func() *httptest.ResponseRecorder{"program": me(d), "browser": page(b)} {
		if n := cost(1, 200, ask); n != 1 {
			t.Errorf("%s: the first request cost %d queries, want 1", name, n)
		}
		if n := cost(100, 200, ask); n != 0 {
			t.Errorf("%s: a hundred remembered requests cost %d queries, want 0", name, n)
		}
	}
	if n := cost(10, 401, poll(t, d.app, signWith(refreshKeyA, goodHeader, goodClaims(sid(t, d.token))))); n != 0 {
		t.Errorf("ten forged tokens cost %d queries, want 0", n)
	}
	if n := cost(1, 200, func() *httptest.ResponseRecorder { return d.present(d.refresh) }); n != 1 {
		t.Errorf("a refresh cost %d queries, want 1", n)
	}
	d.next() // which gets the same successor
	// The first request tells that it has arrived, and what it tells is read once.
	if n := cost(3, 200, me(d)); n > 3 {
		t.Errorf("three requests after a refresh cost %d queries, want at most 3", n)
	}
	if n := cost(100, 200, me(d)); n != 0 {
		t.Errorf("a hundred requests after those cost %d queries, want 0", n)
	}
	if _, err := c.Revoke(t.Context(), time.Now(), sid(t, d.token), backends.ReasonRevoked); err != nil {
		t.Fatal(err)
	}
	if n := cost(10, 401, me(d)); n != 10 {
		t.Errorf("ten requests with a token that was revoked cost %d queries, want 10: refusals are not remembered", n)
	}
}
