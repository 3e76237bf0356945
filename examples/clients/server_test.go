package clients_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/pgtest"
)

// What the quickstart calls itself.
const (
	issuer   = "https://quickstart.example"
	audience = "quickstart"
)

const (
	annJSON  = `{"name":"ann","password":"ann-likes-tea"}`
	rootJSON = `{"name":"root","password":"root-likes-keys"}`
)

// algs are those with a public key.
var algs = []string{"ES256", "EdDSA", "RS256", "PS256"}

// onEachAlg runs the test on a server of its own that signs with the algorithm.
func onEachAlg(t *testing.T, test func(t *testing.T, url, alg string)) {
	t.Helper()
	t.Parallel()
	for _, alg := range algs {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			test(t, start(t, "-alg", alg, always), alg)
		})
	}
}

// build builds the quickstart once for all tests, and returns where it is.
var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(buildDir, "quickstart")
	out, err := exec.Command("go", "build", "-o", path, "../quickstart").CombinedOutput()
	if err != nil {
		_, _ = os.Stderr.Write(out)
	}
	return path, err
})

var buildDir string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if buildDir, err = os.MkdirTemp("", "quickstart-clients-"); err != nil {
			panic(err)
		}
		defer os.RemoveAll(buildDir)
		return pgtest.Main(m)
	}())
}

// start starts a server process, stops it when the test ends, and returns its URL.
func start(t *testing.T, flags ...string) string {
	t.Helper()
	url, stop := startAndStop(t, flags...)
	t.Cleanup(stop)
	return url
}

func startAndStop(t *testing.T, flags ...string) (url string, stop func()) {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	var said, logged output
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), path, append([]string{"-addr", "127.0.0.1:0", "-leeway", "1ns"}, flags...)...)
	cmd.Stdout, cmd.Stderr = &said, &logged
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop = sync.OnceFunc(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := <-ended; err != nil {
			t.Errorf("the server ended with: %v\n%s", err, logged.String())
		}
	})
	for deadline := time.Now().Add(3 * time.Minute); url == ""; time.Sleep(5 * time.Millisecond) {
		if len(ended) > 0 || time.Now().After(deadline) {
			stop()
			t.Fatalf("the server does not start\n%s", logged.String())
		}
		url = regexp.MustCompile(`http://127\.0\.0\.1:[1-9]\d*`).FindString(said.String())
	}
	return url, stop
}

// output is what a process prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// run runs a program that is a client, and fails with what it printed.
func run(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(program), err, out)
	}
}

// need returns where the program is.
func need(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		missing(t, program+" is not installed")
	}
	return path
}

// missing ends the test for want of a tool: at home it is skipped, in CI that would hide
// what was not tested.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// tokens are the answer to a login: RFC 6749, section 5.1.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func login(t *testing.T, url, json string) tokens {
	t.Helper()
	var answer tokens
	decode(t, post(t, url+"/login/token", json), &answer)
	if answer.Access == "" || answer.Refresh == "" {
		t.Fatal("the login answers without both tokens")
	}
	return answer
}

func post(t *testing.T, url, json string) []byte {
	t.Helper()
	res, err := http.Post(url, "application/json", strings.NewReader(json))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("status %d (%v)", res.StatusCode, err)
	}
	return body
}

func get(t *testing.T, client *http.Client, url string) []byte {
	t.Helper()
	res, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("status %d (%v)", res.StatusCode, err)
	}
	return body
}

func decode(t *testing.T, text []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatal(err)
	}
}

// tampered is the token with another first byte of its signature.
func tampered(token string) string {
	at := strings.LastIndexByte(token, '.') + 1
	other := byte('A')
	if token[at] == other {
		other = 'B'
	}
	return token[:at] + string(other) + token[at+1:]
}
