// Command quickstart is a small web application guarded by inga: one login, proved by a cookie
// in a browser and by a Bearer token elsewhere.
//
// app.go puts the parts together, and routes.go says which route has which guard. Logging in and
// out is in login.go and tokens.go, changing a password in password.go, the administration of
// users in users.go. handlers.go and events.go show what a handler sees of all this, and keys.go
// where the keys come from. From the root of the repository:
//
//	go run ./examples/quickstart
//	go run ./examples/quickstart -h
package main

import (
	"cmp"
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
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run is the program. It serves until ctx ends.
func run(ctx context.Context, o options, out io.Writer) error {
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
	listener, err := server.Listen(o.addr)
	if err != nil {
		return err
	}
	o.url = cmp.Or(o.url, "http://"+listener.Addr().String())
	app, err := newApp(ctx, backend.store, keys, o)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer backend.work(ctx)()
	welcome(out, "http://"+listener.Addr().String(), o)
	o.server.Handler = app.handler
	o.server.RegisterOnShutdown(app.board.close) // Shutdown waits for streams, so they must end
	return server.Serve(ctx, listener, o.server)
}

func rotate(out io.Writer, o options) error {
	if err := rotateKeys(o.keyFile, o.alg); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s has new keys in front. They are used from the next start on, and the old ones still verify.\n", o.keyFile)
	return err
}
