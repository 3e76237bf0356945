package main

import (
	"flag"
	"fmt"
	"time"

	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/sliding"
)

// options are the flags, and what the tests replace.
type options struct {
	addr        string
	databaseURL string
	rotate      time.Duration
	overlap     time.Duration
	leeway      time.Duration
	accessTTL   time.Duration
	policy      sliding.Policy
	plainHTTP   bool
	url         string // where the page finds the program

	postgres  postgres.Config // without the Pool
	passwords password.Config
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("spa", flag.ContinueOnError)
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on; port 0 is any free one")
	f.StringVar(&o.databaseURL, "database-url", "", "keep users and sessions in the PostgreSQL at this `URL`, instead of in memory:\nstop it, and see how the page handles a 503")
	f.DurationVar(&o.rotate, "rotate", time.Minute, "how often a page replaces its refresh token; minutes are enough for an application")
	f.DurationVar(&o.overlap, "refresh-overlap", 10*time.Second, "how long a new refresh token is not replaced again, plus -leeway; less than -rotate")
	f.DurationVar(&o.leeway, "leeway", 30*time.Second, "how much the clocks of servers may differ")
	f.DurationVar(&o.accessTTL, "access-ttl", 5*time.Minute, "lifetime of an access token")
	f.DurationVar(&o.policy.Idle, "idle", 30*time.Minute, "end a session that has not been used for this long")
	f.DurationVar(&o.policy.Absolute, "absolute", 12*time.Hour, "end a session this long after the login, used or not")
	f.StringVar(&o.url, "url", "", "`URL` of the page, as browsers know it (default http:// and the address)")
	f.BoolVar(&o.plainHTTP, "dangerously-allow-http", false,
		"leave Secure out of the cookies, for browsers that accept no Secure cookie from here without TLS, as Safari:\nanyone on the way can read them")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if grace := o.overlap + o.leeway; o.rotate <= grace {
		return o, fmt.Errorf("-rotate is %v, want more than -refresh-overlap and -leeway, which are %v", o.rotate, grace)
	}
	return o, nil
}
