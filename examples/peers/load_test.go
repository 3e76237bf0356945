//go:build unix

package peers_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// conns is how many connections there are to a server. Each has as many sessions of its own,
// and uses them in turn.
const conns, sessionsPerConn = 32, 300

// BenchmarkServer reports the CPU time that a request costs a server in a process of its own, and
// how much that is beside the server by hand. Other load on the machine affects it less than
// time. The two servers take turns; each figure is the median of all turns.
func BenchmarkServer(b *testing.B) {
	turn, sessions := 6_000, sessionsPerConn
	if testing.Short() {
		turn, sessions = conns, 1
	}
	for _, c := range candidates() {
		if c.name == hand {
			continue
		}
		b.Run(c.name, func(b *testing.B) {
			ours, byHand := newLoad(b, start(b, c.name), sessions), newLoad(b, start(b, hand), sessions)
			var costs, floors, ratios, rates []float64
			for b.Loop() {
				cost, rate := ours.send(b, turn)
				floor, _ := byHand.send(b, turn)
				costs, floors, ratios, rates = append(costs, cost), append(floors, floor), append(ratios, cost/floor), append(rates, rate)
			}
			b.ReportMetric(0, "ns/op") // of a turn
			b.ReportMetric(median(costs), "cpu-µs/request")
			b.ReportMetric(median(floors), "hand-cpu-µs/request")
			b.ReportMetric(median(ratios), "cpu/hand")
			b.ReportMetric(median(rates), "requests/s")
		})
	}
}

func median(s []float64) float64 {
	slices.Sort(s)
	return s[len(s)/2]
}

// A load is a server with connections that send requests.
type load struct {
	server
	conns []*conn
}

// newLoad returns a load on the server, which has seen each session twice.
func newLoad(b *testing.B, s server, sessions int) *load {
	b.Helper()
	l := &load{server: s}
	for range conns {
		l.conns = append(l.conns, s.dial(b, sessions))
	}
	l.send(b, 2*conns*sessions)
	return l
}

// send sends so many requests, over all connections at once. It returns the CPU time that the
// server took for one, in microseconds, and how many it answered in a second.
func (l *load) send(b *testing.B, requests int) (cost, rate float64) {
	b.Helper()
	before, begin := l.cpuTime(b), time.Now()
	var sending sync.WaitGroup
	for _, c := range l.conns {
		sending.Go(func() {
			for range requests / conns {
				if err := c.get(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	sending.Wait()
	took, cpu := time.Since(begin), l.cpuTime(b)-before
	sent := float64(requests / conns * conns)
	return float64(cpu.Nanoseconds()) / 1000 / sent, sent / took.Seconds()
}

// A conn is a connection that sends prepared requests, so that it takes little of the CPU time
// that the server needs.
type conn struct {
	net.Conn
	in       *bufio.Reader
	requests [][]byte // one for each session
	next     int
}

func (s server) dial(b *testing.B, sessions int) *conn {
	b.Helper()
	host := strings.TrimPrefix(s.url, "http://")
	c, err := net.Dial("tcp", host)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	requests := make([][]byte, sessions)
	for i := range requests {
		cookie := s.login(b)
		requests[i] = fmt.Appendf(nil, "GET / HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\n\r\n", host, cookie.Name, cookie.Value)
	}
	return &conn{Conn: c, in: bufio.NewReader(c), requests: requests}
}

// get sends the next request and reads the response.
func (c *conn) get() error {
	if _, err := c.Write(c.requests[c.next]); err != nil {
		return err
	}
	c.next = (c.next + 1) % len(c.requests)
	status, err := c.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("status line %q, want 200", status)
	}
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == len("\r\n") {
			break
		}
	}
	_, err = c.in.Discard(len(greeting))
	return err
}
