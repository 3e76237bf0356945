package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/bench"
)

// BenchmarkClients has 64 clients, or one, look sessions up over HTTP, each waiting for one
// response before the next request. Plain sends the same statement by hand, one for each request.
// The two take turns, so that a noisy machine disturbs both alike; each figure is the median.
func BenchmarkClients(b *testing.B) {
	f := open(b)
	sizes := bench.Sizes()
	sessions := sizes[len(sizes)-1]
	fill(b, f, sessions)
	sql := findStatement(b, f)
	store := func(ctx context.Context, n int) error {
		id, h := filled(n)
		_, _, err := f.Find(ctx, t0, id, h)
		return err
	}
	plain := func(ctx context.Context, n int) error {
		id, h := filled(n)
		return byHand(ctx, f, sql, id, h)
	}
	for _, clients := range []int{1, 64} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			ours, theirs := newCrowd(b, clients, sessions, store), newCrowd(b, clients, sessions, plain)
			var rates, plains, ratios []float64
			for b.Loop() {
				our, their := ours.rate(b), theirs.rate(b)
				rates, plains, ratios = append(rates, our), append(plains, their), append(ratios, our/their)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(rates), "requests/s")
			b.ReportMetric(median(plains), "plain/s")
			b.ReportMetric(median(ratios), "times-plain")
		})
	}
}

func median(s []float64) float64 {
	slices.Sort(s)
	return s[len(s)/2]
}

// A crowd is a server with clients, each with a connection of its own.
type crowd struct {
	conns    []*bufio.ReadWriter
	sessions int
	next     atomic.Int64
}

func newCrowd(b *testing.B, clients, sessions int, find func(context.Context, int) error) *crowd {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.URL.Path[1:])
		if err == nil {
			err = find(r.Context(), n)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	c := &crowd{sessions: sessions}
	for range clients {
		conn := must(net.Dial("tcp", server.Listener.Addr().String()))(b)
		c.conns = append(c.conns, bufio.NewReadWriter(bufio.NewReader(conn), bufio.NewWriter(conn)))
		b.Cleanup(func() { _ = conn.Close() })
	}
	b.Cleanup(server.Close)
	return c
}

// rate returns how many requests were answered in a second.
func (c *crowd) rate(b *testing.B) float64 {
	const turn = 200 * time.Millisecond
	var answered atomic.Int64
	var all sync.WaitGroup
	begin := time.Now()
	for _, conn := range c.conns {
		all.Go(func() {
			for time.Since(begin) < turn {
				if err := c.ask(conn); err != nil {
					b.Error(err)
					return
				}
				answered.Add(1)
			}
		})
	}
	all.Wait()
	return float64(answered.Load()) / time.Since(begin).Seconds()
}

// ask spends as little as it can: the server needs the processor.
func (c *crowd) ask(conn *bufio.ReadWriter) error {
	n := int(c.next.Add(1))*7919%c.sessions + 1
	_, _ = fmt.Fprintf(conn, "GET /%d HTTP/1.1\r\nHost: x\r\n\r\n", n)
	if err := conn.Flush(); err != nil {
		return err
	}
	status, err := conn.ReadString('\n')
	if err == nil && status != "HTTP/1.1 200 OK\r\n" {
		return fmt.Errorf("status %q", status)
	}
	for line := []byte(nil); err == nil && len(line) != len("\r\n"); {
		line, err = conn.ReadSlice('\n')
	}
	return err
}
