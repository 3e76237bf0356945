package redistest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Pause stops the server (SIGSTOP): no client gets an answer, and no connection ends. When it
// returns the process has stopped, and resume undoes that. A paused server can be killed.
func (s *Server) Pause(t testing.TB) (resume func()) {
	t.Helper()
	if s.redis == nil {
		t.Fatal("redistest: a server that does not run cannot be paused")
	}
	pid := strconv.Itoa(s.redis.Process.Pid)
	signal(t, "-STOP", pid)
	// The signal is sent, and has its effect a little later.
	for deadline := time.Now().Add(settled); !hasStopped(pid); <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("redistest: process %s does not stop", pid)
		}
	}
	s.paused = true
	return sync.OnceFunc(func() {
		if s.paused {
			s.paused = false
			signal(t, "-CONT", pid)
		}
	})
}

// signal uses the program, because some systems that the tests compile on lack these signals.
func signal(t testing.TB, name, pid string) {
	t.Helper()
	if out, err := exec.Command("kill", name, pid).CombinedOutput(); err != nil {
		t.Errorf("redistest: kill %s: %v: %s", name, err, out)
	}
}

// hasStopped reads proc(5), /proc/pid/stat: the second field is a name in parentheses.
func hasStopped(pid string) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%s/stat", pid))
	if err != nil {
		return true
	}
	return bytes.HasPrefix(line[bytes.LastIndexByte(line, ')')+1:], []byte(" T"))
}
