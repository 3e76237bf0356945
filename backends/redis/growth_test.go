package redis_test

import (
	"context"
	"flag"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/rueidis"

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
	}
}

// memory returns what the keys of a session take, by their kinds, and the tables that all keys are in.
func memory(t *testing.T, client rueidis.Client, id string) map[string]int {
	t.Helper()
	ctx, b := context.Background(), client.B()
	tag, rest := id[:2], id[2:]
	taken := map[string]int{}
	for kind, key := range map[string]string{
		"s": "s:{" + tag + "}" + rest, "u": "u:{" + tag + "}" + rest[:2], "l": "l:{" + tag + "}user-1", "p": "p:{" + tag + "}user-1",
	} {
		for _, key := range []string{"inga:" + key} {
			if n, err := client.Do(ctx, b.MemoryUsage().Key(key).Samples(0).Build()).AsInt64(); err == nil {
				taken[kind] = int(n)
			}
		}
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
