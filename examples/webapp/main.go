// Command webapp is a small web application of server-rendered pages, guarded by inga. Users sign
// up, log in, see and end their sessions, and change the password; administrators see the users,
// their roles and their sessions; and a live page ends when its session does.
//
// app.go puts the parts together, and routes.go says which route has which guard. login.go,
// confirm.go and password.go ask for a password; devices.go and admin.go are about the sessions of
// oneself and of others; live.go is the stream; and view.go makes the pages. From the root of the
// repository:
//
//	go run ./examples/webapp
//	go run ./examples/webapp -h
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/inga-auth/inga/examples/internal/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(ctx, o, os.Stdout)
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "webapp:", err)
		os.Exit(1)
	}
}

// run is the program. It serves until ctx ends.
func run(ctx context.Context, o options, out io.Writer) error {
	key, err := cookieKey(o.keyFile)
	if err != nil {
		return err
	}
	backend, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer backend.close()
	a, err := newApp(backend.store, key, o)
	if err != nil {
		return err
	}
	logins, err := a.addFirstUsers(ctx)
	if err != nil {
		return err
	}
	listener, err := server.Listen(o.addr)
	if err != nil {
		return err
	}
	defer backend.work(ctx)()
	_, _ = fmt.Fprintf(out, "\n  The Teahouse is open at http://%s\n\n  Sign up there, or log in as:\n%s\n", listener.Addr(), logins)
	o.server.Handler = a.handler
	o.server.RegisterOnShutdown(a.board.close) // Shutdown waits for streams, so they must end
	return server.Serve(ctx, listener, o.server)
}
