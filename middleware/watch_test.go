package middleware_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// A watcher is an oracle that knows when sessions end: some time after it began to watch them, if
// cause is set, or when the test calls end.
type watcher struct {
	oracle
	after time.Duration
	cause error

	watched []middleware.Identity
	end     func(cause error)
	stopped int
}

func (a *watcher) WatchSession(id middleware.Identity, end func(cause error)) (stop func()) {
	a.watched = append(a.watched, id)
	a.end = end
	// A goroutine that only stop ends: a bubble does not end while there is one.
	done := make(chan struct{})
	go func() {
		if a.cause != nil {
			time.Sleep(a.after)
			end(a.cause)
		}
		<-done
	}()
	return func() {
		a.stopped++
		close(done)
	}
}

// watches is a watcher of ann, with a session.
func watches() *watcher {
	return &watcher{oracle: oracle{identity: middleware.Identity{Subject: "ann", SessionID: "ANN1"}}}
}

// long is a handler that goes on until its request ends, or a hundred days have passed. It
// says why.
func long(why *error) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
			*why = context.Cause(r.Context())
		case <-time.After(100 * 24 * time.Hour):
			*why = nil
		}
	})
}

func TestARequestEndsWithItsSessionAndItsHandlerLearnsWhy(t *testing.T) {
	for _, cause := range []error{
		middleware.ErrSessionExpired, middleware.ErrSessionRevoked, middleware.ErrSessionSuperseded, middleware.ErrSessionStolen, middleware.ErrUnavailable,
	} {
		synctest.Test(t, func(t *testing.T) {
			a := watches()
			a.after, a.cause = time.Hour, cause
			g := newGuard(t, middleware.Config{Authenticator: middleware.FirstOf(refuses(middleware.ErrNoCredentials), a)})
			began, why := time.Now(), error(nil)
			get(g.Handler(middleware.EndWithSession(long(&why))))
			if why != cause {
				t.Errorf("the handler learned %v, want %v", why, cause)
			}
			if after := time.Since(began); after != time.Hour {
				t.Errorf("the request ended after %v, want 1h", after)
			}
			if len(a.watched) != 1 || a.watched[0].Subject != "ann" || a.watched[0].SessionID != "ANN1" {
				t.Errorf("watched %+v, want once ann with ANN1", a.watched)
			}
		})
	}
}

func TestNothingWatchesARequestThatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, next := range map[string]http.Handler{
			"returns": whoami,
			"panics":  http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
			"is over": http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
		} {
			a := watches()
			var ctx context.Context
			inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if a.stopped != 0 {
					t.Errorf("%s: stopped before the handler ran", name)
				}
				ctx = r.Context()
				if name == "is over" {
					a.end(middleware.ErrSessionRevoked)
				}
				next.ServeHTTP(w, r)
			})
			func() {
				defer func() { _ = recover() }()
				get(newGuard(t, middleware.Config{Authenticator: a}).Handler(middleware.EndWithSession(inner)))
			}()
			if a.stopped != 1 {
				t.Errorf("%s: stopped %d times, want once", name, a.stopped)
			}
			if ctx.Err() == nil {
				t.Errorf("%s: the context lives on", name)
			}
		}
	})
}

func TestWhoLeavesEndsTheRequestAsWithoutUs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := errors.New("window closed")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(closed) })
		a, why := watches(), error(nil)
		get(newGuard(t, middleware.Config{Authenticator: a}).Handler(middleware.EndWithSession(long(&why))),
			func(r *http.Request) { *r = *r.WithContext(ctx) })
		if why != closed || a.stopped != 1 {
			t.Errorf("the handler learned %v, and stopped is %d; want %v and 1", why, a.stopped, closed)
		}
	})
}

func TestARequestWithoutAnIdentityPassesUntouched(t *testing.T) {
	var outer, inner *http.Request
	keep := middleware.EndWithSession(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { inner = r }))
	remember := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		outer = r
		keep.ServeHTTP(w, r)
	})
	anonymous := newGuard(t, middleware.Config{Authenticator: refuses(middleware.ErrNoCredentials)})
	for name, h := range map[string]http.Handler{"no guard": remember, "an optional guard": anonymous.Optional(remember)} {
		outer, inner = nil, nil
		get(h)
		if inner == nil || inner != outer {
			t.Errorf("%s: the handler got the request %p, want %p itself", name, inner, outer)
		}
	}
}

