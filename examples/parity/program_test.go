package parity_test

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// routers are the programs, each named after the router that it uses.
var routers = []string{"stdmux", "chi", "echo", "gin"}

// onEveryRouter starts each of the programs with the flags, and runs the test on it. The server has
// no timeout unless they say so: a busy machine takes long to verify a password.
func onEveryRouter(t *testing.T, flags []string, test func(t *testing.T, p *program)) {
	t.Helper()
	t.Parallel()
	for _, router := range routers {
		t.Run(router, func(t *testing.T) {
			t.Parallel()
			test(t, start(t, router, append([]string{"-timeout", "0"}, flags...)...))
		})
	}
}

// bin is where the programs are, once build has been called.
var bin string

// build compiles the programs, with the race detector if the tests have it.
var build = sync.OnceValue(func() error {
	args := append([]string{"build", "-o", bin + string(filepath.Separator)}, buildFlags...)
	for _, router := range routers {
		args = append(args, "./"+router)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return nil
})

func TestMain(m *testing.M) {
	flag.Parse()
	// These tests wait, for sessions to end, more than they work.
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set("8")
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if bin, err = os.MkdirTemp("", "parity"); err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(bin) }()
	return m.Run()
}

// A program is one that runs.
type program struct {
	router string
	url    string
	log    *transcript
}

// start starts the program on a free port, and ends it with the test. It must then end well,
// which it does not if it has found a data race, and have kept secrets out of its log.
func start(t *testing.T, router string, flags ...string) *program {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	p := &program{router: router, log: &transcript{}}
	cmd := exec.Command(filepath.Join(bin, router), append([]string{"-addr", "127.0.0.1:0"}, flags...)...)
	cmd.Stderr = p.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	printed := bufio.NewReader(out)
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_, _ = io.Copy(p.log, printed) // what it prints besides the URL
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s ended with: %v", router, err)
		}
		p.log.check(t)
	})
	line, err := printed.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "http://127.0.0.1:") {
		t.Fatalf("%s prints %q (%v), want its URL", router, line, err)
	}
	p.url = strings.TrimSpace(line)
	for _, want := range []string{
		"Users: ann with the password ann-likes-tea, and root, an administrator, with root-likes-keys\n",
		"curl -d name=ann -d password=ann-likes-tea " + p.url + "/login/token\n",
	} {
		if line, err := printed.ReadString('\n'); line != want {
			t.Errorf("%s prints %q (%v), want %q", router, line, err, want)
		}
	}
	return p
}

// A transcript is what a program says, and what it must not say.
type transcript struct {
	mu      sync.Mutex
	said    bytes.Buffer
	secrets []string
}

func (l *transcript) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.said.Write(p)
}

// keepSecret names a credential that the program has issued.
func (l *transcript) keepSecret(credential string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.secrets = append(l.secrets, credential)
}

func (l *transcript) check(t *testing.T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, secret := range l.secrets {
		if bytes.Contains(l.said.Bytes(), []byte(secret)) {
			t.Errorf("the log has a credential in it: %s", secret)
		}
	}
	if t.Failed() {
		t.Logf("the program said:\n%s", l.said.Bytes())
	}
}

// patience is how long is waited for what must come: far longer than a busy machine takes.
const patience = 3 * time.Minute
