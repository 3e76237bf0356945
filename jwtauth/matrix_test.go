package jwtauth_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
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

// What is here has been tested on one store elsewhere, or on none, and is a promise on each.
// Time does not pass on a real database, so sessions are made that are as old as they must be.

// agedToken returns an access token of now for the session.
func agedToken(row backends.Session) string { return sign(goodHeader, goodClaims(row.ID)) }

// rowAt returns the session as the store has it.
func rowAt(t testing.TB, s backends.Store, id string) backends.Session {
	t.Helper()
	row, _, err := s.FindByID(t.Context(), time.Now(), id)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

func TestAnIdleSessionIsRefusedOnEachStoreThoughItsTokensAreOfNow(t *testing.T) {
	// TL-1, TL-5, RT-10.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := newTokens(t, s, withRefresh)
		app, pages := refreshApp(t, tokens), newCookieApp(t, newCookies(t, tokens))
		live, refresh := refreshableAgo(t, s, "1", 29*time.Minute)
		d := &device{client{t, app, agedToken(live)}, refresh}
		d.status("GET", "/poll", 200)
		d.next()
		idle, refresh := refreshableAgo(t, s, "1", 30*time.Minute)
		d = &device{client{t, app, agedToken(idle)}, refresh}
		wantProblem(t, d.do("GET", "/me"), 401, "session-expired")
		d.wantNoGrant(refresh)
		b := newBrowser(t, pages)
		b.jar["__Host-refresh"] = refresh
		wantProblem(t, b.do("GET", "/me"), 401, "session-expired")
		b.jar["__Host-access"] = d.token
		wantProblem(t, b.do("GET", "/me"), 401, "session-expired")
	})
}

func TestNothingIsIssuedPastTheAbsoluteDeadlineOnAnyStore(t *testing.T) {
	// TL-2, TL-3, RT-9: twelve hours from the login, a refresh or a renewal in the last minute.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		long := func(c *jwtauth.Config) { c.Policy = sliding.Policy{Idle: 12 * time.Hour, Absolute: 12 * time.Hour} }
		app := refreshApp(t, newTokens(t, s, withRefresh, long))
		row, refresh := refreshableWith(t, s, 12*time.Hour-time.Minute, sliding.Policy{Idle: 12 * time.Hour, Absolute: 12 * time.Hour})
		end := row.AbsoluteDeadline.Unix()
		d := &device{client{t, app, agedToken(row)}, refresh}
		d.status("GET", "/me", 200) // renews
		if exp := seconds(t, claimsOf(t, d.token)["exp"]); exp > end {
			t.Errorf("the renewed token expires %d s after the end", exp-end)
		}
		d.next()
		if exp := seconds(t, claimsOf(t, d.token)["exp"]); exp > end {
			t.Errorf("the refreshed token expires %d s after the end", exp-end)
		}
		after := rowAt(t, s, row.ID)
		if after.IdleDeadline.After(row.AbsoluteDeadline) || !after.AbsoluteDeadline.Equal(row.AbsoluteDeadline) || after.IdleDeadline.Before(row.IdleDeadline) {
			t.Errorf("deadlines %v and %v, before %v and %v", after.IdleDeadline, after.AbsoluteDeadline, row.IdleDeadline, row.AbsoluteDeadline)
		}
		over, refresh := refreshableWith(t, s, 12*time.Hour, sliding.Policy{Idle: 12 * time.Hour, Absolute: 12 * time.Hour})
		d = &device{client{t, app, agedToken(over)}, refresh}
		wantProblem(t, d.do("GET", "/me"), 401, "session-expired")
		d.wantNoGrant(refresh)
	})
}

