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
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// wantRemembered asks for a page until the answer comes from what is remembered.
func wantRemembered(t testing.TB, m *storetest.Memo, ask func() *httptest.ResponseRecorder) {
	t.Helper()
	before := m.Asked.Load()
	for range 4 {
		tokentest.WantOK(t, ask())
	}
	if got := m.Asked.Load() - before; got > 2 {
		t.Fatalf("four requests asked the store %d times, want twice at the most", got)
	}
}

// poll asks with the token for a page that is no activity.
func poll(t testing.TB, app http.Handler, token string) func() *httptest.ResponseRecorder {
	return func() *httptest.ResponseRecorder { return tokentest.ClientWith(t, app, token).Do("GET", "/poll") }
}

func TestARememberedTokenIsRefusedAtOnceWhenItsSessionEnds(t *testing.T) {
	// LO-1, LO-2, LO-3, LO-4, LO-10, RT-2: in the process that ends it, for a token
	// in the header and in a WebSocket handshake.
	now := time.Now
	for _, row := range []struct {
		name, problem string
		end           func(t *testing.T, d *tokentest.Device, s storetest.Store, id string) error
	}{
		{"logout", "session-revoked", func(_ *testing.T, d *tokentest.Device, _ storetest.Store, _ string) error {
			d.Status("POST", "/logout", 200)
			return nil
		}},
		{"revoked by a refresh token", "session-revoked", func(_ *testing.T, d *tokentest.Device, _ storetest.Store, _ string) error {
			tokentest.WantOK(d.T, d.Post("/revoke", "token", d.Refresh))
			return nil
		}},
		{"revoked", "session-revoked", func(t *testing.T, _ *tokentest.Device, s storetest.Store, id string) error {
			_, err := s.Revoke(t.Context(), now(), id, backends.ReasonRevoked)
			return err
		}},
		{"all of the user's", "session-revoked", func(t *testing.T, _ *tokentest.Device, s storetest.Store, _ string) error {
			_, err := s.RevokeUser(t.Context(), now(), "1", "", backends.ReasonRevoked)
			return err
		}},
		{"everybody's", "session-revoked", func(t *testing.T, _ *tokentest.Device, s storetest.Store, _ string) error {
			_, err := s.RevokeAll(t.Context(), now(), backends.ReasonRevoked)
			return err
		}},
		{"superseded", "session-superseded", func(t *testing.T, _ *tokentest.Device, s storetest.Store, _ string) error {
			_, err := tokentest.Login(t, tokentest.New(t, s, tokentest.Within(backends.Limit{Total: 1})), "1")
			return err
		}},
		{"stolen", "session-stolen", func(_ *testing.T, d *tokentest.Device, s storetest.Store, _ string) error {
			former := d.Token
			_, old := d.Rotate()
			d.Rotate()
			wantRemembered(d.T, s.(*storetest.Memo), poll(d.T, d.App, former))
			d.WantNoGrant(old)
			return nil
		}},
		{"authenticated again", "invalid-credentials", func(_ *testing.T, d *tokentest.Device, _ storetest.Store, _ string) error {
			former := d.Token
			d.Prove()
			d.Status("GET", "/me", 200)
			d.Token = former
			return nil
		}},
		{"password changed", "session-revoked", func(t *testing.T, _ *tokentest.Device, s storetest.Store, _ string) error {
			_, err := s.Users().SetPassword(t.Context(), now(), "1", 0, "$argon2id$x", "")
			return err
		}},
		{"user disabled", "session-revoked", func(t *testing.T, _ *tokentest.Device, s storetest.Store, _ string) error {
			return s.Users().SetDisabled(t.Context(), now(), "1", true)
		}},
		{"user deleted", "session-revoked", func(t *testing.T, _ *tokentest.Device, s storetest.Store, _ string) error {
			return s.Users().DeleteUser(t.Context(), now(), "1")
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
				m := &storetest.Memo{Store: s}
				tokens := tokentest.New(t, m, tokentest.Eager)
				app := tokentest.App(t, tokens)
				d := tokentest.DeviceAgo(t, m, app, 10*time.Minute)
				bystander := tokentest.NewDevice(t, app, "2")
				token := d.Token
				asks := map[string]func() *httptest.ResponseRecorder{
					"header": poll(t, app, token),
					"WebSocket": func() *httptest.ResponseRecorder {
						return tokentest.NewClient(t, tokentest.Guarded(t, jwtauth.WebSocket(tokens))).Do("GET", "/", tokentest.Header("Upgrade", "websocket"), tokentest.Header("Sec-WebSocket-Protocol", "inga.bearer, "+token))
					},
				}
				for _, ask := range asks {
					wantRemembered(t, m, ask)
				}
				wantRemembered(t, m, poll(t, app, bystander.Token))
				if err := row.end(t, d, m, tokentest.SID(t, token)); err != nil {
					t.Fatal(err)
				}
				for name, ask := range asks {
					for range 2 {
						w := ask()
						if w.Code != 401 {
							t.Errorf("%s: status %d, want 401", name, w.Code)
							continue
						}
						tokentest.WantProblem(t, w, 401, row.problem)
					}
				}
				if row.name != "everybody's" {
					wantRemembered(t, m, poll(t, app, bystander.Token))
				}
			})
		})
	}
}

