package authtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
)

const (
	startAfter = 4 << 10  // bytes that a handler writes before the response begins, unless it flushes
	stopAfter  = 64 << 10 // bytes that are not read yet when a handler must wait
)

// An exchange is one request through [Transport]: the handler's ResponseWriter at one end, and the
// client's response body at the other.
type exchange struct {
	request *http.Request // the client's
	hangUp  context.CancelFunc
	forget  func() bool   // stops watching the client's context
	started chan struct{} // closed when the response begins
	header  http.Header   // the handler's

	mu      sync.Mutex
	changed *sync.Cond
	status  int         // 0 before WriteHeader
	sent    http.Header // header as of WriteHeader
	begun   bool        // started is closed
	body    bytes.Buffer
	ended   bool  // the handler has returned
	closed  bool  // the client has closed the body
	err     error // why the response ends early
}

func newExchange(r *http.Request, hangUp context.CancelFunc) *exchange {
	x := &exchange{request: r, hangUp: hangUp, started: make(chan struct{}), header: http.Header{}}
	x.changed = sync.NewCond(&x.mu)
	x.forget = context.AfterFunc(r.Context(), func() { x.fail(r.Context().Err()) })
	return x
}

// serve runs the handler.
func (x *exchange) serve(h http.Handler, in *http.Request) {
	defer x.hangUp()
	defer in.Body.Close()
	defer func() {
		if v := recover(); v != nil {
			x.fail(panicked(v))
			return
		}
		x.end()
	}()
	h.ServeHTTP(x, in)
}

func panicked(v any) error {
	if v == http.ErrAbortHandler {
		return io.ErrUnexpectedEOF
	}
	return fmt.Errorf("authtest: the handler panicked: %v\n%s", v, debug.Stack())
}

// Header implements [http.ResponseWriter].
func (x *exchange) Header() http.Header { return x.header }

// WriteHeader implements [http.ResponseWriter].
func (x *exchange) WriteHeader(status int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if status >= 200 || status == http.StatusSwitchingProtocols { // others are informational
		x.head(status)
	}
}

func (x *exchange) head(status int) {
	if x.status == 0 {
		x.status, x.sent = status, x.header.Clone()
	}
}

// Write implements [http.ResponseWriter].
func (x *exchange) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.head(http.StatusOK)
	if x.bodiless() {
		return 0, http.ErrBodyNotAllowed
	}
	if x.sent["Content-Type"] == nil && !x.begun {
		x.sent.Set("Content-Type", http.DetectContentType(p))
	}
	if x.request.Method == http.MethodHead {
		return len(p), nil
	}
	for x.body.Len() > stopAfter && !x.gone() {
		x.changed.Wait()
	}
	if x.gone() {
		return 0, errors.New("authtest: the client has gone")
	}
	if x.body.Write(p); x.body.Len() > startAfter {
		x.begin()
	}
	x.changed.Broadcast()
	return len(p), nil
}

// bodiless reports whether the status allows no body: RFC 9110, section 6.4.1.
func (x *exchange) bodiless() bool {
	return x.status < 200 || x.status == http.StatusNoContent || x.status == http.StatusNotModified
}

func (x *exchange) gone() bool { return x.closed || x.err != nil }

// Flush implements [http.Flusher].
func (x *exchange) Flush() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.head(http.StatusOK)
	x.begin()
}

func (x *exchange) begin() {
	if !x.begun {
		x.begun = true
		close(x.started)
	}
}

// end completes the response after the handler has returned.
func (x *exchange) end() {
	x.forget()
	if err := x.request.Context().Err(); err != nil {
		x.fail(err) // often the reason why the handler returned
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.head(http.StatusOK)
	if !x.begun && x.sent["Content-Length"] == nil && !x.bodiless() && x.request.Method != http.MethodHead {
		x.sent.Set("Content-Length", strconv.Itoa(x.body.Len()))
	}
	x.ended = true
	x.begin()
	x.changed.Broadcast()
}

// fail ends the response early, unless it has ended.
func (x *exchange) fail(err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err == nil && !x.ended {
		x.err = err
	}
	x.begin()
	x.changed.Broadcast()
}

// response returns what the client gets, once the response has begun.
func (x *exchange) response() (*http.Response, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.err != nil {
		return nil, x.err
	}
	length, err := strconv.ParseInt(x.sent.Get("Content-Length"), 10, 64)
	if err != nil && !x.bodiless() {
		length = -1 // unknown
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", x.status, http.StatusText(x.status)), StatusCode: x.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: x.sent, Body: (*body)(x), ContentLength: length, Request: x.request,
	}, nil
}

// A body is the response body of an exchange.
type body exchange

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.body.Len() == 0 && !b.ended && !b.closed && b.err == nil {
		b.changed.Wait()
	}
	switch {
	case b.closed:
		return 0, http.ErrBodyReadAfterClose
	case b.body.Len() == 0 && b.err != nil:
		return 0, b.err
	}
	defer b.changed.Broadcast()
	return b.body.Read(p)
}

// Close implements [io.Closer].
func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.changed.Broadcast()
	b.hangUp()
	return nil
}
