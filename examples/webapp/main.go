// Command webapp is a small web application of server-rendered pages that inga guards: one
// signs up and logs in, sees and ends one's sessions, and changes the password; administrators
// see users, their roles and their sessions; and a live page ends when its session does.
//
// Read app.go for how the parts are put together and routes.go for what is guarded how; login.go,
// confirm.go and password.go for what needs a password; devices.go and admin.go for the sessions
// of oneself and of others; live.go for the stream; and view.go for how a page is made. From the
// root of the repository:
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
		fmt.Fprintln(os.Stderr, "webapp:", err)
		os.Exit(1)
	}
}

// run is the program: it serves until ctx ends.
func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	key, err := cookieKey(o.keyFile)
	if err != nil {
		return err
	}
	backend, err := open(ctx, o.databaseURL)
	if err != nil {
		return err
	}
	defer backend.close()
	a, err := newApp(backend, key, o)
	if err != nil {
		return err
	}
	password, err := a.addAdmin(ctx)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	defer backend.work(ctx)()
	welcome(out, "http://"+listener.Addr().String(), password)
	return serve(ctx, listener, a)
}

func welcome(out io.Writer, url, password string) {
	login := "The administrator is " + adminName + ", whose password was shown at the first start."
	if password != "" {
		login = "The administrator is " + adminName + ", with the password " + password + " (shown only this once)."
	}
	// An error here means that nobody reads.
	_, _ = fmt.Fprintf(out, "\n  The Teahouse is open at %s\n\n  Sign up there.\n  %s\n\n", url, login)
}
