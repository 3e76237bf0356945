package proof_test

import (
	"cmp"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/pgtest"
)

var (
	seed    = flag.Uint64("seed", 0, "from which all choices follow; 0: another one each time")
	maxLag  = flag.Duration("lag", 2*time.Second, "cache.Config.MaxLag of the servers")
	maxAge  = flag.Duration("age", 4*time.Second, "cache.Config.MaxAge of the servers of TestLag")
	stopFor = flag.Duration("stop", 3*time.Second, "how long TestLag stops processes")
	samples = flag.Int("samples", 24, "how many revocations TestLag measures while the feed is alive; a third of it when it is not")
	plot    = flag.String("plot", "", "a file into which TestLag draws what it measured, as SVG")
	lasting = flag.Duration("for", 10*time.Second, "how long TestModel goes on, or longer until it has checked enough")
	clients = flag.Int("clients", 36, "how many there are in TestModel")
)

func TestMain(m *testing.M) {
	if told := os.Getenv(inProcess); told != "" {
		slog.Error("server", "error", serve(told))
		os.Exit(1)
	}
	flag.Parse()
	// These tests wait more than they work.
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set("4")
	}
	*seed = cmp.Or(*seed, rand.Uint64N(1e6)+1)
	os.Exit(pgtest.Main(m))
}

// dice returns the choices of the one with the number, and prints how to have them again.
func dice(t *testing.T, number uint64) *rand.Rand {
	t.Helper()
	if number == 0 {
		t.Logf("seed %d", *seed)
	}
	return rand.New(rand.NewPCG(*seed, number))
}

// between returns a time from low to high.
func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(high-low)+1))
}

// pick returns one of the list.
func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// ms prints a time in milliseconds.
func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/1e6) }
