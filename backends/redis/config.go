package redis

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
)

// A Config says where the data is.
type Config struct {
	// Client is required: of one server, of Sentinel, or of a cluster. The caller closes it. It
	// reads from masters only: a client with SendToReplicas would find sessions that have ended.
	Client rueidis.Client

	// Prefix begins each key. It belongs to this package alone, and of two stores on one server
	// neither may begin the other's. Default: "inga:".
	Prefix string

	// Confirm is how many replicas must have an end before it is reported: a logout, a
	// revocation, a new password, a limit, a rotation, a claim. With fewer, the error wraps
	// [backends.ErrUnconfirmed]. 0 waits for none, and a failover may bring back what was ended
	// shortly before.
	Confirm int

	// Timeout bounds each call but Sweep and Watch, so that a request gets an answer even if the
	// server does not give one. While it refuses connections a call takes as long, because the client
	// tries again until then. A call that finds the connection lost may take longer by what the client
	// needs to give up another one: ClientOption.Dialer.Timeout. Default: 5 seconds.
	Timeout time.Duration
}

const (
	defaultPrefix  = "inga:"
	defaultTimeout = 5 * time.Second
)

// New returns a Store. It sends nothing. The error holds all mistakes of c, each naming its field.
func New(c Config) (*Store, error) {
	var errs []error
	if c.Client == nil {
		errs = append(errs, errors.New("redis: Config.Client is nil"))
	}
	if c.Prefix != "" && (!backends.ValidText(c.Prefix) || strings.ContainsAny(c.Prefix, "{}")) {
		errs = append(errs, fmt.Errorf("redis: Config.Prefix is %.80q, want at most 255 bytes of UTF-8 without control characters and braces", c.Prefix))
	}
	if c.Confirm < 0 {
		errs = append(errs, fmt.Errorf("redis: Config.Confirm is %d, want a number of replicas, or 0 for none", c.Confirm))
	}
	if c.Timeout < 0 {
		errs = append(errs, fmt.Errorf("redis: Config.Timeout is %v, want more than 0, or 0 for the default", c.Timeout))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Store{
		client:  c.Client,
		scripts: load(),
		keys:    keys(cmp.Or(c.Prefix, defaultPrefix)),
		confirm: c.Confirm,
		timeout: cmp.Or(c.Timeout, defaultTimeout),
	}, nil
}
