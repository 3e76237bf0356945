package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// settled is how long a server or a cluster may take to come to rest.
const settled = time.Minute

// A Server is a redis-server, to be stopped, killed, paused and started again. Its methods are
// not safe for concurrent use.
type Server struct {
	host   string
	port   int
	dir    string
	file   string // of a sentinel, which keeps in it what it learns
	config []string
	redis  *exec.Cmd     // nil while stopped
	exited chan struct{} // closed when redis has exited
	paused bool
}

// Start returns a running server of the test's own, which is removed when the test ends. config
// is appended to the command line: "--appendonly", "yes". By default nothing is persisted.
func Start(t testing.TB, config ...string) *Server {
	t.Helper()
	s, err := start(config)
	check(t, err)
	t.Cleanup(s.remove)
	return s
}

func start(config []string) (*Server, error) {
	at, err := home()
	if err != nil {
		return nil, err
	}
	s, err := at.newServer(config)
	if err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// Addr returns the host and port. They stay the same for the life of the server.
func (s *Server) Addr() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// URL returns the connection URL.
func (s *Server) URL() string { return "redis://" + s.Addr() }

// Running reports whether the server has been started and not been stopped since. A paused one
// is running.
func (s *Server) Running() bool { return s.redis != nil }

// Do sends a command to the server with redis-cli and returns the answer as text.
func (s *Server) Do(t testing.TB, args ...string) string {
	t.Helper()
	out, err := s.ask(args...)
	if err != nil {
		t.Fatalf("redistest: %s: %v", strings.Join(args, " "), err)
	}
	return out
}

func (s *Server) ask(args ...string) (string, error) {
	return s.cli(10*time.Second, append([]string{"-h", s.host, "-p", strconv.Itoa(s.port), "-e"}, args...)...)
}

// cli runs redis-cli to its end.
func (s *Server) cli(limit time.Duration, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	out, err := exec.CommandContext(ctx, "redis-cli", args...).CombinedOutput()
	text := strings.TrimRight(string(out), "\n")
	if err != nil {
		return text, fmt.Errorf("redis-cli: %w: %s", errors.Join(err, ctx.Err()), text)
	}
	return text, nil
}

// Stop ends the server in an orderly way (SHUTDOWN): what its configuration persists is
// persisted.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	_, _ = s.ask("SHUTDOWN") // the answer is the end of the connection
	select {
	case <-s.exited:
		s.stopped()
	case <-time.After(settled):
		t.Fatalf("redistest: the server does not stop\n%s", s.logTail())
	}
}

// Kill ends the server without a warning (SIGKILL), also while it is paused. When it returns
// every connection is broken.
func (s *Server) Kill() {
	if s.redis != nil {
		_ = s.redis.Process.Kill()
		<-s.exited
		s.stopped()
	}
}

func (s *Server) stopped() {
	s.redis, s.paused = nil, false
	_ = os.Remove(s.pid())
}

// Restart starts a stopped or killed server again, in the same directory and with the same
// address. When it returns the data is loaded. config is appended to what was given before, and
// wins against it.
func (s *Server) Restart(t testing.TB, config ...string) {
	t.Helper()
	s.config = append(slices.Clip(s.config), config...)
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) remove() {
	s.Kill()
	_ = os.RemoveAll(s.dir)
}

// start starts redis-server and returns when it answers.
func (s *Server) start() error {
	if s.redis != nil {
		return nil
	}
	args := []string{
		// Protected mode would refuse clients of other loopback addresses than 127.0.0.1.
		"--bind", s.host, "--bind-source-addr", s.host, "--protected-mode", "no", "--port", strconv.Itoa(s.port),
		"--dir", s.dir, "--logfile", s.log(), "--save", "", "--enable-debug-command", "local",
		"--repl-diskless-sync-delay", "0",
	}
	if s.file != "" {
		args = append([]string{s.file, "--sentinel"}, args...)
	}
	cmd := exec.Command("redis-server", append(args, s.config...)...)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("redistest: %w", err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	s.redis, s.exited = cmd, exited
	if err := os.WriteFile(s.pid(), []byte(strconv.Itoa(cmd.Process.Pid)), 0o600); err != nil {
		return fmt.Errorf("redistest: %w", err)
	}
	return s.awaitReady()
}

// awaitReady returns when the server answers and has loaded its data, or has exited.
func (s *Server) awaitReady() error {
	for deadline := time.Now().Add(settled); ; {
		out, err := s.ask("PING")
		switch {
		case out == "PONG":
			return nil
		case time.Now().After(deadline):
			return fmt.Errorf("redistest: server is not ready: %w\n%s", err, s.logTail())
		}
		select {
		case <-s.exited:
			s.stopped()
			return fmt.Errorf("redistest: server has exited\n%s", s.logTail())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (s *Server) pid() string { return filepath.Join(s.dir, "pid") }

func (s *Server) log() string { return filepath.Join(s.dir, "log") }

func (s *Server) logTail() string {
	log, err := os.ReadFile(s.log())
	if err != nil {
		return err.Error()
	}
	lines := strings.SplitAfter(string(log), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "")
}
