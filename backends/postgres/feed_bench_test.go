package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

const clients, followers, round = 64, 3, 16_000

// BenchmarkFeed is what the feed costs those who end sessions: by the statement alone, by a
// request that logs out, and by a login whose limit ends another session. 64 clients do so in turns
// with triggers and three caches that follow, and without either. One operation is a round of
// each. Lag is from the return of the call that ended the session until a follower hears of it;
// it is measured of every tenth change in the same rounds, and with ten changes a second.
func BenchmarkFeed(b *testing.B) {
	for _, row := range []struct {
		name string
		end  func(b *testing.B, f fixture, n int)
	}{
		{"revoke", revoke},
		{"logout", logOut},
		{"eviction", evict},
	} {
		b.Run(row.name, func(b *testing.B) {
			f := openOn(b, pgtest.Start(b).Pool(b, func(c *pgxpool.Config) { c.MaxConns, c.MinConns = clients, clients }), "inga")
			exec(b, f.pool, `INSERT INTO inga.users (id, password_hash, roles, disabled) SELECT 'user' || n, '', '{}', false FROM generate_series(0, $1) n`, round)
			var without, with time.Duration
			l := &lags{since: map[string]time.Time{}}
			for n := range 2 * b.N {
				if n%4 == 0 || n%4 == 3 { // in both orders
					without += inRound(b, f, "DISABLE", row.end, nil)
					continue
				}
				stop := follow(b, f, l)
				with += inRound(b, f, "ENABLE ALWAYS", row.end, l)
				stop()
			}
			perSecond := func(d time.Duration) float64 { return float64(b.N*round) / d.Seconds() }
			b.ReportMetric(perSecond(without), "without/s")
			b.ReportMetric(perSecond(with), "with/s")
			b.ReportMetric(float64(without)/float64(with), "with/without")
			l.report(b, "storm")
		})
	}
	b.Run("alone", func(b *testing.B) {
		f := openOn(b, pgtest.Start(b).Pool(b), "inga")
		l := &lags{since: map[string]time.Time{}}
		defer follow(b, f, l)()
		sessionsOfUsers(b, f)
		for n := 0; n < 500*b.N; n += 10 {
			revoke(b, f, n)
			l.ended(fmt.Sprint("user", n))
			l.wait(b, followers*(n/10+1))
			<-time.After(100 * time.Millisecond)
		}
		l.report(b, "alone")
	})
}

func benchID(n int) string {
	id, _ := filled(n + 1)
	return id
}

// sessionsOfUsers replaces all sessions: one of each user.
func sessionsOfUsers(b *testing.B, f fixture) {
	b.Helper()
	exec(b, f.pool, "TRUNCATE inga.sessions")
	rows := make([][]any, round)
	for n := range rows {
		rows[n] = []any{benchID(n), []byte(nil), fmt.Sprint("user", n), "cookie", "192.0.2.7", "Firefox", "", []string{"pwd"}, t0, t0, t0,
			int64(1800000000), int64(60000000), t0.Add(30 * time.Minute), t0.Add(12 * time.Hour), int64(0)}
	}
	columns := []string{"id", "secret_hash", "user_id", "kind", "ip", "user_agent", "label", "amr", "created_at", "authenticated_at", "last_seen_at",
		"idle_timeout", "renewal_interval", "idle_deadline", "absolute_deadline", "refresh_generation"}
	must(f.pool.CopyFrom(b.Context(), pgx.Identifier{"inga", "sessions"}, columns, pgx.CopyFromRows(rows)))(b)
	exec(b, f.pool, "VACUUM ANALYZE inga.sessions")
}

// logOut is what a request does that logs out: its session is looked up, and ended.
func logOut(b *testing.B, f fixture, n int) {
	if _, _, err := f.Find(b.Context(), t0, benchID(n), backends.SecretHash{}); err != nil {
		b.Errorf("Find: %v", err)
	}
	revoke(b, f, n)
}

