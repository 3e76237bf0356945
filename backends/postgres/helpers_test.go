package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// t0 is when the tests happen.
var t0 = time.Date(2031, time.May, 6, 7, 8, 9, 123456000, time.UTC)

// A fixture is a migrated store in a schema of its own, with the user "ann".
type fixture struct {
	*postgres.Store
	users  backends.Users
	pool   *pgxpool.Pool
	schema string
}

func open(t testing.TB, changes ...func(*pgxpool.Config)) fixture {
	t.Helper()
	return openOn(t, pgtest.Pool(t, changes...), pgtest.Schema(t))
}

func openOn(t testing.TB, pool *pgxpool.Pool, schema string) fixture {
	t.Helper()
	// A busy machine is no outage.
	store := must(postgres.New(postgres.Config{Pool: pool, Schema: schema, Timeout: time.Minute}))(t)
	check(t, store.Migrate(t.Context()))
	users := store.Users()
	check(t, users.CreateUser(t.Context(), backends.User{ID: "ann", Name: "Ann", Roles: []string{"user"}}, "$hash"))
	return fixture{store, users, pool, schema}
}

// session returns a session of the user, begun at t0: half an hour without activity,
// twelve hours at all, activity counted once a minute. Its first refresh token is current.
func session(userID string) backends.Session {
	return backends.Session{
		ID: backends.NewID(userID), UserID: userID, Kind: backends.KindCookie, AMR: []string{"pwd"},
		Client:    backends.Client{IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "Firefox", Label: "desk"},
		CreatedAt: t0, AuthenticatedAt: t0, LastSeenAt: t0,
		IdleTimeout: 30 * time.Minute, RenewalInterval: time.Minute,
		IdleDeadline: t0.Add(30 * time.Minute), AbsoluteDeadline: t0.Add(12 * time.Hour),
		Refresh: backends.Refresh{Generation: 1, RotatedAt: t0},
	}
}

// login creates a session of the user and returns it with its secret.
func login(t testing.TB, store backends.Store, userID string) (backends.Session, backends.Secret) {
	t.Helper()
	s, secret := session(userID), backends.NewSecret()
	must(store.Create(t.Context(), t0, s, secret.Hash(), backends.CreateOptions{}))(t)
	return s, secret
}

// createAt creates a session of the user, who must still have the version.
func createAt(ctx context.Context, store backends.Store, userID string, version int64) error {
	_, err := store.Create(ctx, t0, session(userID), backends.NewSecret().Hash(), backends.CreateOptions{UserVersion: version})
	return err
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// must returns the value, for a test that ends if there is an error instead.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		check(t, err)
		return v
	}
}

func exec(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// later sends the statement when the test has ended. The test's own context has then too.
func later(t testing.TB, pool *pgxpool.Pool, sql string) {
	t.Cleanup(func() {
		if _, err := pool.Exec(context.Background(), sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	})
}

// begin starts a transaction that ends with the test at the latest.
func begin(t *testing.T, f fixture) pgx.Tx {
	t.Helper()
	tx := must(f.pool.Begin(t.Context()))(t)
	t.Cleanup(func() { _ = tx.Rollback(context.Background()) })
	return tx
}

// soon is the context of what must not wait for a lock: it fails instead of waiting on.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func scan[T any](t testing.TB, pool *pgxpool.Pool, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := pool.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// A query is a statement that was sent.
type query struct {
	sql  string
	args []any
}

// A recorder is a pgx tracer that keeps the statements it sees.
type recorder struct {
	mu      sync.Mutex
	queries []query
	before  func(ctx context.Context, sql string) // called when a statement begins
	after   func(sql string)                      // called when a statement has ended
}

type sentKey struct{}

func (r *recorder) use(c *pgxpool.Config) { c.ConnConfig.Tracer = r }

func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	r.mu.Lock()
	r.queries = append(r.queries, query{d.SQL, d.Args})
	before := r.before
	r.mu.Unlock()
	if before != nil {
		before(ctx, d.SQL)
	}
	return context.WithValue(ctx, sentKey{}, d.SQL)
}

func (r *recorder) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	r.mu.Lock()
	after := r.after
	r.mu.Unlock()
	if sql, ok := ctx.Value(sentKey{}).(string); ok && after != nil {
		after(sql)
	}
}

// take returns the statements since the last call.
func (r *recorder) take() []query {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.queries
	r.queries = nil
	return q
}

// verdict reports whether err says anything about a session or a user, as opposed to: the
// store could not be asked.
func verdict(err error) bool {
	return errors.Is(err, backends.ErrNotFound) || errors.Is(err, backends.ErrConflict) || errors.Is(err, backends.ErrNotLive)
}

// key is the binding of a session to the key of RFC 7638, section 3.1, at now.
func key(now time.Time) backends.Binding {
	return backends.Binding{
		Algorithm: "RS256", Thumbprint: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", Key: `{"e":"AQAB","kty":"RSA","n":"0vx7"}`,
		BoundAt: now, ProvedAt: now,
	}
}

