package redistest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

var errNoServer = errors.New("redistest: no Redis here: install redis-server, with redis-cli (Debian: redis-server)")

// What all tests of a process share: package variables, because tests have no other place in
// common.
var (
	home     = sync.OnceValues(newHome)
	nextPort atomic.Int32
)

// A place is where the servers of a process live: a directory, and an address.
type place struct {
	dir   string
	watch io.Closer // keeps the watcher's input open until the process ends
}

// watcher is a shell script that sits beside the test process and waits for the end of its
// standard input. That comes when the process ends, be it by SIGKILL or by the test's timeout.
// SIGKILL reaches paused servers, too.
const watcher = `
trap '' INT
read -r _
for pid in "$1"/*/pid; do
	[ -s "$pid" ] && kill -KILL "$(cat "$pid")" 2>/dev/null
done
# A server that is dying may still create a file.
for _ in 1 2 3 4 5 6 7 8 9 10; do
	rm -rf -- "$1" 2>/dev/null && break
	sleep 0.1
done
`

func newHome() (*place, error) {
	for _, program := range []string{"redis-server", "redis-cli"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, errNoServer
		}
	}
	dir, err := os.MkdirTemp("", "redistest")
	if err != nil {
		return nil, fmt.Errorf("redistest: %w", err)
	}
	cmd := exec.Command("/bin/sh", "-c", watcher, "redistest", dir)
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil, fmt.Errorf("redistest: %w", errors.Join(err, os.RemoveAll(dir)))
	}
	return &place{dir, in}, nil
}

// address is that of this process: no other one that lives has its ID.
func address() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 1+pid>>16&0x7f, pid>>8&0xff, pid&0xff)
}

// newServer returns a server that has not started yet.
func (p *place) newServer(config []string) (*Server, error) {
	port := 7000 + int(nextPort.Add(1))
	s := &Server{host: address(), port: port, dir: filepath.Join(p.dir, strconv.Itoa(port)), config: config}
	if err := os.Mkdir(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("redistest: %w", err)
	}
	return s, nil
}

// check ends the test if a program is missing: at home it is skipped, because no one must
// install a database to work on the rest; in CI that would hide what was not tested.
func check(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if errors.Is(err, errNoServer) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	t.Fatal(err)
}
