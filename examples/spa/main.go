// Command spa is a page of plain JavaScript whose login is two tokens in cookies: no script
// can read them, any number of tabs refresh them at once, and no lock keeps these apart.
//
// Read app.go for how the parts are put together, routes.go for what is guarded, login.go for
// logging in, refreshing and logging out; then page/session.js, which is the other side of
// it, and knows nothing of the document. From the root of the repository:
//
//	go run ./examples/spa
//	go run ./examples/spa -access-ttl 3s    # to watch it; open it in two windows
//	go run ./examples/spa -h
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "spa:", err)
		os.Exit(1)
	}
}

// run is the program: it serves until ctx ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	b, err := open(ctx, o.databaseURL)
	if err != nil {
		return err
	}
	defer b.close()
	a, err := newApp(ctx, b, o, middleware.LogEvents(slog.Default()))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "\n  The page is at http://%s\n  Log in as %s with %s. An access token lives %v.\n\n",
		listener.Addr(), demo.name, demo.password, o.accessTTL)
	go func() { _ = backends.Sweep(ctx, b.store, time.Minute, nil) }()
	return serve(ctx, listener, a.handler)
}

// serve answers requests until ctx ends, and then lets those under way finish.
func serve(ctx context.Context, listener net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}
