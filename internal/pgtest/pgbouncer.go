package pgtest

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

var errNoPgBouncer = errors.New("pgtest: no PgBouncer here: install it (Debian: pgbouncer)")

// bouncer runs its arguments until its standard input ends, which the end of the test
// process does.
const bouncer = `
"$@" </dev/null >pgbouncer.log 2>&1 &
read -r _
kill -KILL $!
`

// PgBouncer starts a PgBouncer before the server, in transaction mode, and returns its
// connection URL. It has two connections to the server for however many clients, so that
// they have to take turns. It ends with the test.
func (s *Server) PgBouncer(t testing.TB) string {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/pgbouncer")
	}
	if err != nil {
		check(t, errNoPgBouncer)
	}
	ini := filepath.Join(s.dir, "pgbouncer.ini")
	if err := os.WriteFile(ini, fmt.Appendf(nil, `
[databases]
postgres = host=%[1]s user=postgres
[pgbouncer]
pool_mode = transaction
default_pool_size = 2
unix_socket_dir = %[1]s
listen_addr =
listen_port = 6432
auth_type = any
`, s.dir), 0o644); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	cmd := s.command("/bin/sh", "-c", bouncer, "pgtest", program, ini)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	at := "postgres:///postgres?" + url.Values{"host": {s.dir}, "port": {"6432"}, "user": {"postgres"}}.Encode()
	deadline := time.Now().Add(settled)
	for {
		err := ping(at)
		if err == nil {
			return at
		}
		if time.Now().After(deadline) {
			log, _ := os.ReadFile(filepath.Join(s.dir, "pgbouncer.log"))
			t.Fatalf("pgtest: PgBouncer is not ready: %v\n%s", err, log)
		}
		<-time.After(10 * time.Millisecond)
	}
}