func TestActivityIsOneWriteAndOneTokenPerIntervalOnEachStore(t *testing.T) {
	// Promise 5, TL-6, TL-7, TL-10: the interval is 150 seconds.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		for _, row := range []struct {
			ago  time.Duration
			want int32
		}{{0, 0}, {140 * time.Second, 0}, {150 * time.Second, 1}, {29 * time.Minute, 1}} {
			app := newApp(t, newTokens(t, s))
			before := begunAgo(t, s, "1", row.ago)
			var renewed atomic.Int32
			atOnceEach(20, func(int) {
				c := &client{t, app, agedToken(before)}
				w := c.do("GET", "/me")
				if w.Code != 200 {
					t.Errorf("status %d, want 200", w.Code)
				}
				if w.Header().Get("Access-Token") != "" {
					renewed.Add(1)
				}
			})
			if n := renewed.Load(); n != row.want {
				t.Errorf("last seen %v ago: twenty requests got %d new tokens, want %d", row.ago, n, row.want)
			}
			after := rowAt(t, s, before.ID)
			if moved := after.LastSeenAt.After(before.LastSeenAt); moved != (row.want == 1) || after.IdleDeadline.Before(before.IdleDeadline) {
				t.Errorf("last seen %v ago: seen at %v and idle until %v, before %v and %v", row.ago, after.LastSeenAt, after.IdleDeadline, before.LastSeenAt, before.IdleDeadline)
			}
		}
	})
}

func TestPollingKeepsNoSessionAliveOnAnyStore(t *testing.T) {
	// Promise 6, TL-8.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		c := newClient(t, newApp(t, newTokens(t, s)))
		before := begunAgo(t, s, "1", 20*time.Minute)
		c.token = agedToken(before)
		for range 5 {
			if w := c.status("GET", "/poll", 200); w.Header().Get("Access-Token") != "" {
				t.Error("a passive request got a token")
			}
		}
		if after := rowAt(t, s, before.ID); !after.IdleDeadline.Equal(before.IdleDeadline) || !after.LastSeenAt.Equal(before.LastSeenAt) {
			t.Errorf("last seen at %v, idle until %v; before %v and %v", after.LastSeenAt, after.IdleDeadline, before.LastSeenAt, before.IdleDeadline)
		}
		if w := c.status("GET", "/me", 200); w.Header().Get("Access-Token") == "" {
			t.Error("a request that is no poll did not count")
		}
	})
}

func TestARenewalIsThereWhateverTheStatusAndGoneAfterALogoutOnEachStore(t *testing.T) {
	// TL-9, TL-11, TL-12.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := newTokens(t, s)
		guard, err := middleware.New(middleware.Config{Authenticator: tokens})
		if err != nil {
			t.Fatal(err)
		}
		for _, status := range []int{200, 304, 404, 500} {
			h := guard.Handler(sliding.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })))
			row := begunAgo(t, s, "1", 10*time.Minute)
			w := (&client{t, h, agedToken(row)}).status("GET", "/", status)
			token := w.Header().Get("Access-Token")
			if token == "" || w.Header().Get("Cache-Control") != "no-store" {
				t.Fatalf("status %d: headers %v, want a new token that is not to be stored", status, w.Header())
			}
			if got := w.Header().Get("Access-Token-Expires-In"); got != "300" && got != "301" {
				t.Errorf("status %d: expires in %s, want 300", status, got)
			}
			claims := claimsOf(t, token)
			if claims["sid"] != row.ID || seconds(t, claims["auth_time"]) != row.AuthenticatedAt.Unix() {
				t.Errorf("status %d: claims %v, want the session %s, authenticated at %d", status, claims, row.ID, row.AuthenticatedAt.Unix())
			}
		}
		row := begunAgo(t, s, "1", 10*time.Minute)
		w := (&client{t, newApp(t, tokens), agedToken(row)}).status("POST", "/private/logout", 200)
		if w.Header().Get("Access-Token") != "" || w.Header().Get("Access-Token-Expires-In") != "" {
			t.Errorf("the answer to a logout has the headers %v", w.Header())
		}
	})
}