func revoke(b *testing.B, f fixture, n int) {
	if ok, err := f.Revoke(b.Context(), t0, benchID(n), backends.ReasonLogout); err != nil || !ok {
		b.Errorf("Revoke: %v, %v", ok, err)
	}
}

func evict(b *testing.B, f fixture, n int) {
	o := backends.CreateOptions{Limit: backends.Limit{Total: 1}.ForAll}
	ended, err := f.Create(b.Context(), t0, session(fmt.Sprint("user", n)), backends.NewSecret().Hash(), o)
	if err != nil || len(ended) != 1 {
		b.Errorf("Create: ended %v, %v", ended, err)
	}
}

// inRound ends the sessions of all users and returns how long that took.
func inRound(b *testing.B, f fixture, triggers string, end func(*testing.B, fixture, int), l *lags) time.Duration {
	b.Helper()
	for _, name := range []string{"changed", "deleted", "truncated"} {
		exec(b, f.pool, "ALTER TABLE inga.sessions "+triggers+" TRIGGER "+name)
	}
	sessionsOfUsers(b, f)
	exec(b, f.pool, "CHECKPOINT")
	began := time.Now()
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for n := client; n < round; n += clients {
				end(b, f, n)
				if l != nil && n%10 == 0 {
					l.ended(fmt.Sprint("user", n))
				}
			}
		})
	}
	all.Wait()
	took := time.Since(began)
	if l != nil {
		l.wait(b, followers*round/10)
		l.count = 0
		clear(l.since)
	}
	return took
}

// follow starts caches with pools of their own.
func follow(b *testing.B, f fixture, l *lags) (stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	var all sync.WaitGroup
	for range followers {
		config := f.pool.Config()
		config.MaxConns, config.MinConns = 4, 0
		pool := must(pgxpool.NewWithConfig(ctx, config))(b)
		store := must(postgres.New(postgres.Config{Pool: pool}))(b)
		c := must(cache.New(cache.Config{Store: heard{store, l}}))(b)
		all.Go(func() {
			defer pool.Close()
			_ = c.Follow(ctx, func(err error) { b.Error(err) })
		})
		for !c.Following() {
			<-time.After(time.Millisecond)
		}
	}
	return func() {
		cancel()
		all.Wait()
	}
}

// heard is a store whose changes are timed.
type heard struct {
	*postgres.Store
	lags *lags
}

func (h heard) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	return h.Store.Watch(ctx, every, timed{l, h.lags})
}

type timed struct {
	backends.Listener
	lags *lags
}

func (t timed) Changed(c backends.Change) {
	if strings.HasSuffix(c.UserID, "0") {
		t.lags.heard(c.UserID)
	}
	t.Listener.Changed(c)
}

// lags are how long changes took to be heard of.
type lags struct {
	mu    sync.Mutex
	since map[string]time.Time
	all   []time.Duration
	count int
}

func (l *lags) ended(user string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since[user] = time.Now()
}

func (l *lags) heard(user string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count++
	if since, ok := l.since[user]; ok {
		l.all = append(l.all, time.Since(since))
	} else {
		l.all = append(l.all, 0)
	}
}

// wait waits until so many changes were heard.
func (l *lags) wait(b *testing.B, changes int) {
	b.Helper()
	for late := time.After(30 * time.Second); ; {
		l.mu.Lock()
		if l.count >= changes {
			l.mu.Unlock()
			return
		}
		l.mu.Unlock()
		select {
		case <-late:
			b.Fatalf("%d of %d changes were heard", l.count, changes)
		case <-time.After(time.Millisecond):
		}
	}
}

func (l *lags) report(b *testing.B, name string) {
	slices.Sort(l.all)
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	for _, p := range []int{50, 99} {
		b.ReportMetric(ms(l.all[len(l.all)*p/100]), fmt.Sprintf("%s-p%d-ms", name, p))
	}
	b.ReportMetric(ms(l.all[len(l.all)-1]), name+"-max-ms")
}
