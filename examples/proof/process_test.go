package proof_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/pgtest"
)

// A process is a server, a process of its own, and the ways it has to the database.
type process struct {
	name       string
	url        string
	pid        int
	pool       *pgtest.Proxy // for requests
	feed, poke *pgtest.Proxy // for the feed, which polls, and listens
	client     *http.Client
	persistent bool         // 503 is asked again, as the answer says
	again      atomic.Int64 // how often
	log        *tail
}

// startProcess starts a server that ends with the test. One that ends before, or has found a
// data race, fails it.
func startProcess(t *testing.T, name string, database *pgtest.Server, s settings) *process {
	t.Helper()
	p := newProcess(name)
	p.pool, p.feed, p.poke = database.Proxy(t), database.Proxy(t), database.Proxy(t)
	s.Pool, s.Feed, s.Poke = p.pool.URL(), p.feed.URL(), p.poke.URL()
	p.start(t, s)
	return p
}

func newProcess(name string) *process {
	return &process{
		name: name, log: &tail{},
		client: &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 1000}},
	}
}

func (p *process) start(t *testing.T, s settings) {
	t.Helper()
	told, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), inProcess+"="+string(told))
	cmd.Stderr = p.log
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.pid = cmd.Process.Pid
	t.Cleanup(func() {
		p.client.CloseIdleConnections()
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("process %s ended with: %v", p.name, err)
		}
		if t.Failed() {
			t.Logf("the last that process %s said:\n%s", p.name, p.log)
		}
	})
	p.url, err = address(out)
	if err != nil {
		t.Fatalf("process %s: %v", p.name, err)
	}
}

// address reads the first line that a server prints.
func address(out io.Reader) (string, error) {
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "http://") {
		return "", fmt.Errorf("it says %q (%w)", line, err)
	}
	return strings.TrimSpace(line), nil
}

// state asks the process about itself.
func (p *process) state(t *testing.T) state {
	t.Helper()
	var s state
	a := p.send("GET", "/debug", nil, nil)
	if err := json.Unmarshal(a.body, &s); err != nil || a.status != 200 {
		t.Fatalf("process %s: status %d, %v, %v", p.name, a.status, a.err, err)
	}
	return s
}

// await asks the process about itself until it is as it should be.
func (p *process) await(t *testing.T, what string, is func(state) bool) {
	t.Helper()
	var last state
	if !eventually(func() bool { last = p.state(t); return is(last) }) {
		t.Fatalf("process %s: %s: not in %v: %+v", p.name, what, patience, last)
	}
}

// patience is how long is waited for what must come: far longer than a busy machine takes.
const patience = 3 * time.Minute

// eventually asks until the answer is yes, and reports false if it never is.
func eventually(yes func() bool) bool {
	for deadline := time.Now().Add(patience); !yes(); <-time.After(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// A tail keeps the end of what is written.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailSize = 16 << 10

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// What the race detector says is the one thing not to lose.
	if !bytes.Contains(l.buf, []byte("DATA RACE")) {
		l.buf = append(l.buf, p...)
		l.buf = l.buf[max(0, len(l.buf)-tailSize):]
	} else if len(l.buf) < 4*tailSize {
		l.buf = append(l.buf, p...)
	}
	return len(p), nil
}

func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.buf)
}
