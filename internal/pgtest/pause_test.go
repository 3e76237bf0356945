//go:build linux

package pgtest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/pgtest"
)

func TestPause(t *testing.T) {
	s := pgtest.Start(t)
	for _, row := range []struct {
		name string
		test func(*testing.T, *pgtest.Server)
	}{
		{"connected clients are served, and no others get in", connectedIsServed},
		{"a server that is paused altogether answers no client, and goes on", noneIsAnswered},
		{"a paused server can be killed", aPausedServerCanBeKilled},
	} {
		t.Run(row.name, func(t *testing.T) { row.test(t, s) })
	}
}

func connectedIsServed(t *testing.T, s *pgtest.Server) {
	conn := connect(t, s.URL())
	resume := s.Pause(t)
	if err := ask(t, conn); err != nil {
		t.Errorf("who is connected: %v", err)
	}
	if err := dialFor(t, s.URL(), soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("who connects: error %v, want that there is no answer in time", err)
	}
	resume()
	if err := ask(t, connect(t, s.URL())); err != nil {
		t.Errorf("after it: %v", err)
	}
}

func noneIsAnswered(t *testing.T, s *pgtest.Server) {
	conn := connect(t, s.URL())
	resume := s.PauseAll(t)
	answered := make(chan error, 1)
	go func() { answered <- ask(t, conn) }()
	select {
	case err := <-answered:
		t.Errorf("a paused server answers (%v)", err)
	case <-time.After(soon):
	}
	if err := dialFor(t, s.URL(), soon); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("who connects: error %v, want that there is no answer in time", err)
	}
	resume()
	if err := <-answered; err != nil {
		t.Errorf("after it, on the same connection: %v", err)
	}
	resume() // again, which does nothing
	if err := ask(t, connect(t, s.URL())); err != nil {
		t.Errorf("after it: %v", err)
	}
}

func aPausedServerCanBeKilled(t *testing.T, s *pgtest.Server) {
	conn := connect(t, s.URL())
	resume := s.Pause(t)
	s.Kill()
	if err := ask(t, conn); err == nil {
		t.Error("a killed server answers")
	}
	resume()
	s.Restart(t)
	if err := ask(t, connect(t, s.URL())); err != nil {
		t.Errorf("after it: %v", err)
	}
}

func TestAPausedServerEndsWithItsTest(t *testing.T) {
	for name, pause := range map[string]func(*pgtest.Server, testing.TB) func(){
		"Pause": (*pgtest.Server).Pause, "PauseAll": (*pgtest.Server).PauseAll,
	} {
		var dir string
		var pid int
		t.Run(name, func(t *testing.T) {
			s := pgtest.Start(t)
			connect(t, s.URL())
			dir, pid = whereabouts(t, s)
			pause(s, t)
		})
		if dir == "" {
			continue // skipped
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: %s is still there", name, dir)
		}
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("%s: the server still runs (%v)", name, err)
		}
	}
}

// pausedOrphan is like orphan, and pauses the server.
const pausedOrphan = "PGTEST_PAUSED_ORPHAN"

func TestAPausedServerDiesWithAKilledTestProcess(t *testing.T) {
	if os.Getenv(pausedOrphan) != "" {
		s := pgtest.Start(t)
		dir, pid := whereabouts(t, s)
		s.PauseAll(t)
		fmt.Fprintln(os.Stderr, pid, dir)
		select {}
	}
	pgtest.Start(t) // skips where there is no server
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=1m")
	cmd.Env = append(os.Environ(), pausedOrphan+"=1")
	errOut, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(errOut).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	var dir string
	if _, err := fmt.Sscan(line, &pid, &dir); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	awaitGone(t, dir)
	for deadline := time.Now().Add(30 * time.Second); syscall.Kill(pid, 0) == nil && running(pid); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server still runs")
		}
	}
}

// running reports false for a process whose parent has not yet asked how it ended.
func running(pid int) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(line), ") Z ")
}

// whereabouts returns the directory of the server and the ID of its main process.
func whereabouts(t *testing.T, s *pgtest.Server) (dir string, pid int) {
	t.Helper()
	at, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	dir = at.Query().Get("host")
	file, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(file), "\n")
	if pid, err = strconv.Atoi(first); err != nil {
		t.Fatal(err)
	}
	return dir, pid
}
