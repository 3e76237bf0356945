package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

var errNoServer = errors.New("pgtest: no PostgreSQL here: install its server (Debian: postgresql), or set " + databaseURL)

// settled is how long a server may take to come up or go down.
const settled = time.Minute

// A Server is a PostgreSQL of one test, to be stopped, killed and started again.
type Server struct {
	bin, dir string
	watch    io.Closer     // closing it makes the watcher remove what is left
	watched  *exec.Cmd     // the watcher
	postgres *exec.Cmd     // nil while stopped
	exited   chan struct{} // closed when postgres and all its processes have exited
}

// Start returns a running server of the test's own, removed when the test ends. It needs
// the programs; [databaseURL] does not replace it.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := start()
	check(t, err)
	t.Cleanup(s.remove)
	return s
}

// URL returns the connection URL. It stays the same for the life of the server.
func (s *Server) URL() string {
	q := url.Values{"host": {s.dir}, "user": {"postgres"}}
	return "postgres:///postgres?" + q.Encode()
}

// Pool returns a pool of connections to the server, closed when the test ends.
func (s *Server) Pool(t testing.TB, changes ...func(*pgxpool.Config)) *pgxpool.Pool {
	t.Helper()
	return newPool(t, s.URL(), changes)
}

// Stop ends the server in an orderly way: it writes everything down and ends its
// connections.
func (s *Server) Stop() { s.signal(syscall.SIGINT) }

// Kill ends the server without a warning (SIGKILL). When it returns every connection is
// broken.
func (s *Server) Kill() { s.signal(syscall.SIGKILL) }

// Restart starts a stopped or killed server again, on the same data and the same URL.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.restart(); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) signal(sig syscall.Signal) {
	if s.postgres == nil {
		return
	}
	_ = s.postgres.Process.Signal(sig)
	<-s.exited
	s.postgres = nil
}

// start starts a new server. A copy of a cluster takes a tenth of the time of initdb.
func start() (*Server, error) {
	from, err := pristine.get(func() (*Server, error) { return stopped((*Server).initdb) })
	if err != nil {
		return nil, err
	}
	s, err := stopped(func(s *Server) error { return s.run("cp", "-R", from.data(), s.data()) })
	if err != nil {
		return nil, err
	}
	if err := s.restart(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// stopped returns a new server that does not run, with the cluster that create creates.
func stopped(create func(*Server) error) (*Server, error) {
	bin := binaries()
	if bin == "" {
		return nil, errNoServer
	}
	dir, err := tempDir()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir}
	if err := s.startWatcher(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := create(s); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// binaries returns the directory that has both programs, or "". Debian has several
// versions beside each other, none of them in PATH.
func binaries() string {
	dirs := filepath.SplitList(os.Getenv("PATH"))
	debian, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	newest := 0
	for _, dir := range debian {
		if v, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir))); v > newest {
			newest = v
		}
	}
	for _, dir := range append(dirs, fmt.Sprintf("/usr/lib/postgresql/%d/bin", newest)) {
		_, err1 := exec.LookPath(filepath.Join(dir, "initdb"))
		_, err2 := exec.LookPath(filepath.Join(dir, "postgres"))
		if err1 == nil && err2 == nil {
			return dir
		}
	}
	return ""
}

// tempDir returns a new directory that only the server's user can enter: a client that
// reaches the socket in it is let in as the superuser.
func tempDir() (string, error) {
	parent := os.TempDir()
	// The path of a Unix socket has at most about 100 bytes, and root's own directory for
	// temporary files may be closed to the user that the server runs as.
	if len(parent) > 60 || os.Geteuid() == 0 {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "pgtest")
	if err != nil {
		return "", fmt.Errorf("pgtest: %w", err)
	}
	if err := give(dir); err != nil {
		return "", errors.Join(fmt.Errorf("pgtest: %w", err), os.Remove(dir))
	}
	return dir, nil
}

