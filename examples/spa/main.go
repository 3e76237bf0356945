// Command spa is a page of plain JavaScript whose login is in two cookies that no script can read.
// The refresh cookie proves the session in every request, so a request never fails because a token
// has expired. Once in a while the page has that token replaced, so that a stolen copy is noticed:
// any number of tabs ask at the same time, without a lock.
//
// app.go puts the parts together, routes.go says which route has which guard, and login.go logs in,
// replaces the tokens and logs out. page/session.js is the other side of that, and does not know
// the document. service.go is another service, which the page calls with a token that is bound to a key
// of its own (DPoP, page/dpop.js). From the root of the repository:
//
//	go run ./examples/spa
//	go run ./examples/spa -rotate 6s -refresh-overlap 2s -leeway 1s    # to watch it, in two windows
//	go run ./examples/spa -h
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/examples/internal/server"
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

// run is the program. It serves until ctx ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	s, closeStore, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer closeStore()
	listener, err := server.Listen(o.addr)
	if err != nil {
		return err
	}
	o.url = cmp.Or(o.url, "http://"+listener.Addr().String())
	a, err := newApp(ctx, s, o, middleware.LogEvents(slog.Default()))
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	_, _ = fmt.Fprintf(out, "\n  The page is at %s\n", o.url)
	for _, u := range demoUsers {
		_, _ = fmt.Fprintf(out, "  Log in as %s with %s.\n", u.name, u.password)
	}
	go func() { _ = backends.Sweep(ctx, s, time.Minute, nil) }()
	srv := server.New()
	srv.Handler = a.handler
	return server.Serve(ctx, listener, srv)
}
