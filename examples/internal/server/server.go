// Package server runs the HTTP server of the example programs.
package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"
)

// drain is how long requests in progress may take when the program is asked to stop.
const drain = 3 * time.Second

// New returns a server with the limits of a service whose responses are short. An event stream
// sets deadlines of its own.
func New() *http.Server {
	return &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
}

// Listen listens on the address. If that is taken, the error says what to do.
func Listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken: choose another address with -addr, or -addr 127.0.0.1:0 for any free port", addr)
	}
	return l, err
}

// Serve answers requests until ctx ends, and then lets those in progress finish.
func Serve(ctx context.Context, l net.Listener, s *http.Server) error {
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	err := s.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return s.Close() // ends the requests that are too slow
	}
	return err
}
