// Command quickstart is a small web application that inga guards: one login, proved by a
// cookie in a browser and by a Bearer token elsewhere.
//
// Read app.go for how the parts are put together and routes.go for what is guarded how;
// login.go, tokens.go and password.go for logging in and out and for changing a password;
// users.go for what administrators do; handlers.go and events.go for what a handler sees; and
// keys.go for what it all is signed with. From the root of the repository:
//
//	go run ./examples/quickstart
//	go run ./examples/quickstart -h
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run is the program: it serves until ctx ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.rotateKeys {
		return rotate(out, o)
	}
	keys, err := newKeys(o)
	if err != nil {
		return err
	}
	backend, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer backend.close()
	app, err := newApp(ctx, backend, keys, o)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	defer backend.work(ctx)()
	welcome(out, "http://"+listener.Addr().String(), o)
	return serve(ctx, listener, app)
}

func rotate(out io.Writer, o options) error {
	if err := rotateKeys(o.keyFile, o.alg); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s has new keys in front. The next start uses them, and knows the old ones.\n", o.keyFile)
	return err
}
