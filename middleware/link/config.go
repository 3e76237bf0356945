package link

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/nilcheck"
	"github.com/inga-auth/inga/internal/seal"
	"github.com/inga-auth/inga/middleware"
)

// Config is what [New] needs. All fields but Reusable are required.
type Config struct {
	// Purpose is what the links are for, as "reset-password". A link for another purpose is void.
	Purpose string

	// Store finds users and remembers which links were used. It must be a [backends.UserFinder] and,
	// unless Reusable is set, a [backends.Claims].
	Store backends.Store

	// Keys seal the links, as in cookie.ValueConfig. They may be shared with links for other purposes
	// and with packages cookie and callback. To rotate, put the new one last, in all processes; then
	// first; and drop the old one after MaxAge.
	Keys [][]byte `json:"-"`

	// MaxAge is how long a link is good, from a minute to 90 days.
	MaxAge time.Duration

	// Reusable lets a link be used more than once. It is for stores without [backends.Claims], and
	// safe where using a link changes the version of the user, as a new password does.
	Reusable bool
}

// Format implements [fmt.Formatter], so that no verb prints the keys.
func (c Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[link.Config]")) }

// LogValue implements [slog.LogValuer].
func (c Config) LogValue() slog.Value { return slog.StringValue("[link.Config]") }

// Links makes and opens the links for one purpose. It is safe for concurrent use.
type Links struct {
	purpose string
	users   backends.UserFinder
	claims  backends.Claims // nil if links are reusable
	box     *seal.Box
	maxAge  time.Duration
}

// errNotMade is for the zero Links, and nil.
var errNotMade = fmt.Errorf("%w: link: these Links are not from New", middleware.ErrInvalidArgument)

// New returns the Links that c describes. The error joins all mistakes, each naming its field.
func New(c Config) (*Links, error) {
	errs := append(c.mistakes(), seal.Mistakes("link: Config.Keys", c.Keys)...)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	l := &Links{purpose: c.Purpose, box: seal.New(c.Keys, "link\x00"+c.Purpose), maxAge: c.MaxAge}
	l.users, _ = c.Store.(backends.UserFinder)
	if !c.Reusable {
		l.claims, _ = c.Store.(backends.Claims)
	}
	return l, nil
}

func (c Config) mistakes() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("link: Config."+format, args...)) }
	if !backends.ValidText(c.Purpose) {
		bad("Purpose is %q, want a word like reset-password", c.Purpose)
	}
	if nilcheck.IsNil(c.Store) {
		bad("Store is nil, want a backend")
	} else {
		if !backends.Supports[backends.UserFinder](c.Store) {
			bad("Store is a %T, which is no backends.UserFinder", c.Store)
		}
		if !c.Reusable && !backends.Supports[backends.Claims](c.Store) {
			bad("Store is a %T, which is no backends.Claims; see Config.Reusable", c.Store)
		}
	}
	if c.MaxAge < time.Minute || c.MaxAge > 90*24*time.Hour {
		bad("MaxAge is %v, want at least 1m and at most 90 days", c.MaxAge)
	}
	return errs
}

// Format implements [fmt.Formatter], so that no verb prints the keys.
func (l *Links) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[links]")) }

// LogValue implements [slog.LogValuer].
func (l *Links) LogValue() slog.Value { return slog.StringValue("[links]") }