// refreshableWith is refreshableAgo for the user 1 and another policy.
func refreshableWith(t testing.TB, s backends.Store, ago time.Duration, p middleware.Policy) (row backends.Session, refresh string) {
	t.Helper()
	row = begun(t, backends.KindToken, p)
	for _, at := range []*time.Time{&row.CreatedAt, &row.AuthenticatedAt, &row.LastSeenAt, &row.IdleDeadline, &row.AbsoluteDeadline} {
		*at = at.Add(-ago)
	}
	row.RenewalInterval = time.Second
	row.Refresh = backends.Refresh{Generation: 1, RotatedAt: row.CreatedAt}
	secret := backends.NewSecret()
	if _, err := s.Create(t.Context(), row.CreatedAt, row, secret.Hash(), backends.Admission{}); err != nil {
		t.Fatal(err)
	}
	return row, jwtauth.EncodeRefresh(refreshKeyA, row.ID, 1, secret)
}

func TestAClientIsToldHowLongATokenLivesFromNowOnEachStore(t *testing.T) {
	// TL-12: at a login, a refresh and a new proof.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		d := &device{client: client{t: t, app: provingApp(t, newTokens(t, s, withRefresh))}}
		for i, ask := range []func() *httptest.ResponseRecorder{
			func() *httptest.ResponseRecorder { return d.do("POST", "/login", as("1")) },
			func() *httptest.ResponseRecorder { return d.present(d.refresh) },
			func() *httptest.ResponseRecorder { return d.do("POST", "/prove") },
		} {
			w := ask()
			if resp := answerOf(t, w); resp.ExpiresIn != 300 && resp.ExpiresIn != 301 {
				t.Errorf("answer %d: expires in %d, want 300", i, resp.ExpiresIn)
			}
			d.keep(w)
		}
	})
}

func TestAChangedPasswordEndsTheOtherSessionsAndGivesThisOneNewTokens(t *testing.T) {
	// LO-3, LO-9: by default, and the current one goes on under new identifiers.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := provingApp(t, newTokens(t, s, withRefresh))
		here, there := deviceAgo(t, s, app, 10*time.Minute), newDevice(t, app, "1")
		former := *here
		here.status("GET", "/me", 200)
		there.status("GET", "/me", 200)
		if n, err := s.SetPassword(t.Context(), time.Now(), "1", 0, "$argon2id$x", sid(t, here.token)); n != 1 || err != nil {
			t.Fatalf("SetPassword ended %d sessions (%v), want 1", n, err)
		}
		here.prove()
		wantProblem(t, there.do("GET", "/me"), 401, "session-revoked")
		there.wantNoGrant(there.refresh)
		wantProblem(t, former.do("GET", "/me"), 401, "invalid-credentials")
		former.wantNoGrant(former.refresh)
		here.status("GET", "/me", 200)
		here.next()
	})
}

func TestNoSessionBeginsOrEndsWithoutAnActOfTheUserOnAnyStore(t *testing.T) {
	// LO-7, LO-8, CS-5.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := newTokens(t, s, withRefresh)
		d, b := newDevice(t, provingApp(t, tokens), "1"), newBrowser(t, provingCookieApp(t, newCookies(t, tokens)))
		b.login("1")
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
			for _, path := range []string{"/login?user=1", "/logout", "/prove"} {
				d.status(method, path, 400, as("1"))
				wantLines(t, b.status(method, path, 400, as("1")))
			}
			wantLines(t, b.status(method, "/refresh", 400))
			for _, path := range []string{"/token?grant_type=refresh_token&refresh_token=" + d.refresh, "/revoke?token=" + d.token} {
				d.status(method, path, 405)
			}
		}
		for _, path := range []string{"/login", "/logout", "/prove", "/refresh"} {
			wantLines(t, b.status("POST", path, 403, as("1"), origin("cross-site", "https://evil.example")))
		}
		wantLive(t, s, "1", 2)
		d.status("GET", "/me", 200)
		d.next()
		b.status("GET", "/me", 200)
		for range 2 {
			d.status("POST", "/logout", 200)
			b.status("POST", "/logout", 200)
		}
		wantLive(t, s, "1", 0)
	})
}

