// Command quickstart is a small web application that inga guards: one login, proved by a
// cookie in a browser and by a Bearer token elsewhere.
//
// Read app.go for how the parts are put together, login.go and tokens.go for logging in and
// out, handlers.go for what a handler sees, and keys.go for what it all is signed with. From the root of the repository:
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
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/sliding"
)

// options are the flags.
type options struct {
	addr        string
	databaseURL string
	policy      sliding.Policy
	accessTTL   time.Duration
	overlap     time.Duration
	alg         string // "": the default, or that of the file
	keyFile     string
	rotateKeys  bool
	plainHTTP   bool
}

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
	backend, err := open(ctx, o.databaseURL)
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
	welcome(out, "http://"+listener.Addr().String(), o)
	go backends.Sweep(ctx, backend.store, time.Minute, reportSweep)
	return serve(ctx, listener, app)
}

func rotate(out io.Writer, o options) error {
	if err := rotateKeys(o.keyFile, o.alg); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "%s has new keys in front. The next start uses them, and knows the old ones.\n", o.keyFile)
	return err
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on; port 0 is any free one")
	f.StringVar(&o.databaseURL, "database-url", "", "keep users and sessions in the PostgreSQL at this `URL`, instead of in memory")
	f.DurationVar(&o.policy.Idle, "idle", 30*time.Minute, "end a session that nobody has used for so long")
	f.DurationVar(&o.policy.Absolute, "absolute", 12*time.Hour, "end a session so long after the login, used or not")
	f.DurationVar(&o.accessTTL, "access-ttl", 5*time.Minute, "lifetime of an access token")
	f.DurationVar(&o.overlap, "refresh-overlap", 10*time.Second, "for so long a refresh token that was replaced gets its successor again; after that it is theft\n(and for a minute at least, while the successor has not been used)")
	f.StringVar(&o.alg, "alg", "", "sign access tokens with this `algorithm`: "+allAlgs+"\n(default "+defaultAlg+", or what the key file says)")
	f.StringVar(&o.keyFile, "keys", "", "keep the keys in this `file`, which is made if it does not exist, instead of new ones at each start")
	f.BoolVar(&o.rotateKeys, "rotate-keys", false, "put new keys into the file of -keys, in front of the old ones, and exit; the next start uses them")
	f.BoolVar(&o.plainHTTP, "dangerously-allow-http", false,
		"leave Secure out of the cookie, for a browser that reaches this server without TLS\nat an address other than its own machine's: everybody on the way can read it then")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.rotateKeys && o.keyFile == "" {
		return o, errors.New("-rotate-keys needs the file of -keys")
	}
	return o, nil
}

func reportSweep(removed int, err error) {
	if err != nil {
		slog.Warn("sweep failed", "error", err)
	} else if removed > 0 {
		slog.Info("swept", "sessions", removed)
	}
}
