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
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// What is here has been tested on one store elsewhere, or on none, and is a promise on each.
// Time does not pass on a real database, so sessions are made that are as old as they must be.

// agedToken returns an access token of now for the session.
func agedToken(row backends.Session) string {
	return tokentest.Sign(tokentest.GoodHeader, tokentest.GoodClaims(row.ID))
}

func TestAnIdleSessionIsRefusedOnEachStoreThoughItsTokensAreOfNow(t *testing.T) {
	// TL-1, TL-5, RT-10.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := tokentest.New(t, s, tokentest.Eager)
		app, pages := tokentest.App(t, tokens), tokentest.CookieApp(t, tokentest.NewCookies(t, tokens))
		live, refresh := tokentest.Stored(t, s, "1", tokentest.Policy, 29*time.Minute)
		d := tokentest.DeviceWith(t, app, agedToken(live), refresh)
		d.Status("GET", "/poll", 200)
		d.Rotate()
		idle, refresh := tokentest.Stored(t, s, "1", tokentest.Policy, 30*time.Minute)
		d = tokentest.DeviceWith(t, app, agedToken(idle), refresh)
		tokentest.WantProblem(t, d.Do("GET", "/me"), 401, "session-expired")
		d.WantNoGrant(refresh)
		b := tokentest.NewBrowser(t, pages)
		b.Jar["__Host-refresh"] = refresh
		tokentest.WantProblem(t, b.Do("GET", "/me"), 401, "session-expired")
		b.Jar["__Host-access"] = d.Token
		tokentest.WantProblem(t, b.Do("GET", "/me"), 401, "session-expired")
	})
}

func TestNothingIsIssuedPastTheAbsoluteDeadlineOnAnyStore(t *testing.T) {
	// TL-2, TL-3, RT-9: twelve hours from the login, a refresh or a renewal in the last minute.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		long := func(c *tokentest.Config) { c.Policy = sliding.Policy{Idle: 12 * time.Hour, Absolute: 12 * time.Hour} }
		app := tokentest.App(t, tokentest.New(t, s, tokentest.Eager, long))
		row, refresh := tokentest.Stored(t, s, "1", sliding.Policy{Idle: 12 * time.Hour, Absolute: 12 * time.Hour}, 12*time.Hour-time.Minute)
		end := row.AbsoluteDeadline.Unix()
		d := tokentest.DeviceWith(t, app, agedToken(row), refresh)
		d.Status("GET", "/me", 200) // renews
		if exp := tokentest.Seconds(t, tokentest.ClaimsOf(t, d.Token)["exp"]); exp > end {
			t.Errorf("the renewed token expires %d s after the end", exp-end)
		}
		d.Rotate()
		if exp := tokentest.Seconds(t, tokentest.ClaimsOf(t, d.Token)["exp"]); exp > end {
			t.Errorf("the refreshed token expires %d s after the end", exp-end)
		}
		after := tokentest.RowOf(t, s, row.ID)
		if after.IdleDeadline.After(row.AbsoluteDeadline) || !after.AbsoluteDeadline.Equal(row.AbsoluteDeadline) || after.IdleDeadline.Before(row.IdleDeadline) {
			t.Errorf("deadlines %v and %v, before %v and %v", after.IdleDeadline, after.AbsoluteDeadline, row.IdleDeadline, row.AbsoluteDeadline)
		}
		over, refresh := tokentest.Stored(t, s, "1", sliding.Policy{Idle: 12 * time.Hour, Absolute: 12 * time.Hour}, 12*time.Hour)
		d = tokentest.DeviceWith(t, app, agedToken(over), refresh)
		tokentest.WantProblem(t, d.Do("GET", "/me"), 401, "session-expired")
		d.WantNoGrant(refresh)
	})
}