func TestARuleIsAskedOnEachStoreAndNothingThatAClientSaysIsBelieved(t *testing.T) {
	// AZ-1, AZ-3, JW-15: the roles are those of the user in the store, whatever a token says.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := newTokens(t, s)
		app := newApp(t, tokens)
		ann, root := newClient(t, app).login("1"), newClient(t, app).login("2")
		claims := []func(*http.Request){
			header("X-User-Id", "2"), header("X-Remote-User", "root"), header("User", "2"), header("X-Roles", "admin"), header("X-Forwarded-For", "127.0.0.1"),
		}
		loud := newClient(t, app)
		loud.token = sign(goodHeader, replaced(t, goodClaims(sid(t, ann.token)), `"jti"`, `"roles":["admin"],"role":"admin","jti"`))
		for range 2 { // and then as remembered
			wantProblem(t, newClient(t, app).do("GET", "/admin", claims...), 401, "no-credentials")
			wantProblem(t, ann.do("GET", "/admin", claims...), 403, "forbidden")
			wantProblem(t, loud.do("GET", "/admin", claims...), 403, "forbidden")
			root.status("GET", "/admin", 200)
			if id := identityOf(t, ann.status("GET", "/me", 200, claims...)); id.Subject != "1" || !slices.Equal(id.Roles, []string{"user"}) {
				t.Errorf("identity %+v, want user 1 with the role user", id)
			}
		}
		guard, err := middleware.New(middleware.Config{Authenticator: tokens, Roles: []string{"user", "admin"}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = guard.Require(middleware.HasRole("amdin"))
		wantMentions(t, err, `unknown role "amdin"`)
	})
}

func TestAnIdentifierThatWasNeverIssuedIsNotAdopted(t *testing.T) {
	// SID-2, SID-4, SID-9, SID-10: signed with our key even; and no row comes into being.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := refreshApp(t, newTokens(t, s, withRefresh))
		never := backends.NewID()
		c := newClient(t, app)
		for name, token := range map[string]string{
			"a session that never was": sign(goodHeader, goodClaims(never)),
			"a static key":             "sk_live_0123456789abcdef0123456789abcdef",
			"an ID":                    never,
			"64 KB":                    strings.Repeat("A", 64<<10),
			"NUL":                      "\x00",
			"not UTF-8":                "\xff\xfe",
		} {
			c.token = token
			if w := c.do("GET", "/me"); w.Code != 401 {
				t.Errorf("%s: status %d, want 401", name, w.Code)
			}
		}
		d := newDevice(t, app, "1")
		d.wantNoGrant(jwtauth.EncodeRefresh(refreshKeyA, never, 1, backends.NewSecret()))
		if got := sid(t, d.token); got == never {
			t.Error("a login adopted an identifier that a client made up")
		}
		if _, _, err := s.FindByID(t.Context(), time.Now(), never); !errors.Is(err, backends.ErrNotFound) {
			t.Errorf("the session that never was: %v, want ErrNotFound", err)
		}
		wantLive(t, s, "1", 1)
	})
}

func TestNoIdentifierRepeatsOnAnyStore(t *testing.T) {
	// SID-1, SID-2: IDs of sessions and tokens, secrets of refresh tokens.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := refreshApp(t, newTokens(t, s, withRefresh))
		seen := map[string]bool{}
		for range 100 {
			d := newDevice(t, app, "1")
			id, _, secret, err := jwtauth.ParseRefresh(refreshKeyA, d.refresh)
			if err != nil || id != sid(t, d.token) {
				t.Fatalf("the refresh token is of session %s (%v), the access token of %s", id, err, sid(t, d.token))
			}
			for _, v := range []string{id, claimsOf(t, d.token)["jti"].(string), string(secret[:])} {
				if seen[v] || len(v) < 26 {
					t.Fatalf("%q repeats, or is short", v)
				}
				seen[v] = true
			}
		}
	})
}

