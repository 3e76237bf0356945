//go:build unix

package peers_test

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/pgtest"
)

// peerVariable is the environment variable that makes this program the server of a candidate.
const peerVariable = "INGA_PEER"

func TestMain(m *testing.M) {
	name := os.Getenv(peerVariable)
	for _, c := range candidates() {
		if c.name == name {
			c.make().serve()
			return
		}
	}
	os.Exit(pgtest.Main(m))
}

// serve writes the address of its server to the standard output. It returns when the standard
// input ends, which is when the parent ends at the latest.
func (p peer) serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /login", p.login)
	mux.Handle("GET /{$}", p.guarded)
	mux.HandleFunc("GET /cpu", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, cpuTime()) })
	fmt.Println(listener.Addr())
	go func() { log.Fatal(http.Serve(listener, mux)) }()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// cpuTime returns the CPU time of this process, in user and in kernel mode.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		log.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A server is a process that serves a peer.
type server struct{ url string }

// start starts the server of the candidate with the name. It ends with the benchmark.
func start(b *testing.B, name string) server {
	b.Helper()
	process := exec.Command(os.Args[0])
	process.Env = append(os.Environ(), peerVariable+"="+name)
	process.Stderr = os.Stderr
	in, err := process.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := process.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := process.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = in.Close()
		_ = process.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return server{"http://" + strings.TrimSpace(address)}
}

func (s server) cpuTime(b *testing.B) time.Duration {
	b.Helper()
	response, err := http.Get(s.url + "/cpu")
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	d, err := time.ParseDuration(string(body))
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// login returns the cookie of a new session.
func (s server) login(b *testing.B) *http.Cookie {
	b.Helper()
	response, err := http.Post(s.url+"/login", "", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	cookies := response.Cookies()
	if len(cookies) != 1 {
		b.Fatalf("status %s and %d cookies, want one cookie", response.Status, len(cookies))
	}
	return cookies[0]
}
