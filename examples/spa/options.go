package main

import (
	"flag"
	"time"

	"github.com/inga-auth/inga/sliding"
)

// options are the flags.
type options struct {
	addr        string
	databaseURL string
	accessTTL   time.Duration
	policy      sliding.Policy
	plainHTTP   bool
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("spa", flag.ContinueOnError)
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on; port 0 is any free one")
	f.StringVar(&o.databaseURL, "database-url", "", "keep users and sessions in the PostgreSQL at this `URL`, instead of in memory:\nstop it, and see what the page makes of a 503")
	f.DurationVar(&o.accessTTL, "access-ttl", 30*time.Second, "lifetime of an access token; an application takes minutes")
	f.DurationVar(&o.policy.Idle, "idle", 30*time.Minute, "end a session that nobody has used for so long")
	f.DurationVar(&o.policy.Absolute, "absolute", 12*time.Hour, "end a session so long after the login, used or not")
	f.BoolVar(&o.plainHTTP, "dangerously-allow-http", false,
		"leave Secure out of the cookies, for a browser that takes no Secure cookie from here without TLS,\nas Safari: everybody on the way can read them then")
	err = f.Parse(args)
	return o, err
}
