package main

import (
	"flag"
	"fmt"
	"time"

	"github.com/inga-auth/inga/sliding"
)

// options are the flags.
type options struct {
	addr        string
	databaseURL string
	policy      sliding.Policy // of a session that is not remembered
	fresh       time.Duration
	keyFile     string
	plainHTTP   bool
}

// remembered is the policy of "remember me": what NIST SP 800-63B-4 allows at its lowest level,
// 30 days.
var remembered = sliding.AAL1()

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("webapp", flag.ContinueOnError)
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on; port 0 is any free one")
	f.StringVar(&o.databaseURL, "database-url", "", "keep users and sessions in the PostgreSQL at this `URL`, instead of in memory")
	f.DurationVar(&o.policy.Idle, "idle", 30*time.Minute, "end a session that nobody has used for so long, unless it is remembered")
	f.DurationVar(&o.policy.Absolute, "absolute", 12*time.Hour, "end a session so long after the login, unless it is remembered")
	f.DurationVar(&o.fresh, "fresh", 10*time.Minute, "ask for the password again, before what is sensitive, if it was given longer ago")
	f.StringVar(&o.keyFile, "key", "", "keep the key that signs cookies in this `file`, which is made if it does not exist,\ninstead of a new key at each start, which logs everybody out")
	f.BoolVar(&o.plainHTTP, "dangerously-allow-http", false,
		"leave Secure out of the cookie, for a browser that reaches this server without TLS\nat an address other than its own machine's: everybody on the way can read it then")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.fresh < time.Second {
		return o, fmt.Errorf("-fresh is %v, want at least 1s", o.fresh)
	}
	return o, nil
}