func TestTheDatabaseHoldsNoTokenWhateverHappensToASession(t *testing.T) {
	// SID-5, SID-6, promise 2: directly and through a cache, which writes nothing of its own.
	for name, through := range map[string]func(*testing.T, storetest.Store) storetest.Store{
		"postgres":         func(_ *testing.T, s storetest.Store) storetest.Store { return s },
		"postgres, cached": func(t *testing.T, s storetest.Store) storetest.Store { return storetest.Cached(t, s) },
	} {
		t.Run(name, func(t *testing.T) {
			pool, schema := pgtest.Pool(t), pgtest.Schema(t)
			s := storetest.Postgres(t, pool, schema)
			storetest.AddUsers(t, s)
			store := through(t, s)
			app := provingApp(t, newTokens(t, store, withRefresh))
			d := newDevice(t, app, "1")
			var access, refresh []string
			keep := func() { access, refresh = append(access, d.token), append(refresh, d.refresh) }
			keep()
			d.status("GET", "/me", 200)
			d.next()
			keep()
			d.status("GET", "/me", 200)
			d.prove()
			keep()
			dump := dumped(t, pool, schema)
			var hash backends.SecretHash
			for i, token := range refresh {
				_, _, secret, err := jwtauth.ParseRefresh(refreshKeyA, token)
				if err != nil {
					t.Fatal(err)
				}
				hash = secret.Hash()
				for _, form := range []string{
					token, access[i], access[i][len(access[i])-20:], token[len(token)-30:], claimsOf(t, access[i])["jti"].(string),
					string(secret[:]), hex.EncodeToString(secret[:]), base64.RawURLEncoding.EncodeToString(secret[:]), base64.RawStdEncoding.EncodeToString(secret[:]),
				} {
					if strings.Contains(dump, form) {
						t.Errorf("the database holds a credential as %q", form)
					}
				}
			}
			if !strings.Contains(dump, hex.EncodeToString(hash[:])) {
				t.Error("the dump does not hold the hash of the current secret: it is no dump")
			}
			d.wantNoGrant(jwtauth.EncodeRefresh(refreshKeyA, sid(t, d.token), 3, backends.Secret(hash)))
			d.next()
		})
	}
}

// dumped returns all rows of all tables of the schema, as text.
func dumped(t testing.TB, pool *pgxpool.Pool, schema string) string {
	t.Helper()
	rows, err := pool.Query(t.Context(), "SELECT table_name::text FROM information_schema.tables WHERE table_schema = $1", schema)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 3 {
		t.Fatalf("tables %q (%v)", tables, err)
	}
	var out strings.Builder
	for _, table := range tables {
		rows, err := pool.Query(t.Context(), fmt.Sprintf("SELECT r::text FROM %s r", pgx.Identifier{schema, table}.Sanitize()))
		if err != nil {
			t.Fatal(err)
		}
		texts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		out.WriteString(strings.Join(texts, "\n"))
	}
	return out.String()
}

