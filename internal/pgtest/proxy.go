package pgtest

import (
	"context"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// A Proxy is a way to a server that fails on command. It begins by passing everything on. Its
// methods may be called concurrently.
type Proxy struct {
	dir      string
	upstream string // the socket of the server

	listener net.Listener
	serving  sync.WaitGroup

	there, back atomic.Int64 // nanoseconds of delay

	mu      sync.Mutex
	open    chan struct{} // closed while bytes pass
	cut     bool
	carried map[*carriage]struct{}
}

// A carriage is one connection through the proxy, on both sides.
type carriage struct {
	end  context.CancelFunc
	over chan struct{} // closed when both sides are
}

// Proxy returns a new way to the server, which ends with the test. However many there are,
// each fails by itself.
func (s *Server) Proxy(t testing.TB) *Proxy {
	t.Helper()
	config, err := pgx.ParseConfig(s.URL())
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	// Within the server's directory, so that no other user can enter, and nothing is left of it
	// whatever ends the test process.
	dir, err := os.MkdirTemp(s.dir, "p")
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	if err := give(dir); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	_, upstream := pgconn.NetworkAddress(config.Host, config.Port)
	listener, err := net.Listen("unix", filepath.Join(dir, filepath.Base(upstream)))
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	p := &Proxy{dir: dir, upstream: upstream, listener: listener, open: make(chan struct{}), carried: map[*carriage]struct{}{}}
	close(p.open)
	p.serving.Go(p.serve)
	t.Cleanup(p.remove)
	return p
}

// URL returns the connection URL of the server through the proxy.
func (p *Proxy) URL() string {
	q := url.Values{"host": {p.dir}, "user": {"postgres"}}
	return "postgres:///postgres?" + q.Encode()
}

// Pass passes everything on, beginning with what [Proxy.Blackhole] has held.
func (p *Proxy) Pass() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
	if !p.passing() {
		close(p.open)
	}
}

// Blackhole is a network that swallows everything: connections stay open on both sides and
// new ones are accepted, but of what comes after it has returned no byte passes, in neither
// direction, nor does the end of a connection. All of it is held until Pass, as TCP would
// send it again.
func (p *Proxy) Blackhole() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
	if p.passing() {
		p.open = make(chan struct{})
	}
}

// passing is called with the lock held.
func (p *Proxy) passing() bool {
	select {
	case <-p.open:
		return true
	default:
		return false
	}
}

// Cut closes all connections, and each new one as soon as it has been accepted. When it
// returns they are closed on both sides.
func (p *Proxy) Cut() {
	p.mu.Lock()
	p.cut = true
	var closing []*carriage
	for c := range p.carried {
		closing = append(closing, c)
	}
	p.mu.Unlock()
	for _, c := range closing {
		c.end()
	}
	for _, c := range closing {
		<-c.over
	}
}

// Delay delivers what comes from now on so much later: there on the way to the server, and
// back on the way from it. What is on its way is not overtaken.
func (p *Proxy) Delay(there, back time.Duration) {
	p.there.Store(int64(there))
	p.back.Store(int64(back))
}

func (p *Proxy) remove() {
	_ = p.listener.Close()
	p.Cut()
	p.serving.Wait()
	_ = os.Remove(p.dir)
}

func (p *Proxy) serve() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.serving.Go(func() {
			defer client.Close()
			ctx, c := p.admit()
			if c == nil {
				return
			}
			defer p.forget(c)
			p.carry(ctx, client)
		})
	}
}

// admit returns nil if there are to be no connections.
func (p *Proxy) admit() (context.Context, *carriage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		return nil, nil
	}
	ctx, end := context.WithCancel(context.Background())
	c := &carriage{end: end, over: make(chan struct{})}
	p.carried[c] = struct{}{}
	return ctx, c
}

func (p *Proxy) forget(c *carriage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.carried, c)
	c.end()
	close(c.over)
}

// carry connects the client with the server until one of them, or ctx, ends that.
func (p *Proxy) carry(ctx context.Context, client net.Conn) {
	defer client.Close()
	if !p.pass(ctx) {
		return
	}
	server, err := net.Dial("unix", p.upstream)
	if err != nil {
		return
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	var ways sync.WaitGroup
	ways.Go(func() { defer end(); p.pump(ctx, server, client, &p.there) })
	ways.Go(func() { defer end(); p.pump(ctx, client, server, &p.back) })
	<-ctx.Done()
	_, _ = client.Close(), server.Close() // which ends the reading of both
	ways.Wait()
}

// pass waits until bytes pass, and reports false if ctx ends first.
func (p *Proxy) pass(ctx context.Context) bool {
	p.mu.Lock()
	open := p.open
	p.mu.Unlock()
	select {
	case <-open:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// A chunk is what was read at once, and when to deliver it. No bytes are the end.
type chunk struct {
	bytes []byte
	due   time.Time
}

// pump delivers to one side what comes from the other, until that ends.
func (p *Proxy) pump(ctx context.Context, to, from net.Conn, delay *atomic.Int64) {
	chunks := make(chan chunk, 1024)
	var reading sync.WaitGroup
	reading.Go(func() { read(ctx, from, chunks, delay) })
	defer reading.Wait()
	// carry closes from only when a way has ended, and this one waits for its reading.
	defer from.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case c := <-chunks:
			if !sleepUntil(ctx, c.due) || !p.pass(ctx) || c.bytes == nil {
				return
			}
			if _, err := to.Write(c.bytes); err != nil {
				return
			}
		}
	}
}

// read reads until the connection ends, and says so with a last chunk.
func read(ctx context.Context, from net.Conn, chunks chan<- chunk, delay *atomic.Int64) {
	for {
		buf := make([]byte, 16<<10)
		n, err := from.Read(buf)
		due := time.Now().Add(time.Duration(delay.Load()))
		if n > 0 && !send(ctx, chunks, chunk{buf[:n], due}) {
			return
		}
		if err != nil {
			send(ctx, chunks, chunk{nil, due})
			return
		}
	}
}

func send(ctx context.Context, chunks chan<- chunk, c chunk) bool {
	select {
	case chunks <- c:
		return true
	case <-ctx.Done():
		return false
	}
}

// sleepUntil reports false if ctx ends first.
func sleepUntil(ctx context.Context, due time.Time) bool {
	wait := time.Until(due)
	if wait <= 0 {
		return true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
