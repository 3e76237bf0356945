package postgres_test

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/bench"
	"github.com/inga-auth/inga/internal/pgtest"
)

// BenchmarkServerTime reports what an operation costs all processes of the server.
func BenchmarkServerTime(b *testing.B) {
	pool := pgtest.Start(b).Pool(b, func(c *pgxpool.Config) { c.MaxConns, c.MinConns = 16, 16 })
	s := must(postgres.New(postgres.Config{Pool: pool}))(b)
	check(b, s.Migrate(b.Context()))
	bench.ServerTime(b, s, func() (sum time.Duration) {
		for _, pid := range scan[[]int32](b, pool, "SELECT array_agg(pid) FROM pg_stat_activity") {
			sum += processTime(b, pid)
		}
		return sum
	})
}

// processTime reads proc(5), /proc/pid/stat: utime and stime, in hundredths of a second, are the
// 12th and 13th field after the name in parentheses.
func processTime(b *testing.B, pid int32) time.Duration {
	b.Helper()
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		b.Skip("the time of a process is read from /proc: ", err)
	}
	fields := bytes.Fields(line[bytes.LastIndexByte(line, ')')+1:])
	user, err1 := strconv.Atoi(string(fields[11]))
	system, err2 := strconv.Atoi(string(fields[12]))
	check(b, err1)
	check(b, err2)
	return time.Duration(user+system) * 10 * time.Millisecond
}