func TestATokenInTheURLIsIgnoredOnEachStore(t *testing.T) {
	// SID-7: in the query, in the path, and after it was remembered.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := newTokens(t, s, withRefresh)
		d := newDevice(t, refreshApp(t, tokens), "1")
		d.status("GET", "/me", 200)
		d.status("GET", "/me", 200)
		for name, token := range map[string]string{"access": d.token, "refresh": d.refresh} {
			for _, path := range []string{"/me?access_token=" + token, "/me?token=" + token, "/me?__Host-access=" + token, "/me;access_token=" + token} {
				for _, app := range []http.Handler{d.app, newCookieApp(t, newCookies(t, tokens))} {
					w := newBrowser(t, app).do("GET", path)
					if w.Code != 401 && w.Code != 404 || strings.Contains(w.Header().Get("Location"), token) || lines(w) != nil {
						t.Errorf("%s: status %d, headers %v", name, w.Code, w.Header())
					}
				}
			}
			w := newClient(t, d.app).do("POST", "/token?grant_type=refresh_token&refresh_token="+token, withForm())
			if w.Code != 400 {
				t.Errorf("%s: status %d for a refresh by the query, want 400", name, w.Code)
			}
		}
	})
}

func TestNoLogHoldsATokenOnAnyStore(t *testing.T) {
	// SID-8, OB-1: refusals, renewals, refreshes, theft and events, with debug logging on.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var log bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		tokens := newTokens(t, s, withRefresh, within(backends.Limit{Total: 2}), func(c *jwtauth.Config) {
			c.Policy = busy
			c.Events = middleware.LogEvents(logger)
		})
		app := refreshAppOf(t, tokens, logger)
		seen := map[string]bool{}
		for range 10 {
			d := newDevice(t, app, "1")
			keep := func() { seen[d.token], seen[d.refresh] = true, true }
			keep()
			tick()
			d.status("GET", "/me", 200) // renews
			keep()
			d.status("GET", "/admin", 403)
			_, old := d.next()
			keep()
			d.present(old)
			d.next()
			keep()
			d.wantNoGrant(old) // theft
			for token := range seen {
				(&client{t, app, token}).do("GET", "/me")
				(&client{t, app, token + "x"}).do("GET", "/me")
			}
		}
		for _, word := range []string{"request refused", `"type":"renewed"`, `"type":"replayed"`, `"type":"theft"`, "session-stolen"} {
			if !strings.Contains(log.String(), word) {
				t.Errorf("the log does not hold %s: it was not tried", word)
			}
		}
		for token := range seen {
			for _, part := range []string{token, token[len(token)-20:], token[len(token)/2 : len(token)/2+30]} {
				if strings.Contains(log.String(), part) {
					t.Fatalf("the log holds a token, or a part of it: %q", part)
				}
			}
		}
	})
}

// A breakable backend cannot be asked when it is told so.
type breakable struct {
	cache.Backend
	down bool
}

func (b *breakable) FindByID(ctx context.Context, now time.Time, id string) (backends.Session, backends.User, error) {
	if b.down {
		return backends.Session{}, backends.User{}, storetest.ErrDown
	}
	return b.Backend.FindByID(ctx, now, id)
}

func (b *breakable) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, a backends.Admission) ([]string, error) {
	if b.down {
		return nil, storetest.ErrDown
	}
	return b.Backend.Create(ctx, now, s, h, a)
}

func (b *breakable) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	if b.down {
		return backends.Session{}, backends.User{}, backends.Refused, storetest.ErrDown
	}
	return b.Backend.Rotate(ctx, now, id, h, n, g)
}

func (b *breakable) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	if b.down {
		return false, storetest.ErrDown
	}
	return b.Backend.Revoke(ctx, now, id, why)
}

func (b *breakable) Reauthenticate(ctx context.Context, now time.Time, s backends.Session, former time.Time, next backends.SecretHash) error {
	if b.down {
		return storetest.ErrDown
	}
	return b.Backend.Reauthenticate(ctx, now, s, former, next)
}

