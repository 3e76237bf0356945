package authtest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/middleware/authtest"
)

// servers are a network and none: what a client sees of a handler is the same.
func servers(t *testing.T, h http.Handler, test func(t *testing.T, client *http.Client, url string)) {
	t.Helper()
	t.Run("network", func(t *testing.T) {
		server := httptest.NewServer(h)
		defer server.Close()
		test(t, server.Client(), server.URL)
	})
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			test(t, &http.Client{Transport: authtest.Transport(h)}, "http://app.example")
		})
	})
}

func TestAHandlerSeesTheRequestOfAServer(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %s %v %v %q %q %d %s", r.Method, r.RequestURI, r.URL, r.Proto, r.Host == "", r.TLS, r.UserAgent(), r.PathValue("id"), r.ContentLength, body)
	})
	mux := http.NewServeMux()
	mux.Handle("/a/{id}", h)
	servers(t, mux, func(t *testing.T, client *http.Client, url string) {
		resp, err := client.Post(url+"/a/b%2Fc?x=y#z", "text/plain", strings.NewReader("hello"))
		wantResponse(t, resp, err, 200, `POST /a/b%2Fc?x=y /a/b%2Fc?x=y HTTP/1.1 false <nil> "Go-http-client/1.1" "b/c" 5 hello`)
	})
}

func TestWithoutANetworkThereIsTLSAndAnAddressAllTheSame(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := netip.ParseAddrPort(r.RemoteAddr)
		fmt.Fprint(w, r.TLS != nil && r.TLS.HandshakeComplete, err)
	})
	client := &http.Client{Transport: authtest.Transport(h)}
	wantGet(t, client, "https://app.example", 200, "true <nil>")
	wantGet(t, client, "http://app.example", 200, "false <nil>")
}

// responses are handlers, and what a client sees of them: status, type, length, body.
var responses = map[string]struct {
	method string
	h      http.HandlerFunc
	want   string
}{
	"nothing": {"GET", func(http.ResponseWriter, *http.Request) {}, `200  0 ""`},
	"text":    {"GET", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hi") }, `200 text/plain; charset=utf-8 2 "hi"`},
	"a page":  {"GET", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }, `200 text/html; charset=utf-8 6 "<html>"`},
	"a late header": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(201)
		w.Header().Set("Content-Type", "x/y")
	}, `201  0 ""`},
	"an early hint": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(103)
		w.WriteHeader(404)
	}, `404  0 ""`},
	"no content": {"GET", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204); fmt.Fprint(w, "hi") }, `204  0 ""`},
	"the head": {"HEAD", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "2")
		fmt.Fprint(w, "hi")
	}, `200 text/plain; charset=utf-8 2 ""`},
	"a long answer": {"GET", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 5000)) }, `200 text/plain; charset=utf-8 -1 "` + strings.Repeat("x", 5000) + `"`},
	"an own type": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "x/y")
		fmt.Fprint(w, "hi")
	}, `200 x/y 2 "hi"`},
	"a flushed head": {"GET", func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush()
		fmt.Fprint(w, "hi")
	}, `200  -1 "hi"`},
}

func TestAClientSeesTheAnswerOfAServer(t *testing.T) {
	for name, row := range responses {
		t.Run(name, func(t *testing.T) {
			servers(t, row.h, func(t *testing.T, client *http.Client, url string) {
				r, _ := http.NewRequest(row.method, url, nil)
				resp, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				got := fmt.Sprintf("%d %s %d %q", resp.StatusCode, resp.Header.Get("Content-Type"), resp.ContentLength, body)
				if err != nil || got != row.want {
					t.Errorf("%s, %v, want %s", got, err, row.want)
				}
			})
		})
	}
}

func TestAStreamIsReadAsItIsWritten(t *testing.T) {
	next, gone := make(chan string), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(gone)
		for {
			select {
			case text := <-next:
				fmt.Fprintln(w, text)
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		next, gone = make(chan string), make(chan struct{})
		go func() { next <- "one" }()
		resp, err := (&http.Client{Transport: authtest.Transport(h)}).Get("https://app.example")
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(resp.Body)
		for _, want := range []string{"one", "two", "three"} {
			if want != "one" {
				next <- want
			}
			if !lines.Scan() || lines.Text() != want {
				t.Fatalf("line %q, want %q", lines.Text(), want)
			}
		}
		_ = resp.Body.Close()
		<-gone // the handler learns that the client has gone
		if _, err := resp.Body.Read(make([]byte, 1)); !errors.Is(err, http.ErrBodyReadAfterClose) {
			t.Errorf("reading a closed body: %v", err)
		}
	})
}

func TestAClientThatGivesUpIsGoneForTheHandler(t *testing.T) {
	servers(t, http.HandlerFunc(authtest.Hangs), func(t *testing.T, client *http.Client, url string) {
		client.Timeout = 50 * time.Millisecond
		before := time.Now()
		if resp, err := client.Get(url); err == nil {
			t.Errorf("status %d, want an error", resp.StatusCode)
		}
		if d := time.Since(before); d > 5*time.Second {
			t.Errorf("it took %v", d)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		})
		r, _ := http.NewRequestWithContext(ctx, "GET", "https://app.example", nil)
		resp, err := (&http.Client{Transport: authtest.Transport(h)}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		go cancel()
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.Canceled) {
			t.Errorf("reading on: %v, want %v", err, context.Canceled)
		}
	})
}

func TestAHandlerWaitsForAClientThatDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		written := 0
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for {
				n, err := w.Write(make([]byte, 10_000))
				if err != nil {
					return
				}
				written += n
			}
		})
		resp, err := (&http.Client{Transport: authtest.Transport(h)}).Get("https://app.example")
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		before := written
		if _, err := io.ReadFull(resp.Body, make([]byte, 100_000)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if before > 100_000 || written < before+90_000 {
			t.Errorf("%d bytes before any was read, %d after 100000, want some and more", before, written)
		}
		_ = resp.Body.Close() // or the bubble would wait for the handler for ever
	})
}

func TestAPanicOfAHandlerIsTheErrorOfTheClient(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/late" {
			_ = http.NewResponseController(w).Flush()
		}
		panic("a mistake")
	})
	client := &http.Client{Transport: authtest.Transport(h)}
	if _, err := client.Get("https://app.example/"); err == nil || !strings.Contains(err.Error(), "a mistake") || !strings.Contains(err.Error(), "transport_test.go") {
		t.Errorf("error %v, want the panic and where it was", err)
	}
	resp, err := client.Get("https://app.example/late")
	if err == nil {
		_, err = io.ReadAll(resp.Body)
	}
	if err == nil || !strings.Contains(err.Error(), "a mistake") {
		t.Errorf("error %v, want the panic", err)
	}
}
