package main

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/examples/internal/server"
	"github.com/inga-auth/inga/middleware/clientip"
	"github.com/inga-auth/inga/sliding"
)

// options are the flags, and what the tests replace.
type options struct {
	addr        string
	databaseURL string
	redisURL    string
	cache       bool
	maxLag      time.Duration
	policy      sliding.Policy
	fresh       time.Duration
	maxSessions int // 0: no limit
	onLimit     string
	accessTTL   time.Duration
	overlap     time.Duration
	leeway      time.Duration
	alg         string // "": the default, or that of the file
	keyFile     string
	rotateKeys  bool
	proxies     string // "": none
	plainHTTP   bool

	server    *http.Server    // with its timeouts; those of the tests have none
	postgres  postgres.Config // without the Pool
	redis     redis.Config    // without the Client
	users     []demoUser
	passwords password.Config
}

// What a login over the limit does.
const (
	onLimitEvict  = "evict"
	onLimitRefuse = "refuse"
)

func parse(args []string) (options, error) {
	o := options{server: server.New(), users: demoUsers}
	f := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	o.define(f)
	if err := f.Parse(args); err != nil {
		return o, err
	}
	set := map[string]bool{}
	f.Visit(func(f *flag.Flag) { set[f.Name] = true })
	if set["max-lag"] && !o.cache {
		return o, errors.New("-max-lag needs -cache")
	}
	return o, errors.Join(o.mistakes()...)
}

func (o *options) define(f *flag.FlagSet) {
	f.StringVar(&o.addr, "addr", "127.0.0.1:8080", "`address` to listen on; port 0 is any free one")
	f.StringVar(&o.databaseURL, "database-url", "", "keep users and sessions in the PostgreSQL at this `URL`, instead of in memory")
	f.StringVar(&o.redisURL, "redis", "", "keep users and sessions in the Redis at this `URL`, instead of in memory")
	f.BoolVar(&o.cache, "cache", false, "cache the backend: a request with a cached session costs no round trip")
	f.DurationVar(&o.maxLag, "max-lag", 5*time.Second, "with -cache: how long a change made by another process may go unnoticed while its feed works")
	f.DurationVar(&o.policy.Idle, "idle", 30*time.Minute, "end a session that has not been used for this long")
	f.DurationVar(&o.policy.Absolute, "absolute", 12*time.Hour, "end a session this long after the login, used or not")
	f.DurationVar(&o.fresh, "fresh", 10*time.Minute, "how long after the password was given the user may end other sessions and administer users;\nlater the page asks for it again")
	f.IntVar(&o.maxSessions, "max-sessions", 0, "how many sessions a user may have at once, 0 for any number; administrators may have any number")
	f.StringVar(&o.onLimit, "on-limit", onLimitEvict, "`what` a login over the limit does: "+onLimitEvict+" the least recently used session, or "+onLimitRefuse+" the login")
	f.DurationVar(&o.accessTTL, "access-ttl", 5*time.Minute, "lifetime of an access token")
	f.DurationVar(&o.overlap, "refresh-overlap", 10*time.Second, "how long a new refresh token is not replaced again, and its predecessor is still accepted, plus -leeway")
	f.DurationVar(&o.leeway, "leeway", 30*time.Second, "how much the clocks of servers may differ")
	f.StringVar(&o.alg, "alg", "", "sign access tokens with this `algorithm`: "+allAlgs+"\n(default "+defaultAlg+", or that of the key file)")
	f.StringVar(&o.keyFile, "keys", "", "keep the keys in this `file`, which is created if it does not exist; by default they are new at each start")
	f.BoolVar(&o.rotateKeys, "rotate-keys", false, "put new keys in front of the old ones in the file of -keys, and exit; the next start uses them")
	f.StringVar(&o.proxies, "trusted-proxies", "", "comma-separated `addresses` and networks of the proxies in front of this server, and unix for a Unix socket:\ntheir X-Forwarded-For says where a client is (10.0.0.0/8,unix)")
	f.BoolVar(&o.plainHTTP, "dangerously-allow-http", false,
		"leave Secure out of the cookies, for browsers on other machines that reach this server without TLS:\nanyone on the way can read the cookies")
}

// mistakes returns those that no package of inga finds, or that it would report under another
// name.
func (o *options) mistakes() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if o.databaseURL != "" && o.redisURL != "" {
		bad("-redis and -database-url are two places to keep sessions, want one")
	}
	if o.rotateKeys && o.keyFile == "" {
		bad("-rotate-keys needs the file of -keys")
	}
	if o.maxSessions < 0 {
		bad("-max-sessions is %d, want 0 for any number, or more", o.maxSessions)
	}
	if o.onLimit != onLimitEvict && o.onLimit != onLimitRefuse {
		bad("-on-limit is %q, want %s or %s", o.onLimit, onLimitEvict, onLimitRefuse)
	}
	if o.overlap <= 0 {
		bad("-refresh-overlap is %v, want more than 0", o.overlap)
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

// stored reports whether users and sessions outlive the program.
func (o *options) stored() bool { return o.databaseURL != "" || o.redisURL != "" }

// limit returns how many sessions a user may have, given the user at the time of the login.
func (o *options) limit(u backends.User) backends.Limit {
	if slices.Contains(u.Roles, roleAdmin) {
		return backends.Limit{}
	}
	return backends.Limit{Total: o.maxSessions, Refuse: o.onLimit == onLimitRefuse}
}

// trustedProxies returns what finds clients behind the proxies, or nil if there are none.
func (o *options) trustedProxies() (*clientip.Proxies, error) {
	if o.proxies == "" {
		return nil, nil
	}
	list := strings.Split(o.proxies, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return clientip.New(clientip.Config{Trusted: list})
}