func TestAnOutageBehindACacheLogsNobodyOutAndLetsNobodyIn(t *testing.T) {
	// AZ-5, RT-15, promise 18: what is remembered is good for as long as the bound says, and
	// then it is 503 and never 401. What is not remembered is 503 at once.
	synctest.Test(t, func(t *testing.T) {
		f := &breakable{Backend: storetest.Memory(t)}
		store, err := cache.New(cache.Config{Store: f})
		if err != nil {
			t.Fatal(err)
		}
		tokens := newTokens(t, store, withRefresh)
		app := provingApp(t, tokens)
		known, unknown := newDevice(t, app, "1"), newDevice(t, app, "2")
		pages := provingCookieApp(t, newCookies(t, tokens))
		b, other := newBrowser(t, pages), newBrowser(t, pages)
		b.login("1")
		other.login("2")
		known.status("GET", "/me", 200)
		b.status("GET", "/me", 200)
		f.down = true
		known.status("GET", "/me", 200)
		b.status("GET", "/me", 200)
		wantProblem(t, known.do("GET", "/admin"), 403, "forbidden")
		wantUnavailable(t, unknown.do("GET", "/me"))
		wantUnavailable(t, unknown.do("GET", "/admin"))
		wantUnavailable(t, unknown.present(unknown.refresh))
		wantUnavailable(t, other.do("POST", "/refresh"))
		wantProblem(t, newClient(t, app).do("GET", "/me"), 401, "no-credentials")
		wantProblem(t, (&client{t, app, "x.y.z"}).do("GET", "/me"), 401, "invalid-credentials")
		for _, path := range []string{"/login", "/logout", "/prove"} {
			wantUnavailable(t, unknown.do("POST", path, as("2")))
			wantUnavailable(t, other.do("POST", path, as("2")))
		}
		known.status("GET", "/me", 200)
		b.status("GET", "/me", 200)
		time.Sleep(5*time.Second + time.Microsecond) // nobody follows the feed
		wantUnavailable(t, known.do("GET", "/me"))
		wantUnavailable(t, b.do("GET", "/me"))
		b.expire()
		wantUnavailable(t, b.do("GET", "/me"))
		f.down = false
		known.status("GET", "/me", 200)
		known.next()
		unknown.status("GET", "/admin", 200)
		b.status("GET", "/me", 200)
		known.status("POST", "/logout", 200)
		known.status("GET", "/me", 401)
	})
}