func TestAChangedRoleIsSeenThroughARememberedToken(t *testing.T) {
	// AZ-2.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		m := &storetest.Memo{Store: s}
		c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, m))).Login("2")
		wantRemembered(t, m, poll(t, c.App, c.Token))
		c.Status("GET", "/admin", 200)
		if err := m.Users().SetRoles(t.Context(), "2", []string{"user"}); err != nil {
			t.Fatal(err)
		}
		tokentest.WantProblem(t, c.Do("GET", "/admin"), 403, "forbidden")
		wantRemembered(t, m, poll(t, c.App, c.Token))
		tokentest.WantProblem(t, c.Do("GET", "/admin"), 403, "forbidden")
		if err := m.Users().SetRoles(t.Context(), "2", []string{"admin"}); err != nil {
			t.Fatal(err)
		}
		c.Status("GET", "/admin", 200)
	})
}

func TestARememberedTokenExpiresLikeAnyOther(t *testing.T) {
	// JW-5: exp and the leeway, which is for clocks that differ; and as what it is
	// remembered by does not prolong it.
	for name, row := range map[string]struct {
		edit func(*tokentest.Config)
		life time.Duration
	}{
		"by default":           {func(*tokentest.Config) {}, 5*time.Minute + 30*time.Second},
		"a leeway of a second": {func(c *tokentest.Config) { c.Leeway = time.Second }, 5*time.Minute + time.Second},
		"a life of a minute":   {func(c *tokentest.Config) { c.AccessTTL = time.Minute }, 90 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // which begins with a whole second
				m := &storetest.Memo{Store: storetest.Cached(t, storetest.Memory(t))}
				c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, m, row.edit))).Login("1")
				ask := poll(t, c.App, c.Token)
				wantRemembered(t, m, ask)
				time.Sleep(row.life - 1)
				wantRemembered(t, m, ask)
				time.Sleep(time.Nanosecond)
				for range 2 {
					tokentest.WantProblem(t, ask(), 401, "invalid-credentials")
				}
			})
		})
	}
}

func TestARememberedTokenDiesWithTheDeadlinesOfItsSession(t *testing.T) {
	// TL-1, TL-2, TL-5: whatever its exp, and without a leeway.
	synctest.Test(t, func(t *testing.T) {
		m := &storetest.Memo{Store: storetest.Cached(t, storetest.Memory(t))}
		app := tokentest.App(t, tokentest.New(t, m, func(c *tokentest.Config) {
			c.AccessTTL = 24 * time.Hour
			c.Policy = sliding.Policy{Idle: 30 * time.Minute, Absolute: 2 * time.Hour}
		}))
		idle, used := tokentest.NewClient(t, app).Login("1"), tokentest.NewClient(t, app).Login("1")
		first := used.Token
		wantRemembered(t, m, poll(t, app, idle.Token))
		wantRemembered(t, m, poll(t, app, first))
		time.Sleep(30*time.Minute - time.Microsecond)
		tokentest.WantOK(t, poll(t, app, idle.Token)())
		used.Status("GET", "/me", 200)
		time.Sleep(time.Microsecond)
		tokentest.WantProblem(t, poll(t, app, idle.Token)(), 401, "session-expired")
		for range 3 {
			wantRemembered(t, m, poll(t, app, first))
			used.Status("GET", "/me", 200)
			time.Sleep(29 * time.Minute)
		}
		used.Status("GET", "/me", 200)
		time.Sleep(3*time.Minute - time.Microsecond)
		tokentest.WantOK(t, poll(t, app, first)())
		time.Sleep(time.Microsecond)
		tokentest.WantProblem(t, poll(t, app, first)(), 401, "session-expired")
		tokentest.WantProblem(t, used.Do("GET", "/me"), 401, "session-expired")
	})
}

