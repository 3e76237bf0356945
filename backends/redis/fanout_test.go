package redis_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/internal/redistest"
)

// What a change costs its master with so many processes that cache, each of which has a connection
// to it. The processes are connections that read what they are sent: what they do with it is on
// other machines.
func TestEachOfAThousandProcessesHearsOfAllChanges(t *testing.T) {
	loads := []load{{100, 100}, {1000, 100}}
	if *long {
		loads = []load{{0, 100}, {10, 100}, {100, 100}, {1000, 100}, {0, 1000}, {10, 1000}, {100, 1000}, {1000, 1000}}
	}
	t.Logf("%9s  %9s  %18s  %18s  %22s", "processes", "changes/s", "CPU of Redis", "µs for each change", "until heard (50, 99 %)")
	for _, l := range loads {
		l.run(t)
	}
}

type load struct{ processes, rate int }

func (l load) run(t *testing.T) {
	server := redistest.Start(t)
	prefix := "inga:"
	var readers sync.WaitGroup
	for range l.processes {
		conn := tracking(t, server, prefix)
		readers.Go(func() {
			if err := readUntil(conn, "{AA}last"); err != nil {
				t.Errorf("a process has not heard of the last change: %v", err)
			}
		})
	}
	client := dial(t, server.Addr())
	heard := newStopwatch(t, server, prefix)
	const seconds = 3
	before, began := cpu(t, server), time.Now()
	n := seconds * l.rate
	var changes sync.WaitGroup
	tick := time.NewTicker(time.Second / time.Duration(l.rate))
	defer tick.Stop()
	for range n {
		<-tick.C
		changes.Go(func() {
			if err := announce(t.Context(), client, prefix, heard.start()); err != nil {
				t.Error(err)
			}
		})
	}
	changes.Wait()
	took, used := time.Since(began), cpu(t, server)-before
	check(t, client.Do(t.Context(), client.B().Set().Key(prefix+"c:{AA}last").Value("").Build()).Error())
	readers.Wait()
	lags := heard.stop(n)
	t.Logf("%9d  %9.0f  %16.0f %%  %18.0f  %11v, %8v", l.processes, float64(n)/took.Seconds(), 100*used.Seconds()/took.Seconds(),
		float64(used.Microseconds())/float64(n), lags[n/2].Round(10*time.Microsecond), lags[n*99/100].Round(10*time.Microsecond))
}

// tracking returns a connection on which the server announces changes.
func tracking(t *testing.T, s *redistest.Server, prefix string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	check(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	check(t, conn.SetDeadline(time.Now().Add(5*time.Minute)))
	_, err = fmt.Fprintf(conn, "HELLO 3\r\nCLIENT TRACKING ON BCAST PREFIX %sc:\r\n", prefix)
	check(t, err)
	check(t, readUntil(conn, "+OK\r\n"))
	return conn
}

// readUntil reads until a text has come.
func readUntil(conn net.Conn, text string) error {
	buffer := make([]byte, 64<<10)
	for kept := 0; ; {
		n, err := conn.Read(buffer[kept:])
		if err != nil {
			return err
		}
		if bytes.Contains(buffer[:kept+n], []byte(text)) {
			return nil
		}
		kept = copy(buffer, buffer[max(0, kept+n-len(text)):kept+n]) // it may be cut in two
	}
}

// cpu returns the time that the server has used.
func cpu(t testing.TB, s *redistest.Server) (sum time.Duration) {
	t.Helper()
	for line := range strings.Lines(s.Do(t, "INFO", "cpu")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "used_cpu_user" || name == "used_cpu_sys" {
			seconds, err := strconv.ParseFloat(value, 64)
			check(t, err)
			sum += time.Duration(seconds * float64(time.Second))
		}
	}
	return sum
}

// A stopwatch measures how long changes take until they are heard.
type stopwatch struct {
	t    *testing.T
	lost <-chan error

	mu      sync.Mutex
	started map[string]time.Time
	lags    []time.Duration
	more    chan struct{}
}

func newStopwatch(t *testing.T, s *redistest.Server, prefix string) *stopwatch {
	t.Helper()
	w := &stopwatch{t: t, started: map[string]time.Time{}, more: make(chan struct{}, 1)}
	conn, release := dial(t, s.Addr()).Dedicate()
	t.Cleanup(release)
	w.lost = conn.SetOnInvalidations(w.heard)
	check(t, conn.Do(context.Background(), conn.B().Arbitrary("CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", prefix+"c:").Build()).Error())
	return w
}

// start returns a user that will change now.
func (w *stopwatch) start() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := fmt.Sprintf("user%06d", len(w.started))
	w.started[id] = time.Now()
	return id
}

func (w *stopwatch) heard(names []rueidis.RedisMessage) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range names {
		name, _ := n.ToString()
		if start, ok := w.started[name[strings.IndexByte(name, '}')+1:]]; ok {
			w.lags = append(w.lags, time.Since(start))
		}
	}
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// stop waits for n changes, and returns what each took, sorted.
func (w *stopwatch) stop(n int) []time.Duration {
	w.t.Helper()
	for late := time.After(time.Minute); ; {
		w.mu.Lock()
		if len(w.lags) >= n {
			defer w.mu.Unlock()
			return slices.Sorted(slices.Values(w.lags))
		}
		w.mu.Unlock()
		select {
		case <-w.more:
		case err := <-w.lost:
			w.t.Fatal(err)
		case <-late:
			w.t.Fatalf("%d changes were heard, want %d", len(w.lags), n)
		}
	}
}