// watcher is a shell script that sits beside the test process and waits for the end of
// its standard input. That comes when the process closes the pipe or ends, be it by
// SIGKILL or by the test's timeout. Then it ends the server and removes its directory.
//
// The alternative, PR_SET_PDEATHSIG, is Linux only, follows the thread instead of the
// process, and leaves the directory behind.
const watcher = `
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
case "$pid" in
'' | -*) ;; # stopped; or still initdb, which ends by itself
*)
	kill -QUIT "$pid"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	;;
esac
rm -rf -- "$1"
`

func (s *Server) startWatcher() error {
	cmd := s.command("/bin/sh", "-c", watcher, "pgtest", s.dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	s.watch, s.watched = in, cmd
	return nil
}

// remove ends the server and waits until nothing is left of it.
func (s *Server) remove() {
	s.signal(syscall.SIGQUIT)
	_ = s.watch.Close()
	_ = s.watched.Wait()
}

// command returns a command that runs as the server's user, in a session of its own, so
// that a Ctrl-C in the terminal reaches the test only.
func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	detach(cmd)
	return cmd
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) initdb() error {
	return s.run(filepath.Join(s.bin, "initdb"),
		"--pgdata", s.data(), "--username", "postgres", "--auth", "trust",
		"--no-locale", "--encoding", "UTF8", "--no-sync")
}

// run runs a program to its end, as the server's user.
func (s *Server) run(name string, args ...string) error {
	if out, err := s.command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: %s: %w\n%s", filepath.Base(name), err, out)
	}
	return nil
}

// restart starts postgres and returns when it answers. A new server may refuse to start
// for a moment after the old one was killed, so it is tried again.
func (s *Server) restart() error {
	if s.postgres != nil {
		return nil
	}
	deadline := time.Now().Add(settled)
	for {
		if err := s.startPostgres(); err != nil {
			return err
		}
		err := s.awaitReady(deadline)
		if err == nil {
			return nil
		}
		s.signal(syscall.SIGQUIT)
		if time.Now().After(deadline) {
			return fmt.Errorf("%w\n%s", err, s.logTail())
		}
		<-time.After(50 * time.Millisecond)
	}
}

func (s *Server) startPostgres() error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer log.Close()
	cmd := s.command(filepath.Join(s.bin, "postgres"), "-D", s.data(), "-k", s.dir, "-h", "",
		// Not synchronous_commit=off: what was committed must survive Kill.
		"-c", "fsync=off", "-c", "full_page_writes=off",
		"-c", "max_connections=200", "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB",
		"-c", "jit=off", "-c", "timezone=UTC")
	// A file, not a buffer: os/exec would copy through a pipe, and wait for every process
	// that has inherited it.
	cmd.Stdout, cmd.Stderr = log, log
	// Every process of the server inherits the pipe's end, so the last to exit closes it:
	// after a SIGKILL a connection's process lives a little longer, and may still answer.
	last, inherited, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	defer inherited.Close()
	cmd.ExtraFiles = []*os.File{inherited}
	if err := cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("pgtest: %w", err), last.Close())
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		_, _ = last.Read(make([]byte, 1))
		_ = last.Close()
		close(exited)
	}()
	s.postgres, s.exited = cmd, exited
	return nil
}

// awaitReady returns when the server answers, or has exited, or the deadline has passed.
func (s *Server) awaitReady(deadline time.Time) error {
	for {
		err := ping(s.URL())
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("pgtest: server is not ready: %w", err)
		}
		select {
		case <-s.exited:
			return fmt.Errorf("pgtest: server has exited: %w", err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// ping is nil when the database at url answers.
func ping(at string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	config, err := pgx.ParseConfig(at)
	if err != nil {
		return err
	}
	// The only mode that PgBouncer's transaction mode is sure to pass on.
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return conn.Ping(ctx)
}

func (s *Server) logTail() string {
	log, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	lines := strings.SplitAfter(string(log), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "")
}
