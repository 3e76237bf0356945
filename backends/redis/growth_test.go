package redis_test

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

var growth = flag.String("growth", "10000,40000", "numbers of sessions for the tables of TestASessionTakesLessThan700BytesAndItsCostDoesNotGrow")

// TestASessionTakesLessThan700BytesAndItsCostDoesNotGrow prints what sessions take in memory, and what
// each operation takes of the server's time:
//
//	go test ./backends/redis -run TestASessionTakes -v -timeout 1h -args -growth 10000,1000000,5000000
func TestASessionTakesLessThan700BytesAndItsCostDoesNotGrow(t *testing.T) {
	const each = 10
	for _, size := range strings.Split(*growth, ",") {
		n := must(strconv.Atoi(size))(t)
		server := redistest.Start(t)
		client := dial(t, server.Addr())
		s := open(t, redis.Config{Client: client, Prefix: "inga:"})
		empty := info(t, client, "memory", "used_memory")
		ids := fill(t, s, n/each, each)
		got := memory(t, client, ids[0])
		total := (info(t, client, "memory", "used_memory") - empty) / n
		t.Logf("%d sessions of %d users: %d bytes each, their users included", n, n/each, total)
		t.Logf("session %d, list %d, user %d, tables of keys %d and of expiries %d for each key", got["s"], got["l"]/each, (got["u"]+got["p"])/each, got["keys"], got["expires"])
		if total > 700 {
			t.Errorf("%d sessions: %d bytes each, want at most 700", n, total)
		}
		for _, o := range measured(s, ids, each) {
			before := serverTime(t, client)
			for i := range samples {
				check(t, o.do(t.Context(), i))
			}
			t.Logf("| %s | %.0f |", o.name, float64((serverTime(t, client)-before).Nanoseconds())/1000/samples)
		}
	}
}

// samples is how many sessions each operation is tried with.
const samples = 500

// An operation is done with one of the sessions of fill.
type operation struct {
	name string
	do   func(ctx context.Context, n int) error
}

func measured(s *redis.Store, ids []string, each int) []operation {
	step := len(ids) / samples / each * each // the first of a user
	user := func(n int) string { return fmt.Sprintf("user-%d", n*step/each+1) }
	limit := backends.CreateOptions{Limit: backends.Limit{Total: each}.ForAll}
	return []operation{
		{"look-up", func(ctx context.Context, n int) error {
			_, _, err := s.Find(ctx, t0, ids[n*step], backends.SecretHash{})
			return err
		}},
		{"activity", func(ctx context.Context, n int) error {
			_, _, err := s.Extend(ctx, t0.Add(2*time.Minute), ids[n*step])
			return err
		}},
		{"login that ends one of 11", func(ctx context.Context, n int) error {
			_, err := s.Create(ctx, t0, session(user(n)), backends.SecretHash{1}, limit)
			return err
		}},
		{"list of 10 sessions", func(ctx context.Context, n int) error {
			_, _, err := s.List(ctx, t0, user(n), backends.Page{})
			return err
		}},
		{"logout", func(ctx context.Context, n int) error {
			_, err := s.Revoke(ctx, t0, ids[n*step], backends.ReasonLogout)
			return err
		}},
		{"end of a user's 9 sessions", func(ctx context.Context, n int) error {
			_, err := s.RevokeUser(ctx, t0, user(n), "", backends.ReasonRevoked)
			return err
		}},
	}
}

// memory returns what the keys of a session take, by their kinds, and the tables that all keys are in.
func memory(t *testing.T, client rueidis.Client, id string) map[string]int {
	t.Helper()
	ctx, b := context.Background(), client.B()
	tag, rest := id[:2], id[2:]
	taken := map[string]int{}
	for kind, rest := range map[string]string{"s": rest, "u": rest[:2], "l": "user-1", "p": "user-1"} {
		usage := b.MemoryUsage().Key("inga:" + kind + ":{" + tag + "}" + rest).Samples(0).Build()
		taken[kind] = int(must(client.Do(ctx, usage).AsInt64())(t))
	}
	stats := must(client.Do(ctx, b.MemoryStats().Build()).AsMap())(t)
	db := must(func() (map[string]rueidis.RedisMessage, error) { m := stats["db.0"]; return m.AsMap() }())(t)
	keys := must(func() (int64, error) { m := stats["keys.count"]; return m.AsInt64() }())(t)
	for kind, field := range map[string]string{"keys": "overhead.hashtable.main", "expires": "overhead.hashtable.expires"} {
		m := db[field]
		taken[kind] = int(must(m.AsInt64())(t) / keys)
	}
	return taken
}

func info(t testing.TB, client rueidis.Client, section, field string) int {
	t.Helper()
	return must(strconv.Atoi(infoText(t, client, section, field)))(t)
}

func infoText(t testing.TB, client rueidis.Client, section, field string) string {
	t.Helper()
	text := must(client.Do(context.Background(), client.B().Info().Section(section).Build()).ToString())(t)
	_, after, _ := strings.Cut(text, field+":")
	value, _, _ := strings.Cut(after, "\r\n")
	return value
}
