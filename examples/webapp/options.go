package main

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/examples/internal/server"
	"github.com/inga-auth/inga/sliding"
)

// options are the flags, and what the tests replace.
type options struct {
	addr        string
	databaseURL string
	redisURL    string
	policy      sliding.Policy // of a session that is not remembered
	fresh       time.Duration
	keyFile     string
	plainHTTP   bool

	server    *http.Server    // with its timeouts; those of the tests have none
	postgres  postgres.Config // without the Pool
	redis     redis.Config    // without the Client
	passwords password.Config
}

// remembered is the policy of "remember me": the 30 days of the lowest level of NIST SP 800-63B-4.
var remembered = sliding.AAL1()

func parse(args []string) (options, error) {
	o := options{server: server.New()}
	f := flag.NewFlagSet("webapp", flag.ContinueOnError)
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on; port 0 is any free one")
	f.StringVar(&o.databaseURL, "database-url", "", "keep users and sessions in the PostgreSQL at this `URL`, instead of in memory")
	f.StringVar(&o.redisURL, "redis", "", "keep users and sessions in the Redis at this `URL`, instead of in memory")
	f.DurationVar(&o.policy.Idle, "idle", 30*time.Minute, "end a session that has not been used for this long, unless it is remembered")
	f.DurationVar(&o.policy.Absolute, "absolute", 12*time.Hour, "end a session this long after the login, unless it is remembered")
	f.DurationVar(&o.fresh, "fresh", 10*time.Minute, "ask for the password again, before sensitive actions, if it was given longer ago")
	f.StringVar(&o.keyFile, "key", "", "keep the key that signs cookies in this `file`, which is created if it does not exist;\nby default the key is new at each start, which logs everyone out")
	f.BoolVar(&o.plainHTTP, "dangerously-allow-http", false,
		"leave Secure out of the cookie, for browsers on other machines that reach this server without TLS:\nanyone on the way can read it")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.fresh < time.Second {
		return o, fmt.Errorf("-fresh is %v, want at least 1s", o.fresh)
	}
	if o.databaseURL != "" && o.redisURL != "" {
		return o, errors.New("-redis and -database-url are two places to keep sessions, want one")
	}
	return o, nil
}
