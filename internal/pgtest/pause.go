//go:build linux

package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Pause stops (SIGSTOP) the process of the server that lets clients in: those that are
// connected are served, and new ones wait. When it returns the process has stopped,
// and resume undoes that, as does the end of the test.
//
// A server that is paused cannot be stopped by [Server.Stop].
func (s *Server) Pause(t testing.TB) (resume func()) {
	t.Helper()
	p := s.newPause(t)
	p.stop(t, s.postgres.Process.Pid)
	return p.resume
}

// PauseAll is Pause for all processes of the server: no client gets an answer, and no connection
// ends. It can be neither stopped nor killed before it has been resumed.
func (s *Server) PauseAll(t testing.TB) (resume func()) {
	t.Helper()
	p := s.newPause(t)
	main := s.postgres.Process.Pid
	p.stop(t, main) // first: from then on there are no new ones
	for _, child := range children(t, main) {
		p.stop(t, child)
	}
	return p.resume
}

// waker is a shell script that reads process IDs, and has these processes go on when there
// are no more to read, be it because the test process was killed. The server's own watcher
// could end none of them otherwise.
const waker = `
pids=
while read -r pid; do pids="$pids $pid"; done
[ -z "$pids" ] || kill -CONT $pids
`

// A pause is what its waker knows.
type pause struct {
	pids   io.WriteCloser
	resume func()
}

func (s *Server) newPause(t testing.TB) *pause {
	t.Helper()
	if s.postgres == nil {
		t.Fatal("pgtest: a server that does not run cannot be paused")
	}
	cmd := s.command("/bin/sh", "-c", waker)
	p, err := startWaker(cmd)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(p.resume)
	return p
}

func startWaker(cmd *exec.Cmd) (*pause, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &pause{pids: in, resume: sync.OnceFunc(func() {
		_ = in.Close()
		_ = cmd.Wait() // a process that has gone needs no waking
	})}, nil
}

// stop stops a process, or finds that it has ended.
func (p *pause) stop(t testing.TB, pid int) {
	t.Helper()
	if _, err := fmt.Fprintln(p.pids, pid); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil && !errors.Is(err, syscall.ESRCH) {
		t.Fatalf("pgtest: stop process %d: %v", pid, err)
	}
	// The signal is sent, and has its effect a little later.
	for deadline := time.Now().Add(settled); ; <-time.After(time.Millisecond) {
		state, _, err := stat(pid)
		if errors.Is(err, fs.ErrNotExist) || err == nil && bytes.ContainsRune([]byte("TtZX"), state) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("pgtest: process %d does not stop: state %c, %v", pid, state, err)
		}
	}
}

// children returns the processes that the one with the ID has started.
func children(t testing.TB, of int) (pids []int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil || len(all) == 0 {
		t.Fatalf("pgtest: no processes in /proc (%v)", err)
	}
	for _, dir := range all {
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if _, parent, err := stat(pid); err == nil && parent == of {
			pids = append(pids, pid)
		}
	}
	return pids
}

// stat returns the state of a process and its parent: proc(5), /proc/pid/stat.
func stat(pid int) (state rune, parent int, err error) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if errors.Is(err, syscall.ESRCH) {
		err = fs.ErrNotExist // it ended while it was read
	}
	if err != nil {
		return 0, 0, err
	}
	// The second field is a name in parentheses, in which anything may be.
	_, err = fmt.Sscanf(string(line[bytes.LastIndexByte(line, ')')+1:]), " %c %d", &state, &parent)
	return state, parent, err
}
