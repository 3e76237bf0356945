package proof_test

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"runtime"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A state is what a process says of itself.
type state struct {
	Queries    int64 // that its pool has sent so far
	Goroutines int
	Conns      int32 // of its pool
	Acquired   int32 // of them in use
	Following  bool  // the feed is heard
	Reconnects int64 // of the feed so far
	LastReason string
}

// debug has what shows and breaks a process from inside.
func (a *app) debug(mux *http.ServeMux) {
	mux.HandleFunc("GET /debug", func(w http.ResponseWriter, _ *http.Request) {
		times, reason := a.followed.told()
		s := state{
			Queries:    a.queries.Load(),
			Goroutines: goroutines(),
			Following:  a.store.Following(),
			Reconnects: times,
			LastReason: reason,
		}
		if a.pool != nil {
			pool := a.pool.Stat()
			s.Conns, s.Acquired = pool.TotalConns(), pool.AcquiredConns()
		}
		write(w, s)
	})
	mux.HandleFunc("GET /debug/goroutines", func(w http.ResponseWriter, _ *http.Request) {
		_ = pprof.Lookup("goroutine").WriteTo(w, 1) // an error means that the client has gone
	})
	mux.HandleFunc("POST /debug/clock", func(w http.ResponseWriter, r *http.Request) {
		d, err := time.ParseDuration(r.FormValue("ahead"))
		a.answer(w, r, struct{}{}, cmp.Or(err, moveClock(d)))
	})
	mux.HandleFunc("POST /debug/hold", func(w http.ResponseWriter, r *http.Request) {
		a.answer(w, r, struct{}{}, a.held.all(r.Context(), a.pool))
	})
	mux.HandleFunc("DELETE /debug/hold", func(w http.ResponseWriter, _ *http.Request) {
		a.held.release()
		write(w, struct{}{})
	})
}

// goroutines returns how many there are, but for the readers of pgx: after a write that took
// long one stays with its connection until that is used again.
func goroutines() int {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return runtime.NumGoroutine() - bytes.Count(stacks, []byte("bgreader.(*BGReader).bgRead("))
}

// queries counts the queries of a pool: it is a pgx tracer. The feed's connection has none.
type queries struct{ atomic.Int64 }

// TraceQueryStart implements [pgx.QueryTracer].
func (q *queries) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	q.Add(1)
	return ctx
}

// TraceQueryEnd implements [pgx.QueryTracer].
func (q *queries) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// followed counts how often the feed has been lost.
type followed struct {
	mu     sync.Mutex
	times  int64
	reason string
}

func (f *followed) again(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.times++
	f.reason = err.Error()
}

func (f *followed) told() (int64, string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.times, f.reason
}

// held are all connections of a pool, so that none is left.
type held struct {
	mu    sync.Mutex
	conns []*pgxpool.Conn
}

func (h *held) all(ctx context.Context, pool *pgxpool.Pool) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for range pool.Config().MaxConns {
		c, err := pool.Acquire(ctx)
		if err != nil {
			return err
		}
		h.conns = append(h.conns, c)
	}
	return nil
}

func (h *held) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.conns {
		c.Release()
	}
	h.conns = nil
}