func TestAPageThatGoesOnForLongEndsWithItsSessionWhateverProvedIt(t *testing.T) {
	// LO-1, LO-2, LO-4, TL-1: a token in the header, in a cookie, in a WebSocket handshake; and
	// not with the token, which is younger.
	for name, row := range map[string]struct {
		authenticator func(*testing.T, *jwtauth.Tokens) middleware.Authenticator
		request       func(token string) *http.Request
	}{
		"header": {
			func(_ *testing.T, k *jwtauth.Tokens) middleware.Authenticator { return k },
			presented,
		},
		"cookie": {
			func(t *testing.T, k *jwtauth.Tokens) middleware.Authenticator { return newCookies(t, k) },
			func(token string) *http.Request {
				r := httptest.NewRequest("GET", "/", nil)
				r.AddCookie(&http.Cookie{Name: "__Host-access", Value: token})
				return r
			},
		},
		"WebSocket": {
			func(_ *testing.T, k *jwtauth.Tokens) middleware.Authenticator { return k.WebSocket() },
			func(token string) *http.Request {
				r := httptest.NewRequest("GET", "/", nil)
				r.Header.Set("Upgrade", "websocket")
				r.Header.Set("Sec-WebSocket-Protocol", "inga.bearer, "+token)
				return r
			},
		},
		"one of several": {
			func(t *testing.T, k *jwtauth.Tokens) middleware.Authenticator {
				return middleware.FirstOf(k.WebSocket(), k, newCookies(t, k))
			},
			presented,
		},
	} {
		for how, end := range map[string]struct {
			do   func(ctx context.Context, s storetest.Store, id string) error
			want error
		}{
			"revoked": {func(ctx context.Context, s storetest.Store, id string) error {
				_, err := s.Revoke(ctx, time.Now(), id, backends.ReasonRevoked)
				return err
			}, middleware.ErrSessionRevoked},
			"superseded": {func(ctx context.Context, s storetest.Store, id string) error {
				_, err := s.Revoke(ctx, time.Now(), id, backends.ReasonSuperseded)
				return err
			}, middleware.ErrSessionSuperseded},
			"user disabled": {func(ctx context.Context, s storetest.Store, id string) error {
				return s.SetDisabled(ctx, time.Now(), "1", true)
			}, middleware.ErrSessionRevoked},
			"expired": {func(context.Context, storetest.Store, string) error {
				time.Sleep(29 * time.Minute) // the token expires long before
				return nil
			}, middleware.ErrSessionExpired},
		} {
			for store, open := range map[string]func(*testing.T) storetest.Store{
				"memory":         func(t *testing.T) storetest.Store { return storetest.Memory(t) },
				"memory, cached": func(t *testing.T) storetest.Store { return storetest.Cached(t, storetest.Memory(t)) },
			} {
				t.Run(name+", "+how+", "+store, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						s := open(t)
						tokens := newTokens(t, s, withRefresh)
						resp, err := login(t, tokens, "1")
						if err != nil {
							t.Fatal(err)
						}
						guard, err := middleware.New(middleware.Config{Authenticator: row.authenticator(t, tokens)})
						if err != nil {
							t.Fatal(err)
						}
						ended := make(chan error, 1)
						var at time.Time
						page := guard.Handler(middleware.EndWithSession(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
							<-r.Context().Done()
							at = time.Now()
							ended <- context.Cause(r.Context())
						})))
						ctx, cancel := context.WithCancel(t.Context())
						defer cancel()
						go page.ServeHTTP(httptest.NewRecorder(), row.request(resp.AccessToken).WithContext(ctx))
						time.Sleep(time.Minute)
						synctest.Wait()
						if err := end.do(t.Context(), s, resp.Session.ID); err != nil {
							t.Fatal(err)
						}
						if store == "memory" {
							time.Sleep(5 * time.Second) // when it is looked at
						}
						synctest.Wait()
						select {
						case cause := <-ended:
							if !errors.Is(cause, end.want) {
								t.Errorf("ended because of %v, want %v", cause, end.want)
							}
							if left := resp.Session.IdleDeadline.Sub(at); how == "expired" && left > 0 {
								t.Errorf("ended, and the session would live for another %v", left)
							}
						default:
							t.Errorf("goes on, want an end because of %v", end.want)
						}
					})
				})
			}
		}
	}
}

func TestClaimsThatAreTooLargeForALongTimeLogNobodyOut(t *testing.T) {
	// Promises 11 and 12: as those that cannot be had. A token must not be replaced by one that
	// nobody gets, or the next try looks like theft.
	synctest.Test(t, func(t *testing.T) {
		size := 0
		var j journal
		tokens := newTokens(t, storetest.Memory(t), withRefresh, j.use, withClaims(func(backends.User) (any, error) {
			return map[string]any{"x": strings.Repeat("x", size)}, nil
		}))
		d := newDevice(t, refreshApp(t, tokens), "1")
		b := newBrowser(t, newCookieApp(t, newCookies(t, tokens)))
		b.login("1")
		b.expire()
		size = 10_000
		for range 3 {
			wantUnavailable(t, d.present(d.refresh))
			wantUnavailable(t, b.do("POST", "/refresh"))
			wantUnavailable(t, b.do("GET", "/me"))
			time.Sleep(2 * unseen)
		}
		size = 0
		if w := d.present(d.refresh); w.Code != 200 {
			t.Errorf("a program: status %d, want 200: %s", w.Code, w.Body)
		}
		if w := b.do("GET", "/me"); w.Code != 200 {
			t.Errorf("a browser: status %d, want 200: %s", w.Code, w.Body)
		}
		if n := j.Count(middleware.EventTheft); n != 0 {
			t.Errorf("%d thefts, want none", n)
		}
	})
}
