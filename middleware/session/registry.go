package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/nilcheck"
	"github.com/inga-auth/inga/middleware"
)

// Config is what [New] needs. Store and Policy are required.
type Config struct {
	// Store keeps the sessions: a backend, or the cache around it.
	Store backends.Store

	// Policy says how long a session lives; usually a sliding.Policy.
	Policy middleware.Policy

	// Limit, if not nil, returns how many sessions a user may have at once. A new login ends the
	// least recently used ones, or is refused. backends.Limit{Total: 1}.ForAll allows no
	// concurrent logins.
	Limit func(backends.User) backends.Limit

	// Events receives logins, renewals, logouts, revocations, theft and more. Default: they are
	// logged, to [slog.Default]. A hook takes the place of that log: [middleware.AllEvents] of it and
	// [middleware.LogEvents] keeps both.
	Events middleware.EventHook
}

// A Registry opens, extends and ends sessions. It is safe for concurrent use.
type Registry struct {
	store  backends.Store
	policy middleware.Policy
	limit  func(backends.User) backends.Limit
	events middleware.EventHook
}

// New returns the Registry that c describes. The error joins all mistakes, each naming its field.
func New(c Config) (*Registry, error) {
	var errs []error
	if nilcheck.IsNil(c.Store) {
		errs = append(errs, errors.New("session: Config.Store is nil, want a backend"))
	}
	if nilcheck.IsNil(c.Policy) {
		errs = append(errs, errors.New("session: Config.Policy is nil, want a sliding.Policy"))
	} else if err := c.Policy.Validate(); err != nil {
		errs = append(errs, fmt.Errorf("session: Config.Policy: %w", err))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if c.Events == nil {
		c.Events = middleware.LogEvents(slog.Default())
	}
	return &Registry{c.Store, c.Policy, c.Limit, c.Events}, nil
}

// Store returns Config.Store.
func (g *Registry) Store() backends.Store { return g.store }

// Format implements [fmt.Formatter], so that no verb prints what the store holds.
func (g *Registry) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[sessions]")) }

// List returns a page of the live sessions of a user, and the [backends.Page].After of the next
// one: see [backends.SessionLister], which the store must be. Sessions that are over because of
// their actor are left out, so a page with fewer than its limit need not be the last.
func (g *Registry) List(ctx context.Context, userID string, p backends.Page) (page []backends.Session, next string, err error) {
	lister, err := optional[backends.SessionLister](g)
	if err != nil {
		return nil, "", err
	}
	at := now()
	page, next, err = lister.List(ctx, at, userID, p)
	if err == nil {
		page, err = g.attended(ctx, at, page)
	}
	return page, next, verdict(err)
}

// FindUser returns the user with the ID, who has sent a request: if the store has none, the error is
// [middleware.ErrInvalidCredentials], a 401. To look another user up, ask the store, whose
// backends.ErrNotFound is a 404. The store must be a [backends.UserFinder].
func (g *Registry) FindUser(ctx context.Context, userID string) (backends.User, error) {
	finder, err := optional[backends.UserFinder](g)
	if err != nil {
		return backends.User{}, err
	}
	u, err := finder.FindUser(ctx, userID)
	return u, verdict(err)
}

// optional returns the store of g as a T, which not every store is.
func optional[T any](g *Registry) (T, error) {
	t, ok := g.store.(T)
	if !ok {
		return t, fmt.Errorf("%w: session: a %T is no %v", middleware.ErrInvalidArgument, g.store, reflect.TypeFor[T]())
	}
	return t, nil
}

// End ends one session of the user for the reason. It reports false if the user has no live
// session with that ID, whether or not another user has.
func (g *Registry) End(ctx context.Context, userID, id string, why backends.Reason) (bool, error) {
	at := now()
	// The user of a session never changes, so nothing can happen between the look and the end.
	s, _, err := g.store.Find(ctx, at, id, backends.SecretHash{})
	if errors.Is(err, backends.ErrNotFound) || errors.Is(err, backends.ErrNotLive) || err == nil && s.UserID != userID {
		return false, nil
	}
	did := false
	if err == nil {
		did, err = g.store.Revoke(ctx, at, id, why)
	}
	if did {
		g.emitEnd(ctx, at, middleware.Identity{Subject: userID, SessionID: id, Actor: s.Actor.UserID}, why, 0)
	}
	return did, verdict(err)
}

// EndUser ends the sessions of the user for the reason, except the one with the ID except ("" for
// none), and returns how many. The store must be a [backends.SessionLister].
func (g *Registry) EndUser(ctx context.Context, userID, except string, why backends.Reason) (int, error) {
	lister, err := optional[backends.SessionLister](g)
	if err != nil {
		return 0, err
	}
	at := now()
	n, err := lister.RevokeUser(ctx, at, userID, except, why)
	if n > 0 {
		g.emitEnd(ctx, at, middleware.Identity{Subject: userID}, why, n)
	}
	return n, verdict(err)
}

// EndAll ends the sessions of all users for the reason: for the day on which a key has leaked.
// The event names neither a user nor a count. The store must be a [backends.SessionLister].
func (g *Registry) EndAll(ctx context.Context, why backends.Reason) error {
	lister, err := optional[backends.SessionLister](g)
	if err != nil {
		return err
	}
	at := now()
	if err := lister.RevokeAll(ctx, at, why); err != nil {
		return verdict(err)
	}
	g.emitEnd(ctx, at, middleware.Identity{}, why, 0)
	return nil
}

func (g *Registry) emitEnd(ctx context.Context, at time.Time, about middleware.Identity, why backends.Reason, n int) {
	e := middleware.NewEventContext(ctx, middleware.EventRevoked, about)
	e.Time, e.Reason, e.Count = at, string(why), n
	g.events(ctx, e)
}

// now returns the time as a row can hold it.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
