// Package site has what the programs in examples/stdmux, chi, echo and gin have in common and
// what is no different from router to router: two users, two pages, some notes, a stream, a
// WebSocket, and the http.Server. How a router and a guard go together is in the programs.
package site

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const (
	maxBody = 64 << 10

	// writeTimeout is that of ordinary answers. [Events] lives longer, and says so.
	writeTimeout = 10 * time.Second

	// drain is how long requests under way may take when the program is told to stop.
	drain = 3 * time.Second
)

// Serve prints the URL on a line and serves HTTP/1.1 and HTTP/2, without TLS, until the
// program is interrupted.
func Serve(addr string, handler http.Handler) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", listener.Addr())

	server := newServer(ctx, handler)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	err = server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return server.Close() // whoever is left is too slow
	}
	return err
}

func newServer(ctx context.Context, handler http.Handler) *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler:           http.MaxBytesHandler(handler, maxBody),
		Protocols:         &protocols,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      writeTimeout,
		// So that streams, which Shutdown waits for, end when the program does.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
}