func TestActivityIsOneWriteAndOneTokenPerIntervalOnEachStore(t *testing.T) {
	// TL-6, TL-7, TL-10: the interval is 150 seconds.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		for _, row := range []struct {
			ago  time.Duration
			want int32
		}{{0, 0}, {140 * time.Second, 0}, {150 * time.Second, 1}, {29 * time.Minute, 1}} {
			app := tokentest.App(t, tokentest.New(t, s))
			before := tokentest.Aged(t, s, row.ago)
			var renewed atomic.Int32
			tokentest.AtOnce(20, func(int) {
				c := tokentest.ClientWith(t, app, agedToken(before))
				w := c.Do("GET", "/me")
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
			after := tokentest.RowOf(t, s, before.ID)
			if moved := after.LastSeenAt.After(before.LastSeenAt); moved != (row.want == 1) || after.IdleDeadline.Before(before.IdleDeadline) {
				t.Errorf("last seen %v ago: seen at %v and idle until %v, before %v and %v", row.ago, after.LastSeenAt, after.IdleDeadline, before.LastSeenAt, before.IdleDeadline)
			}
		}
	})
}

func TestPollingKeepsNoSessionAliveOnAnyStore(t *testing.T) {
	// TL-8.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, s)))
		before := tokentest.Aged(t, s, 20*time.Minute)
		c.Token = agedToken(before)
		for range 5 {
			if w := c.Status("GET", "/poll", 200); w.Header().Get("Access-Token") != "" {
				t.Error("a passive request got a token")
			}
		}
		if after := tokentest.RowOf(t, s, before.ID); !after.IdleDeadline.Equal(before.IdleDeadline) || !after.LastSeenAt.Equal(before.LastSeenAt) {
			t.Errorf("last seen at %v, idle until %v; before %v and %v", after.LastSeenAt, after.IdleDeadline, before.LastSeenAt, before.IdleDeadline)
		}
		if w := c.Status("GET", "/me", 200); w.Header().Get("Access-Token") == "" {
			t.Error("a request that is no poll did not count")
		}
	})
}

func TestARenewalIsThereWhateverTheStatusAndGoneAfterALogoutOnEachStore(t *testing.T) {
	// TL-9, TL-11, TL-12.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := tokentest.New(t, s)
		guard, err := middleware.New(middleware.Config{Authenticator: tokens})
		if err != nil {
			t.Fatal(err)
		}
		for _, status := range []int{200, 304, 404, 500} {
			h := guard.Handler(sliding.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })))
			row := tokentest.Aged(t, s, 10*time.Minute)
			w := tokentest.ClientWith(t, h, agedToken(row)).Status("GET", "/", status)
			token := w.Header().Get("Access-Token")
			if token == "" || w.Header().Get("Cache-Control") != "no-store" {
				t.Fatalf("status %d: headers %v, want a new token that is not to be stored", status, w.Header())
			}
			if got := w.Header().Get("Access-Token-Expires-In"); got != "300" && got != "301" {
				t.Errorf("status %d: expires in %s, want 300", status, got)
			}
			claims := tokentest.ClaimsOf(t, token)
			if claims["sid"] != row.ID || tokentest.Seconds(t, claims["auth_time"]) != row.AuthenticatedAt.Unix() {
				t.Errorf("status %d: claims %v, want the session %s, authenticated at %d", status, claims, row.ID, row.AuthenticatedAt.Unix())
			}
		}
		row := tokentest.Aged(t, s, 10*time.Minute)
		w := tokentest.ClientWith(t, tokentest.App(t, tokens), agedToken(row)).Status("POST", "/private/logout", 200)
		if w.Header().Get("Access-Token") != "" || w.Header().Get("Access-Token-Expires-In") != "" {
			t.Errorf("the answer to a logout has the headers %v", w.Header())
		}
	})
}

func TestAClientIsToldHowLongATokenLivesFromNowOnEachStore(t *testing.T) {
	// TL-12: at a login, a refresh and a new proof.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.WithRefresh)), "")
		for i, ask := range []func() *httptest.ResponseRecorder{
			func() *httptest.ResponseRecorder { return d.Do("POST", "/login", tokentest.As("1")) },
			func() *httptest.ResponseRecorder { return d.Present(d.Refresh) },
			func() *httptest.ResponseRecorder { return d.Do("POST", "/prove") },
		} {
			w := ask()
			if resp := tokentest.AnswerOf(t, w); resp.ExpiresIn != 300 && resp.ExpiresIn != 301 {
				t.Errorf("answer %d: expires in %d, want 300", i, resp.ExpiresIn)
			}
			d.Keep(w)
		}
	})
}

