package postgres_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
)

var growth = flag.String("growth", "10000,40000", "numbers of sessions for the table of TestCostDoesNotGrowWithTheNumberOfSessions")

// A cost is what one operation took, as the server itself says, its triggers included.
type cost struct{ statements, buffers, wal, updated, hot int }

// A meter adds up what PostgreSQL's auto_explain reports of each statement.
type meter struct {
	cost
	sent recorder
}

func (m *meter) use(c *pgxpool.Config) {
	c.MaxConns = 1
	for name, value := range map[string]string{
		"session_preload_libraries": "auto_explain", "auto_explain.log_min_duration": "0", "auto_explain.log_analyze": "on",
		"auto_explain.log_buffers": "on", "auto_explain.log_wal": "on", "auto_explain.log_timing": "off", "auto_explain.log_format": "json",
		"auto_explain.log_nested_statements": "on", "auto_explain.log_level": "notice",
	} {
		c.ConnConfig.RuntimeParams[name] = value
	}
	c.ConnConfig.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		_, text, found := strings.Cut(n.Message, "plan:")
		var report struct {
			Plan struct {
				Hit  int `json:"Shared Hit Blocks"`
				Read int `json:"Shared Read Blocks"`
				WAL  int `json:"WAL Bytes"`
			}
		}
		if !found || json.Unmarshal([]byte(text), &report) != nil {
			return
		}
		m.buffers += report.Plan.Hit + report.Plan.Read
		m.wal += report.Plan.WAL
	}
}

// samples is how many sessions each operation is tried with.
const samples = 200

// TestCostDoesNotGrowWithTheNumberOfSessions prints what each operation costs:
//
//	go test ./backends/postgres -run TestCostDoesNotGrow -v -timeout 1h -args -growth 10000,1000000,10000000
func TestCostDoesNotGrowWithTheNumberOfSessions(t *testing.T) {
	costs := map[string][]cost{}
	for _, size := range strings.Split(*growth, ",") {
		sessions := must(strconv.Atoi(size))(t)
		t.Logf("%d sessions of %d users", sessions, max(1000, sessions/10))
		t.Log("| operation | statements | buffers | WAL bytes | HOT updates |")
		t.Log("|---|--:|--:|--:|--:|")
		var m meter
		f := open(t, m.use, m.sent.use)
		fill(t, f, sessions)
		for _, o := range measured(f) {
			c := m.measure(t, f, sessions, o)
			costs[o.name] = append(costs[o.name], c)
			t.Log(c.row(o.name))
		}
	}
	for name, c := range costs {
		// A level more of each of the indexes that it uses.
		if first, last := c[0].buffers, c[len(c)-1].buffers; last > first+8 {
			t.Errorf("%s: %d buffers, then %d; want at most 8 more", name, first, last)
		}
	}
}

type operation struct {
	name string
	do   func(ctx context.Context, id string, h backends.SecretHash, userID string) error
}

// measured are the operations of requests, for sessions that nothing else was done to.
func measured(f fixture) []operation {
	grace := backends.Grace{Overlap: 10 * time.Second}
	login := func(ctx context.Context, userID string, o backends.CreateOptions) error {
		_, err := f.Create(ctx, t0, session(userID), backends.NewSecret().Hash(), o)
		return err
	}
	type hash = backends.SecretHash
	return []operation{
		{"look-up", func(ctx context.Context, id string, h hash, _ string) error {
			_, _, err := f.Find(ctx, t0, id, h)
			return err
		}},
		{"activity", func(ctx context.Context, id string, _ hash, _ string) error {
			_, _, err := f.Extend(ctx, t0.Add(time.Minute), id)
			return err
		}},
		{"refresh", func(ctx context.Context, id string, h hash, _ string) error {
			_, _, _, err := f.Rotate(ctx, t0.Add(time.Minute), id, h, 1, grace)
			return err
		}},
		{"first use after a refresh", func(ctx context.Context, id string, _ hash, _ string) error {
			return f.MarkSeen(ctx, t0.Add(time.Minute), id, 2)
		}},
		{"refresh, replayed", func(ctx context.Context, id string, h hash, _ string) error {
			_, _, _, err := f.Rotate(ctx, t0.Add(time.Minute), id, h, 1, grace)
			return err
		}},
		{"re-authentication", func(ctx context.Context, id string, h hash, userID string) error {
			s := session(userID)
			s.ID = id
			s.Begin(t0.Add(2*time.Minute), 12*time.Hour)
			return f.Reauthenticate(ctx, t0.Add(time.Minute), s, h, backends.ReauthenticateOptions{Former: t0})
		}},
		{"binding", func(ctx context.Context, id string, _ hash, _ string) error {
			_, err := f.Bind(ctx, t0.Add(time.Minute), id, key(t0))
			return err
		}},
		{"proof recorded", func(ctx context.Context, id string, _ hash, _ string) error {
			return f.Proved(ctx, t0.Add(time.Minute), id, key(t0).Thumbprint)
		}},
		{"value written", func(ctx context.Context, id string, _ hash, _ string) error {
			return f.SetValue(ctx, t0, id, "cart", make([]byte, 100))
		}},
		{"value read", func(ctx context.Context, id string, _ hash, _ string) error {
			_, err := f.Value(ctx, t0, id, "cart")
			return err
		}},
		{"list of 10 devices", func(ctx context.Context, _ string, _ hash, userID string) error {
			_, _, err := f.List(ctx, t0, userID, backends.Page{})
			return err
		}},
		{"login", func(ctx context.Context, _ string, _ hash, userID string) error {
			return login(ctx, userID, backends.CreateOptions{})
		}},
		{"login that ends one of 11", func(ctx context.Context, _ string, _ hash, userID string) error {
			return login(ctx, userID, backends.CreateOptions{Limit: backends.Limit{Total: 11}.ForAll})
		}},
		{"logout", func(ctx context.Context, id string, _ hash, _ string) error {
			_, err := f.Revoke(ctx, t0, id, "x")
			return err
		}},
		{"end of a user's 10 sessions", func(ctx context.Context, _ string, _ hash, userID string) error {
			_, err := f.RevokeUser(ctx, t0, userID, "", "x")
			return err
		}},
		{"end of all sessions", func(ctx context.Context, _ string, _ hash, _ string) error {
			return f.RevokeAll(ctx, t0, "x")
		}},
	}
}

// measure returns what o costs on average.
func (m *meter) measure(t *testing.T, f fixture, sessions int, o operation) cost {
	t.Helper()
	updated, hot := written(t, f)
	m.sent.take()
	m.cost = cost{}
	for i := range samples {
		n := (i + 1) * (sessions / 10 / samples) // each of another user
		id, h := filled(n)
		if err := o.do(t.Context(), id, h, "user"+strconv.Itoa(n%(sessions/10)+1)); err != nil {
			t.Fatalf("%s %d: %v", o.name, n, err)
		}
	}
	c := m.cost
	c.statements = len(m.sent.take())
	m.updated, m.hot = written(t, f)
	return cost{c.statements / samples, c.buffers / samples, c.wal / samples, m.updated - updated, m.hot - hot}
}

func (c cost) row(name string) string {
	hot := ""
	if c.updated > 0 {
		hot = fmt.Sprintf("%d %%", 100*c.hot/c.updated)
	}
	return fmt.Sprintf("| %s | %d | %d | %d | %s |", name, c.statements, c.buffers, c.wal, hot)
}