func TestOneThatSharesTheStoreNeverAcceptsWhatAnotherRemembers(t *testing.T) {
	// JW-2, JW-6, JW-7: the keys, the issuer and the audience belong to the credential.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		m := &storetest.Memo{Store: s}
		others := map[string]func(*tokentest.Config){
			"another audience":                   func(c *tokentest.Config) { c.Audience = "https://other.example" },
			"another issuer":                     func(c *tokentest.Config) { c.Issuer = "https://other.example" },
			"other keys":                         tokentest.WithKeys(tokentest.Must(t)(jwtauth.ES256(tokentest.ECKey()))),
			"the same secret under another name": tokentest.WithKeys(tokentest.Named(t, tokentest.HS256(t), "k2")),
		}
		mine := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, m))).Login("1")
		wantRemembered(t, m, poll(t, mine.App, mine.Token))
		for name, edit := range others {
			other := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, m, edit))).Login("1")
			wantRemembered(t, m, poll(t, other.App, other.Token))
			for range 2 {
				if w := poll(t, other.App, mine.Token)(); w.Code != 401 {
					t.Errorf("%s: status %d, want 401", name, w.Code)
				}
				if w := poll(t, mine.App, other.Token)(); w.Code != 401 {
					t.Errorf("%s, the other way: status %d, want 401", name, w.Code)
				}
			}
			wantRemembered(t, m, poll(t, other.App, other.Token))
			wantRemembered(t, m, poll(t, mine.App, mine.Token))
		}
		// One that is like the first accepts what it does, as without a cache.
		tokentest.WantOK(t, poll(t, tokentest.App(t, tokentest.New(t, m)), mine.Token)())
	})
}

func TestARespelledTokenIsNotTakenForTheRememberedOne(t *testing.T) {
	// JW-12: another text is another token, and is refused as without a cache.
	for alg, key := range tokentest.Keys(t) {
		t.Run(alg, func(t *testing.T) {
			storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
				m := &storetest.Memo{Store: s}
				c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, m, tokentest.WithKeys(key)))).Login("1")
				good := c.Token
				wantRemembered(t, m, poll(t, c.App, good))
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
						if w := poll(t, c.App, spelling)(); w.Code != 401 && w.Code != 400 || spelling == "" && w.Code != 401 {
							t.Errorf("%s: status %d, want 401 or 400", name, w.Code)
						}
					}
				}
				wantRemembered(t, m, poll(t, c.App, good))
			})
		})
	}
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func TestTwoRememberedTokensInOneRequestAreRefusedStill(t *testing.T) {
	// ER-2, RFC 6750 section 3.1.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		m := &storetest.Memo{Store: s}
		tokens := tokentest.New(t, m, tokentest.WithRefresh)
		app := tokentest.App(t, tokens)
		ann, root := tokentest.NewClient(t, app).Login("1"), tokentest.NewClient(t, app).Login("2")
		wantRemembered(t, m, poll(t, app, ann.Token))
		wantRemembered(t, m, poll(t, app, root.Token))
		for range 3 {
			w := ann.Do("GET", "/poll", func(r *http.Request) { r.Header.Add("Authorization", "Bearer "+root.Token) })
			tokentest.WantProblem(t, w, 400, "malformed-request")
			w = ann.Do("GET", "/poll", func(r *http.Request) { r.Header.Add("Authorization", "Bearer "+ann.Token) })
			tokentest.WantProblem(t, w, 400, "malformed-request")
		}
	})
}