// operations are all methods of a store that ask the database, by name.
func operations(f fixture, s backends.Session, h backends.SecretHash) map[string]func(context.Context) error {
	next := backends.NewSecret().Hash()
	return map[string]func(context.Context) error{
		"Migrate": f.Migrate,
		"Create": func(ctx context.Context) error {
			_, err := f.Create(ctx, t0, session("ann"), backends.NewSecret().Hash(), backends.CreateOptions{})
			return err
		},
		"Create with a limit": func(ctx context.Context) error {
			o := backends.CreateOptions{Replaces: backends.NewID("ann"), Limit: backends.Limit{Total: 100}.ForAll}
			_, err := f.Create(ctx, t0, session("ann"), backends.NewSecret().Hash(), o)
			return err
		},
		"FindUser": func(ctx context.Context) error { _, err := f.FindUser(ctx, "ann"); return err },
		"SetValue": func(ctx context.Context) error { return f.SetValue(ctx, t0, s.ID, "k", nil) },
		"Value": func(ctx context.Context) error {
			_, err := f.Value(ctx, t0, s.ID, "k")
			return notAbsent(err)
		},
		"TakeValue": func(ctx context.Context) error {
			_, err := f.TakeValue(ctx, t0, s.ID, "k")
			return notAbsent(err)
		},
		"Claim": func(ctx context.Context) error {
			_, err := f.Claim(ctx, t0, backends.HashName("test", backends.NewID("ann")), t0.Add(time.Minute))
			return err
		},
		"Attempt": func(ctx context.Context) error {
			return f.Attempt(ctx, t0, backends.PerAccount("test", backends.NewID("ann")))
		},
		"Succeed":         func(ctx context.Context) error { return f.Succeed(ctx, t0, backends.PerAccount("test", "ann")) },
		"Bind":            func(ctx context.Context) error { _, err := f.Bind(ctx, t0, s.ID, key(t0)); return err },
		"Proved":          func(ctx context.Context) error { return f.Proved(ctx, t0, s.ID, key(t0).Thumbprint) },
		"Find":            func(ctx context.Context) error { _, _, err := f.Find(ctx, t0, s.ID, h); return err },
		"Find without it": func(ctx context.Context) error { _, _, err := f.Find(ctx, t0, s.ID, backends.SecretHash{}); return err },
		"Extend":          func(ctx context.Context) error { _, _, err := f.Extend(ctx, t0, s.ID); return err },
		"Reauthenticate": func(ctx context.Context) error {
			again := s
			again.Begin(t0.Add(time.Minute), 12*time.Hour)
			return f.Reauthenticate(ctx, t0, again, next, backends.ReauthenticateOptions{Former: t0})
		},
		"Rotate": func(ctx context.Context) error {
			_, _, r, err := f.Rotate(ctx, t0.Add(time.Second), s.ID, h, 1, backends.Grace{Overlap: time.Second})
			if err == nil && r != backends.Rotated {
				return fmt.Errorf("verdict %v, want Rotated", r)
			}
			return err
		},
		"MarkSeen":   func(ctx context.Context) error { return f.MarkSeen(ctx, t0, s.ID, 1) },
		"Revoke":     func(ctx context.Context) error { _, err := f.Revoke(ctx, t0, s.ID, "x"); return err },
		"List":       func(ctx context.Context) error { _, _, err := f.List(ctx, t0, "ann", backends.Page{}); return err },
		"RevokeUser": func(ctx context.Context) error { _, err := f.RevokeUser(ctx, t0, "ann", "", "x"); return err },
		"RevokeAll":  func(ctx context.Context) error { return f.RevokeAll(ctx, t0, "x") },
		"Sweep":      func(ctx context.Context) error { _, err := f.Sweep(ctx, t0); return err },
		"CreateUser": func(ctx context.Context) error {
			return f.users.CreateUser(ctx, backends.User{ID: "bob", Name: "Bob"}, "")
		},
		"UserByName": func(ctx context.Context) error { _, _, err := f.users.UserByName(ctx, "Ann"); return err },
		"ListUsers":  func(ctx context.Context) error { _, err := f.users.ListUsers(ctx, "", 10); return err },
		"SetPassword": func(ctx context.Context) error {
			_, err := f.users.SetPassword(ctx, t0, "ann", 0, "$2", "")
			return err
		},
		"Rehash":      func(ctx context.Context) error { return f.users.Rehash(ctx, "ann", "$hash", "$3") },
		"SetRoles":    func(ctx context.Context) error { return f.users.SetRoles(ctx, "ann", []string{"a"}) },
		"SetDisabled": func(ctx context.Context) error { return f.users.SetDisabled(ctx, t0, "ann", true) },
		"DeleteUser":  func(ctx context.Context) error { return f.users.DeleteUser(ctx, t0, "ann") },
	}
}

// notAbsent is err unless it says that there is no such value, which is an answer too.
func notAbsent(err error) error {
	if errors.Is(err, backends.ErrNoValue) {
		return nil
	}
	return err
}

func mode(m pgx.QueryExecMode) func(*pgxpool.Config) {
	return func(c *pgxpool.Config) { c.ConnConfig.DefaultQueryExecMode = m }
}