func TestAChangedPasswordEndsTheOtherSessionsAndGivesThisOneNewTokens(t *testing.T) {
	// LO-3, LO-9: by default, and the current one goes on under new identifiers.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := tokentest.App(t, tokentest.New(t, s, tokentest.Eager))
		here, there := tokentest.DeviceAgo(t, s, app, 10*time.Minute), tokentest.NewDevice(t, app, "1")
		former := *here
		here.Status("GET", "/me", 200)
		there.Status("GET", "/me", 200)
		if n, err := s.Users().SetPassword(t.Context(), time.Now(), "1", 0, "$argon2id$x", tokentest.SID(t, here.Token)); n != 1 || err != nil {
			t.Fatalf("SetPassword ended %d sessions (%v), want 1", n, err)
		}
		here.Prove()
		tokentest.WantProblem(t, there.Do("GET", "/me"), 401, "session-revoked")
		there.WantNoGrant(there.Refresh)
		tokentest.WantProblem(t, former.Do("GET", "/me"), 401, "invalid-credentials")
		former.WantNoGrant(former.Refresh)
		here.Status("GET", "/me", 200)
		here.Rotate()
	})
}

func TestNoSessionBeginsOrEndsWithoutAnActOfTheUserOnAnyStore(t *testing.T) {
	// LO-7, LO-8, CS-5.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := tokentest.New(t, s, tokentest.Eager)
		d, b := tokentest.NewDevice(t, tokentest.App(t, tokens), "1"), tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokens)))
		b.Login("1")
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
			for _, path := range []string{"/login?user=1", "/logout", "/prove"} {
				d.Status(method, path, 400, tokentest.As("1"))
				tokentest.WantLines(t, b.Status(method, path, 400, tokentest.As("1")))
			}
			tokentest.WantLines(t, b.Status(method, "/refresh", 400))
			for _, path := range []string{"/token?grant_type=refresh_token&refresh_token=" + d.Refresh, "/revoke?token=" + d.Token} {
				d.Status(method, path, 405)
			}
		}
		for _, path := range []string{"/login", "/logout", "/prove", "/refresh"} {
			tokentest.WantLines(t, b.Status("POST", path, 403, tokentest.As("1"), tokentest.Origin("cross-site", "https://evil.example")))
		}
		tokentest.WantLive(t, s, "1", 2)
		d.Status("GET", "/me", 200)
		d.Rotate()
		b.Status("GET", "/me", 200)
		for range 2 {
			d.Status("POST", "/logout", 200)
			b.Status("POST", "/logout", 200)
		}
		tokentest.WantLive(t, s, "1", 0)
	})
}

func TestARuleIsAskedOnEachStoreAndNothingThatAClientSaysIsBelieved(t *testing.T) {
	// AZ-1, AZ-3, JW-15: the roles are those of the user in the store, whatever a token says.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := tokentest.New(t, s)
		app := tokentest.App(t, tokens)
		ann, root := tokentest.NewClient(t, app).Login("1"), tokentest.NewClient(t, app).Login("2")
		claims := []func(*http.Request){
			tokentest.Header("X-User-Id", "2"), tokentest.Header("X-Remote-User", "root"), tokentest.Header("User", "2"), tokentest.Header("X-Roles", "admin"), tokentest.Header("X-Forwarded-For", "127.0.0.1"),
		}
		loud := tokentest.NewClient(t, app)
		loud.Token = tokentest.Sign(tokentest.GoodHeader, tokentest.Replaced(t, tokentest.GoodClaims(tokentest.SID(t, ann.Token)), `"jti"`, `"roles":["admin"],"role":"admin","jti"`))
		for range 2 { // and then as remembered
			tokentest.WantProblem(t, tokentest.NewClient(t, app).Do("GET", "/admin", claims...), 401, "no-credentials")
			tokentest.WantProblem(t, ann.Do("GET", "/admin", claims...), 403, "forbidden")
			tokentest.WantProblem(t, loud.Do("GET", "/admin", claims...), 403, "forbidden")
			root.Status("GET", "/admin", 200)
			if id := tokentest.IdentityOf(t, ann.Status("GET", "/me", 200, claims...)); id.Subject != "1" || !slices.Equal(id.Roles, []string{"user"}) {
				t.Errorf("identity %+v, want user 1 with the role user", id)
			}
		}
		guard, err := middleware.New(middleware.Config{Authenticator: tokens, Roles: []string{"user", "admin"}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = guard.Require(middleware.HasRole("amdin"))
		tokentest.WantMentions(t, err, `unknown role "amdin"`)
	})
}

