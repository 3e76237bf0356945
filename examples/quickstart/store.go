package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/backends/postgres"
)

// A backend is where the application keeps what it remembers.
type backend struct {
	store  cache.Backend // all that a store of sessions can do, with a cache before it or not
	users  backends.Users
	follow func(context.Context, func(error)) error // nil without a cache
	close  func()
}

// open returns the backend that the flags ask for.
func open(ctx context.Context, o options) (*backend, error) {
	b, err := openStore(ctx, o.databaseURL)
	if err != nil || !o.cache {
		return b, err
	}
	c, err := cache.New(cache.Config{Store: b.store, MaxLag: o.maxLag})
	if err != nil {
		b.close()
		return nil, fmt.Errorf("-max-lag: %w", err)
	}
	// The users too, so that a change made here holds here at once.
	return &backend{store: c, users: c.Users(b.users), follow: c.Follow, close: b.close}, nil
}

// openStore returns Postgres at the URL, or memory for "".
func openStore(ctx context.Context, databaseURL string) (*backend, error) {
	if databaseURL == "" {
		s := memory.New()
		return &backend{store: s, users: s, close: func() {}}, nil
	}
	pool, err := pgxpool.New(ctx, databaseURL)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	b, err := openPostgres(ctx, pool)
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("database: %w", err)
	}
	return b, nil
}

func openPostgres(ctx context.Context, pool *pgxpool.Pool) (*backend, error) {
	s, err := postgres.New(postgres.Config{Pool: pool})
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, err
	}
	users, err := s.Users()
	return &backend{store: s, users: users, close: pool.Close}, err
}

// work does what goes on beside the requests: it removes what is dead, and hears of changes
// that other processes make. stop ends that, and returns when it has ended.
func (b *backend) work(ctx context.Context) (stop func()) {
	// Not with ctx itself: when that ends there are still requests to be answered.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var tasks sync.WaitGroup
	tasks.Go(func() { _ = backends.Sweep(ctx, b.store, time.Minute, reportSweep) })
	if b.follow != nil {
		tasks.Go(func() { _ = b.follow(ctx, reportFeed) })
	}
	return func() {
		cancel()
		tasks.Wait()
	}
}

func reportSweep(removed int, err error) {
	if err != nil {
		slog.Warn("sweep failed", "error", err)
	} else if removed > 0 {
		slog.Info("swept", "sessions", removed)
	}
}

// reportFeed is told of each connection that was lost, or not made. Nothing is wrong with
// the answers then: they cost a round trip again.
func reportFeed(err error) {
	slog.Warn("cache does not hear of changes", "error", err)
}