func TestWhatAHandlerChangesInItsIdentityIsNotSeenByTheNextRequest(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := tokentest.New(t, s, tokentest.WithRoles)
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
			h.ServeHTTP(httptest.NewRecorder(), tokentest.Presented(resp.AccessToken))
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
				if err := s.Users().SetRoles(t.Context(), "2", row.roles); err != nil {
					t.Fatal(err)
				}
				m := &storetest.Memo{Store: s}
				resp, err := tokentest.New(t, m, tokentest.WithRoles).Login(httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "2", AMR: row.amr})
				if err != nil {
					t.Fatal(err)
				}
				// By one that remembers nothing.
				read, err := tokentest.New(t, struct{ backends.Store }{s}).Authenticate(tokentest.Presented(resp.AccessToken))
				if err != nil {
					t.Fatal(err)
				}
				want, _ := json.Marshal(read)
				tokens := tokentest.New(t, m)
				before := m.Asked.Load()
				for i := range 3 {
					id, err := tokens.Authenticate(tokentest.Presented(resp.AccessToken))
					if err != nil {
						t.Fatal(err)
					}
					if got, _ := json.Marshal(id); string(got) != string(want) || id.Claims != read.Claims || id.Session != read.Session {
						t.Errorf("request %d:\n%s, claims %s, session %+v; want\n%s, claims %s, session %+v", i, got, id.Claims, id.Session, want, read.Claims, read.Session)
					}
				}
				// Twice, if the feed reports the new roles between two of them.
				if n := m.Asked.Load() - before; n < 1 || n > 2 || read.Subject != "2" || read.Claims == "" || read.ExpiresAt.IsZero() || read.Session.Idle == 0 {
					t.Errorf("three requests asked the store %d times, want once or twice; read %+v", n, read)
				}
			})
		})
	}
}

// A marking backend counts the calls of MarkSeen. The first ones may fail.
type marking struct {
	storetest.Store
	told, asked atomic.Int64
	deaf        int64
}

func (m *marking) MarkSeen(ctx context.Context, now time.Time, id string, n int64) error {
	if m.told.Add(1) <= m.deaf {
		return storetest.ErrDown
	}
	return m.Store.MarkSeen(ctx, now, id, n)
}

func (m *marking) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	m.asked.Add(1)
	return m.Store.Find(ctx, now, id, h)
}

func TestAnAccessTokenIsReportedInUseOnceForEachRefreshThoughACacheServesItsSession(t *testing.T) {
	// RT-8, IN-2: one write for a refresh, and none for who never refreshed.
	for name, open := range map[string]func(*testing.T) storetest.Store{
		"memory": func(t *testing.T) storetest.Store { return storetest.Memory(t) },
		"postgres": func(t *testing.T) storetest.Store {
			s := storetest.Postgres(t, pgtest.Pool(t), pgtest.Schema(t))
			storetest.AddUsers(t, s)
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := &marking{Store: open(t)}
			d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, storetest.Cached(t, m), tokentest.Eager)), "1")
			for refreshes := range int64(4) {
				former := d.Token
				for range 10 {
					d.Status("GET", "/poll", 200)
				}
				if got := m.told.Load(); got != refreshes {
					t.Errorf("told %d times after %d refreshes and ten requests each", got, refreshes)
				}
				if row := tokentest.SessionOf(t, m, d.Token); row.Refresh.SeenAt.IsZero() != (refreshes == 0) {
					t.Errorf("after %d refreshes: seen at %v", refreshes, row.Refresh.SeenAt)
				}
				d.Rotate()
				tokentest.ClientWith(t, d.App, former).Status("GET", "/poll", 200) // is no sign
				if got := m.told.Load(); got != refreshes {
					t.Errorf("told %d times by a token from before refresh %d", got, refreshes+1)
				}
				if refreshes > 0 {
					continue
				}
				before := m.asked.Load()
				for range 100 {
					tokentest.ClientWith(t, d.App, former).Status("GET", "/poll", 200)
				}
				if n := m.asked.Load() - before; n > 1 {
					t.Errorf("a hundred remembered requests asked the backend %d times, want once at the most", n)
				}
			}
		})
	}
}

