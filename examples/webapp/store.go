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
	store *cache.Store // the cache hears at once when a session ends, and live pages with it
	users backends.Users
	close func()
}

// open returns Postgres at the URL, or memory for "", behind a cache.
func open(ctx context.Context, databaseURL string) (*backend, error) {
	if databaseURL == "" {
		s := memory.New()
		return cached(s, s, func() {})
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
	if err != nil {
		return nil, err
	}
	return cached(s, users, pool.Close)
}

func cached(store cache.Backend, users backends.Users, stop func()) (*backend, error) {
	c, err := cache.New(cache.Config{Store: store})
	if err != nil {
		return nil, err
	}
	return &backend{store: c, users: c.Users(users), close: stop}, nil
}

// work does what goes on beside the requests: it removes what is dead, and hears of changes
// that other processes make. stop ends that, and returns when it has ended.
func (b *backend) work(ctx context.Context) (stop func()) {
	// Not with ctx itself: when that ends there are still requests to be answered.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var tasks sync.WaitGroup
	tasks.Go(func() {
		_ = backends.Sweep(ctx, b.store, time.Minute, func(_ int, err error) {
			if err != nil {
				slog.Warn("sweep failed", "error", err)
			}
		})
	})
	tasks.Go(func() {
		_ = b.store.Follow(ctx, func(err error) { slog.Warn("cache does not hear of changes", "error", err) })
	})
	return func() {
		cancel()
		tasks.Wait()
	}
}
