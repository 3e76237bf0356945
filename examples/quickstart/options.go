package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// options are the flags.
type options struct {
	addr        string
	databaseURL string
	cache       bool
	maxLag      time.Duration
	policy      sliding.Policy
	fresh       time.Duration
	maxSessions int // 0: no limit
	onLimit     string
	accessTTL   time.Duration
	overlap     time.Duration
	alg         string // "": the default, or that of the file
	keyFile     string
	rotateKeys  bool
	proxies     string // "": none
	plainHTTP   bool
}

// What happens to a login that is one too many.
const (
	onLimitEvict  = "evict"
	onLimitRefuse = "refuse"
)

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	o.define(f)
	if err := f.Parse(args); err != nil {
		return o, err
	}
	set := map[string]bool{}
	f.Visit(func(f *flag.Flag) { set[f.Name] = true })
	if set["max-lag"] && !o.cache {
		return o, errors.New("-max-lag is that of -cache, which is missing")
	}
	return o, errors.Join(o.mistakes()...)
}

func (o *options) define(f *flag.FlagSet) {
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on; port 0 is any free one")
	f.StringVar(&o.databaseURL, "database-url", "", "keep users and sessions in the PostgreSQL at this `URL`, instead of in memory")
	f.BoolVar(&o.cache, "cache", false, "put a cache before the backend: a request with a session costs no round trip then")
	f.DurationVar(&o.maxLag, "max-lag", 5*time.Second, "with -cache: by when at the latest a change that another process makes holds here, whatever breaks")
	f.DurationVar(&o.policy.Idle, "idle", 30*time.Minute, "end a session that nobody has used for so long")
	f.DurationVar(&o.policy.Absolute, "absolute", 12*time.Hour, "end a session so long after the login, used or not")
	f.DurationVar(&o.fresh, "fresh", 10*time.Minute, "for so long after the password was given one may end other sessions and administer users;\nlater it is asked for again")
	f.IntVar(&o.maxSessions, "max-sessions", 0, "how many sessions a user may have at once, 0 for any number; administrators always may have any number")
	f.StringVar(&o.onLimit, "on-limit", onLimitEvict, "`what` a login does that is one too many: "+onLimitEvict+" the session that was used least recently,\nor "+onLimitRefuse+" itself")
	f.DurationVar(&o.accessTTL, "access-ttl", 5*time.Minute, "lifetime of an access token")
	f.DurationVar(&o.overlap, "refresh-overlap", 10*time.Second, "for so long a refresh token that was replaced gets its successor again; after that it is theft\n(and for a minute at least, while the successor has not been used)")
	f.StringVar(&o.alg, "alg", "", "sign access tokens with this `algorithm`: "+allAlgs+"\n(default "+defaultAlg+", or what the key file says)")
	f.StringVar(&o.keyFile, "keys", "", "keep the keys in this `file`, which is made if it does not exist, instead of new ones at each start")
	f.BoolVar(&o.rotateKeys, "rotate-keys", false, "put new keys into the file of -keys, in front of the old ones, and exit; the next start uses them")
	f.StringVar(&o.proxies, "trusted-proxies", "", "`addresses` and networks of the proxies before this server, with commas between, and unix for a Unix socket:\nwhat they say in X-Forwarded-For is where a client is (10.0.0.0/8,unix)")
	f.BoolVar(&o.plainHTTP, "dangerously-allow-http", false,
		"leave Secure out of the cookie, for a browser that reaches this server without TLS\nat an address other than its own machine's: everybody on the way can read it then")
}

// mistakes are those that no package of inga finds, or that it would call by another name.
func (o *options) mistakes() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if o.rotateKeys && o.keyFile == "" {
		bad("-rotate-keys needs the file of -keys")
	}
	if o.maxSessions < 0 {
		bad("-max-sessions is %d, want 0 for any number, or more", o.maxSessions)
	}
	if o.onLimit != onLimitEvict && o.onLimit != onLimitRefuse {
		bad("-on-limit is %q, want %s or %s", o.onLimit, onLimitEvict, onLimitRefuse)
	}
	if o.maxLag <= 0 {
		bad("-max-lag is %v, want more than 0", o.maxLag)
	}
	if o.fresh < time.Second {
		bad("-fresh is %v, want at least 1s", o.fresh)
	}
	if _, err := o.trustedProxies(); err != nil {
		bad("-trusted-proxies: %w", err)
	}
	return errs
}

// limit is how many sessions a user may have: a function of the user, as they are when the
// login is made.
func (o *options) limit(u backends.User) backends.Limit {
	if slices.Contains(u.Roles, roleAdmin) {
		return backends.Limit{}
	}
	return backends.Limit{Total: o.maxSessions, Refuse: o.onLimit == onLimitRefuse}
}

// trustedProxies returns what has middleware.ClientIP look behind the proxies, or nil if
// there are none.
func (o *options) trustedProxies() (*middleware.Proxies, error) {
	if o.proxies == "" {
		return nil, nil
	}
	list := strings.Split(o.proxies, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return middleware.NewProxies(middleware.ProxyConfig{Trusted: list})
}