func TestAProofWithoutASessionEndsWhenItExpires(t *testing.T) {
	for _, row := range []struct {
		name string
		a    func(id middleware.Identity) middleware.Authenticator
		id   middleware.Identity
		left time.Duration // until it expires; 0 for never
		want error
	}{
		{"somebody else's token", plain, middleware.Identity{Subject: "ann"}, 10 * time.Minute, middleware.ErrSessionExpired},
		{"one that nothing watches", plain, middleware.Identity{Subject: "ann", SessionID: "ANN1"}, 10 * time.Minute, middleware.ErrSessionExpired},
		{"one without a session, by a watcher", watching, middleware.Identity{Subject: "ann"}, 10 * time.Minute, middleware.ErrSessionExpired},
		{"one that never expires", plain, middleware.Identity{Subject: "ann"}, 0, nil},
		{"one that never expires, by a watcher", watching, middleware.Identity{Subject: "ann"}, 0, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if row.left > 0 {
					row.id.ExpiresAt = time.Now().Add(row.left)
				}
				began, why := time.Now(), error(nil)
				get(newGuard(t, middleware.Config{Authenticator: row.a(row.id)}).Handler(middleware.EndWithSession(long(&why))))
				if why != row.want {
					t.Errorf("the handler learned %v, want %v", why, row.want)
				}
				want := row.left
				if want == 0 {
					want = 100 * 24 * time.Hour // when the handler returns by itself
				}
				if after := time.Since(began); after != want {
					t.Errorf("the request ended after %v, want %v", after, want)
				}
			})
		})
	}
}

func plain(id middleware.Identity) middleware.Authenticator { return &oracle{identity: id} }

func watching(id middleware.Identity) middleware.Authenticator {
	return &watcher{oracle: oracle{identity: id}}
}

func TestAProofThatHasExpiredEndsTheRequestAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, why := time.Now(), error(nil)
		id := middleware.Identity{Subject: "ann", ExpiresAt: time.Now().Add(-time.Nanosecond)}
		get(newGuard(t, middleware.Config{Authenticator: plain(id)}).Handler(middleware.EndWithSession(long(&why))))
		if why != middleware.ErrSessionExpired || time.Since(began) != 0 {
			t.Errorf("after %v the handler learned %v, want %v at once", time.Since(began), why, middleware.ErrSessionExpired)
		}
	})
}

func TestNothingHoldsARequestUntilItsProofExpires(t *testing.T) {
	// A million requests in an hour, with tokens of an hour, must not all stay in memory.
	freed := make(chan struct{})
	id := middleware.Identity{Subject: "ann", ExpiresAt: time.Now().Add(time.Hour)}
	h := newGuard(t, middleware.Config{Authenticator: plain(id)}).Handler(middleware.EndWithSession(whoami))
	func() {
		body := new([1 << 16]byte)
		runtime.AddCleanup(body, func(freed chan struct{}) { close(freed) }, freed)
		get(h, func(r *http.Request) { *r = *r.WithContext(context.WithValue(r.Context(), traceKey{}, body)) })
	}()
	deadline := time.After(time.Minute)
	for {
		runtime.GC()
		select {
		case <-freed:
			return
		case <-deadline:
			t.Fatal("the request is still there, an hour before its proof expires")
		default:
		}
	}
}

func TestAHandlerInsideEndWithSessionHasTheResponseWriterOfTheServer(t *testing.T) {
	// It may flush and hijack, as without us.
	g := newGuard(t, middleware.Config{Authenticator: watches()})
	w := httptest.NewRecorder()
	g.Handler(middleware.EndWithSession(http.HandlerFunc(func(got http.ResponseWriter, _ *http.Request) {
		if got != w {
			t.Errorf("handler got %T, want the recorder itself", got)
		}
	}))).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))

	t.Run("flush", func(t *testing.T) {
		a := watches()
		sent := make(chan struct{})
		server := httptest.NewServer(newGuard(t, middleware.Config{Authenticator: a}).Handler(
			middleware.EndWithSession(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, "data: hello\n")
				w.(http.Flusher).Flush()
				<-sent // the client has it while the handler runs
				a.end(middleware.ErrSessionRevoked)
				<-r.Context().Done()
				_, _ = io.WriteString(w, "data: "+context.Cause(r.Context()).Error()+"\n")
			}))))
		defer server.Close()
		resp, err := server.Client().Get(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		lines := bufio.NewReader(resp.Body)
		hello, err := lines.ReadString('\n')
		if err != nil || hello != "data: hello\n" {
			t.Errorf("got %q (%v), want data: hello", hello, err)
		}
		close(sent)
		rest, _ := io.ReadAll(lines)
		if want := "data: middleware: invalid credentials: session revoked\n"; string(rest) != want {
			t.Errorf("got %q, want %q", rest, want)
		}
	})
	t.Run("hijack", func(t *testing.T) {
		server := httptest.NewServer(newGuard(t, middleware.Config{Authenticator: watches()}).Handler(
			middleware.EndWithSession(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\nhello")
			}))))
		defer server.Close()
		conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: app.example\r\n\r\n")
		if got, err := io.ReadAll(conn); err != nil || string(got) != "HTTP/1.1 101 Switching Protocols\r\n\r\nhello" {
			t.Errorf("got %q (%v), want what the handler wrote", got, err)
		}
	})
}