func TestAnIdentifierThatWasNeverIssuedIsNotAdopted(t *testing.T) {
	// SID-2, SID-4, SID-9, SID-10: signed with our key even; and no row comes into being.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := tokentest.App(t, tokentest.New(t, s, tokentest.WithRefresh))
		never := backends.NewID("1")
		c := tokentest.NewClient(t, app)
		for name, token := range map[string]string{
			"a session that never was": tokentest.Sign(tokentest.GoodHeader, tokentest.GoodClaims(never)),
			"a static key":             "sk_live_0123456789abcdef0123456789abcdef",
			"an ID":                    never,
			"64 KB":                    strings.Repeat("A", 64<<10),
			"NUL":                      "\x00",
			"not UTF-8":                "\xff\xfe",
		} {
			c.Token = token
			if w := c.Do("GET", "/me"); w.Code != 401 {
				t.Errorf("%s: status %d, want 401", name, w.Code)
			}
		}
		d := tokentest.NewDevice(t, app, "1")
		d.WantNoGrant(tokentest.EncodeRefresh(tokentest.RefreshKeyA, never, 1, backends.NewSecret()))
		if got := tokentest.SID(t, d.Token); got == never {
			t.Error("a login adopted an identifier that a client made up")
		}
		if _, _, err := s.Find(t.Context(), time.Now(), never, backends.SecretHash{}); !errors.Is(err, backends.ErrNotFound) {
			t.Errorf("the session that never was: %v, want ErrNotFound", err)
		}
		tokentest.WantLive(t, s, "1", 1)
	})
}

func TestNoIdentifierRepeatsOnAnyStore(t *testing.T) {
	// SID-1, SID-2: IDs of sessions and tokens, secrets of refresh tokens.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := tokentest.App(t, tokentest.New(t, s, tokentest.WithRefresh))
		seen := map[string]bool{}
		for range 100 {
			d := tokentest.NewDevice(t, app, "1")
			id, _, secret, err := tokentest.ParseRefresh(tokentest.RefreshKeyA, d.Refresh)
			if err != nil || id != tokentest.SID(t, d.Token) {
				t.Fatalf("the refresh token is of session %s (%v), the access token of %s", id, err, tokentest.SID(t, d.Token))
			}
			for _, v := range []string{id, tokentest.ClaimsOf(t, d.Token)["jti"].(string), string(secret[:])} {
				if seen[v] || len(v) < 26 {
					t.Fatalf("%q repeats, or is short", v)
				}
				seen[v] = true
			}
		}
	})
}