func TestWhatCouldNotBeReportedIsReportedByTheNextRequestThoughACacheServesIt(t *testing.T) {
	// RT-8: or the former token would be accepted for ever, because the session is not read again.
	m := &marking{Store: storetest.Memory(t), deaf: 3}
	d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, storetest.Cached(t, m), tokentest.Eager)), "1")
	d.Rotate()
	for range 20 {
		d.Status("GET", "/poll", 200)
	}
	if got := m.told.Load(); got != 4 {
		t.Errorf("told %d times, want 4: three times in vain, and once", got)
	}
	if row := tokentest.SessionOf(t, m, d.Token); row.Refresh.SeenAt.IsZero() {
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
		{"unseen, when a used one would be over", false, tokentest.Grace, true},
		{"seen, before the end", true, tokentest.Grace - time.Microsecond, true},
		{"seen, at the end", true, tokentest.Grace, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := &storetest.Memo{Store: storetest.Cached(t, storetest.Memory(t))}
				d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, m, tokentest.WithRefresh)), "1")
				wantRemembered(t, m, poll(t, d.App, d.Token))
				time.Sleep(tokentest.Grace)
				former, used := d.Next()
				wantRemembered(t, m, poll(t, d.App, former)) // the row is remembered, as it is now
				if row.seen {
					wantRemembered(t, m, poll(t, d.App, d.Token))
				}
				time.Sleep(row.wait)
				if row.good {
					d.WantGranted(used, d.Refresh)
					wantRemembered(t, m, poll(t, d.App, d.Token))
					return
				}
				d.WantNoGrant(used)
				tokentest.WantProblem(t, poll(t, d.App, d.Token)(), 401, "session-stolen")
				tokentest.WantProblem(t, poll(t, d.App, former)(), 401, "session-stolen")
				d.WantNoGrant(d.Refresh)
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
	// IN-2, RT-8, counted at the driver: by a token in a header and in a cookie.
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
	of := func(s backends.Store) (d *tokentest.Device, b *tokentest.Browser) {
		tokens := tokentest.New(t, s, tokentest.Eager, func(c *tokentest.Config) {
			c.AccessTTL = 4 * time.Hour
			c.Policy = sliding.Policy{Idle: 3 * time.Hour, Absolute: 3 * time.Hour, Interval: time.Hour}
		})
		d, b = tokentest.NewDevice(t, tokentest.App(t, tokens), "1"), tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokens)))
		b.Login("1")
		return d, b
	}
	d, b := of(s)
	me := func(d *tokentest.Device) func() *httptest.ResponseRecorder {
		return func() *httptest.ResponseRecorder { return d.Do("GET", "/me") }
	}
	page := func(b *tokentest.Browser) func() *httptest.ResponseRecorder {
		return func() *httptest.ResponseRecorder { return b.Do("GET", "/me") }
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
	if n := cost(10, 401, poll(t, d.App, tokentest.SignWith(tokentest.RefreshKeyA, tokentest.GoodHeader, tokentest.GoodClaims(tokentest.SID(t, d.Token))))); n != 0 {
		t.Errorf("ten forged tokens cost %d queries, want 0", n)
	}
	if n := cost(1, 200, func() *httptest.ResponseRecorder { return d.Present(d.Refresh) }); n != 1 {
		t.Errorf("a refresh cost %d queries, want 1", n)
	}
	d.Rotate() // which gets the same successor
	// The first request tells that it has arrived, and what it tells is read once.
	if n := cost(3, 200, me(d)); n > 3 {
		t.Errorf("three requests after a refresh cost %d queries, want at most 3", n)
	}
	if n := cost(100, 200, me(d)); n != 0 {
		t.Errorf("a hundred requests after those cost %d queries, want 0", n)
	}
	if _, err := c.Revoke(t.Context(), time.Now(), tokentest.SID(t, d.Token), backends.ReasonRevoked); err != nil {
		t.Fatal(err)
	}
	if n := cost(10, 401, me(d)); n != 10 {
		t.Errorf("ten requests with a token that was revoked cost %d queries, want 10: refusals are not remembered", n)
	}
}