func TestTheDatabaseHoldsNoTokenWhateverHappensToASession(t *testing.T) {
	// SID-5, SID-6: directly and through a cache, which writes nothing of its own.
	for name, through := range map[string]func(*testing.T, storetest.Store) storetest.Store{
		"postgres":         func(_ *testing.T, s storetest.Store) storetest.Store { return s },
		"postgres, cached": func(t *testing.T, s storetest.Store) storetest.Store { return storetest.Cached(t, s) },
	} {
		t.Run(name, func(t *testing.T) {
			pool, schema := pgtest.Pool(t), pgtest.Schema(t)
			s := storetest.Postgres(t, pool, schema)
			storetest.AddUsers(t, s)
			store := through(t, s)
			app := tokentest.App(t, tokentest.New(t, store, tokentest.Eager))
			d := tokentest.NewDevice(t, app, "1")
			var access, refresh []string
			keep := func() { access, refresh = append(access, d.Token), append(refresh, d.Refresh) }
			keep()
			d.Status("GET", "/me", 200)
			d.Rotate()
			keep()
			d.Status("GET", "/me", 200)
			d.Prove()
			keep()
			dump := dumped(t, pool, schema)
			var hash backends.SecretHash
			for i, token := range refresh {
				_, _, secret, err := tokentest.ParseRefresh(tokentest.RefreshKeyA, token)
				if err != nil {
					t.Fatal(err)
				}
				hash = secret.Hash()
				for _, form := range []string{
					token, access[i], access[i][len(access[i])-20:], token[len(token)-30:], tokentest.ClaimsOf(t, access[i])["jti"].(string),
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
			d.WantNoGrant(tokentest.EncodeRefresh(tokentest.RefreshKeyA, tokentest.SID(t, d.Token), 3, backends.Secret(hash)))
			d.Rotate()
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
		tokens := tokentest.New(t, s, tokentest.WithRefresh)
		d := tokentest.NewDevice(t, tokentest.App(t, tokens), "1")
		d.Status("GET", "/me", 200)
		d.Status("GET", "/me", 200)
		for name, token := range map[string]string{"access": d.Token, "refresh": d.Refresh} {
			for _, path := range []string{"/me?access_token=" + token, "/me?token=" + token, "/me?__Host-access=" + token, "/me;access_token=" + token} {
				for _, app := range []http.Handler{d.App, tokentest.CookieApp(t, tokentest.NewCookies(t, tokens))} {
					w := tokentest.NewBrowser(t, app).Do("GET", path)
					if w.Code != 401 && w.Code != 404 || strings.Contains(w.Header().Get("Location"), token) || tokentest.Lines(w) != nil {
						t.Errorf("%s: status %d, headers %v", name, w.Code, w.Header())
					}
				}
			}
			w := tokentest.NewClient(t, d.App).Do("POST", "/token?grant_type=refresh_token&refresh_token="+token, tokentest.WithForm())
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
		tokens := tokentest.New(t, s, tokentest.Eager, tokentest.Within(backends.Limit{Total: 2}), func(c *tokentest.Config) {
			c.Policy = tokentest.Busy
			c.Events = middleware.LogEvents(logger)
		})
		app := tokentest.AppOf(t, tokens, logger)
		seen := map[string]bool{}
		for range 10 {
			d := tokentest.NewDevice(t, app, "1")
			keep := func() { seen[d.Token], seen[d.Refresh] = true, true }
			keep()
			tokentest.Tick()
			d.Status("GET", "/me", 200) // renews
			keep()
			d.Status("GET", "/admin", 403)
			_, old := d.Rotate()
			keep()
			d.Present(old)
			d.Rotate()
			keep()
			d.WantNoGrant(old) // theft
			for token := range seen {
				tokentest.ClientWith(t, app, token).Do("GET", "/me")
				tokentest.ClientWith(t, app, token+"x").Do("GET", "/me")
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

func TestAnOutageBehindACacheLogsNobodyOutAndLetsNobodyIn(t *testing.T) {
	// AZ-5, RT-15, LO-10: what is remembered is good for as long as the bound says, and
	// then it is 503 and never 401. What is not remembered is 503 at once.
	synctest.Test(t, func(t *testing.T) {
		f := tokentest.NewSpy(storetest.Memory(t))
		store, err := cache.New(cache.Config{Store: f})
		if err != nil {
			t.Fatal(err)
		}
		tokens := tokentest.New(t, store, tokentest.WithRefresh)
		app := tokentest.App(t, tokens)
		known, unknown := tokentest.NewDevice(t, app, "1"), tokentest.NewDevice(t, app, "2")
		pages := tokentest.CookieApp(t, tokentest.NewCookies(t, tokens))
		b, other := tokentest.NewBrowser(t, pages), tokentest.NewBrowser(t, pages)
		b.Login("1")
		other.Login("2")
		known.Status("GET", "/me", 200)
		b.Status("GET", "/me", 200)
		f.Fail("Find", "FindUser", "Create", "Rotate", "Revoke", "Reauthenticate")
		known.Status("GET", "/me", 200)
		b.Status("GET", "/me", 200)
		tokentest.WantProblem(t, known.Do("GET", "/admin"), 403, "forbidden")
		tokentest.WantUnavailable(t, unknown.Do("GET", "/me"))
		tokentest.WantUnavailable(t, unknown.Do("GET", "/admin"))
		tokentest.WantUnavailable(t, unknown.Present(unknown.Refresh))
		tokentest.WantUnavailable(t, other.Do("POST", "/refresh"))
		tokentest.WantProblem(t, tokentest.NewClient(t, app).Do("GET", "/me"), 401, "no-credentials")
		tokentest.WantProblem(t, tokentest.ClientWith(t, app, "x.y.z").Do("GET", "/me"), 401, "invalid-credentials")
		for _, path := range []string{"/login", "/logout", "/prove"} {
			tokentest.WantUnavailable(t, unknown.Do("POST", path, tokentest.As("2")))
			tokentest.WantUnavailable(t, other.Do("POST", path, tokentest.As("2")))
		}
		known.Status("GET", "/me", 200)
		b.Status("GET", "/me", 200)
		time.Sleep(5*time.Second + time.Microsecond) // without a feed
		tokentest.WantUnavailable(t, known.Do("GET", "/me"))
		tokentest.WantUnavailable(t, b.Do("GET", "/me"))
		b.Expire()
		tokentest.WantUnavailable(t, b.Do("GET", "/me"))
		f.Fail()
		known.Status("GET", "/me", 200)
		known.Next()
		unknown.Status("GET", "/admin", 200)
		b.Status("GET", "/me", 200)
		known.Status("POST", "/logout", 200)
		known.Status("GET", "/me", 401)
	})
}

func TestAPageThatGoesOnForLongEndsWithItsSessionWhateverProvedIt(t *testing.T) {
	// LO-1, LO-2, LO-4, TL-1: a token in the header, in a cookie, in a WebSocket handshake; and
	// not with the token, which is younger.
	presented := func(resp jwtauth.Response) *http.Request { return tokentest.Presented(resp.AccessToken) }
	for name, row := range map[string]struct {
		authenticator func(*testing.T, *jwtauth.Tokens) middleware.Authenticator
		request       func(jwtauth.Response) *http.Request
	}{
		"header": {
			func(_ *testing.T, k *jwtauth.Tokens) middleware.Authenticator { return k },
			presented,
		},
		"cookie": {
			func(t *testing.T, k *jwtauth.Tokens) middleware.Authenticator { return tokentest.NewCookies(t, k) },
			func(resp jwtauth.Response) *http.Request {
				r := httptest.NewRequest("GET", "/", nil)
				r.AddCookie(&http.Cookie{Name: "__Host-refresh", Value: resp.RefreshToken})
				return r
			},
		},
		"WebSocket": {
			func(_ *testing.T, k *jwtauth.Tokens) middleware.Authenticator { return jwtauth.WebSocket(k) },
			func(resp jwtauth.Response) *http.Request {
				r := httptest.NewRequest("GET", "/", nil)
				r.Header.Set("Upgrade", "websocket")
				r.Header.Set("Sec-WebSocket-Protocol", "inga.bearer, "+resp.AccessToken)
				return r
			},
		},
		"one of several": {
			func(t *testing.T, k *jwtauth.Tokens) middleware.Authenticator {
				return middleware.FirstOf(jwtauth.WebSocket(k), k, tokentest.NewCookies(t, k))
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
				return s.Users().SetDisabled(ctx, time.Now(), "1", true)
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
						tokens := tokentest.New(t, s, tokentest.WithRefresh)
						resp, err := tokentest.Login(t, tokens, "1")
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
						go page.ServeHTTP(httptest.NewRecorder(), row.request(resp).WithContext(ctx))
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
	// RT-2, RT-5: as those that cannot be had. A token must not be replaced by one that
	// no client gets, or the next try looks like theft.
	synctest.Test(t, func(t *testing.T) {
		size := 0
		var j tokentest.Journal
		tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh, j.Use, tokentest.WithClaims(func(backends.User) (any, error) {
			return map[string]any{"x": strings.Repeat("x", size)}, nil
		}))
		d := tokentest.NewDevice(t, tokentest.App(t, tokens), "1")
		b := tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokens)))
		b.Login("1")
		b.Expire()
		size = 10_000
		for range 3 {
			if w := d.Present(d.Refresh); w.Code != 500 || !strings.Contains(w.Body.String(), "server_error") {
				t.Errorf("a program: status %d, want 500: %s", w.Code, w.Body)
			}
			tokentest.WantProblem(t, b.Do("POST", "/refresh"), 500, "internal-error")
			time.Sleep(2 * time.Minute)
		}
		size = 0
		if w := d.Present(d.Refresh); w.Code != 200 {
			t.Errorf("a program: status %d, want 200: %s", w.Code, w.Body)
		}
		if w := b.Do("GET", "/me"); w.Code != 200 {
			t.Errorf("a browser: status %d, want 200: %s", w.Code, w.Body)
		}
		if n := j.Count(middleware.EventTheft); n != 0 {
			t.Errorf("%d thefts, want none", n)
		}
	})
}
