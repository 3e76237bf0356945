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
	"github.com/inga-auth/inga/examples/internal/redisstore"
)

// A backend is memory, Postgres or Redis behind a cache, which also reports at once when a session ends,
// so that live pages end with it.
type backend struct {
	store *cache.Store
	close func()
}

// open returns Postgres or Redis at the URL, or memory if there is none.
func open(ctx context.Context, o options) (*backend, error) {
	switch {
	case o.databaseURL != "":
		return openPostgres(ctx, o)
	case o.redisURL != "":
		s, stop, err := redisstore.Open(ctx, o.redisURL, o.redis)
		if err != nil {
			return nil, err
		}
		return cached(s, stop)
	}
	return cached(memory.New(), func() {})
}

func openPostgres(ctx context.Context, o options) (*backend, error) {
	pool, err := pgxpool.New(ctx, o.databaseURL)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	o.postgres.Pool = pool
	s, err := postgres.New(o.postgres)
	if err == nil {
		err = s.Migrate(ctx)
	}
	if err != nil {
		pool.Close()
		return nil, fmt.Errorf("database: %w", err)
	}
	return cached(s, pool.Close)
}

func cached(store backends.Store, stop func()) (*backend, error) {
	c, err := cache.New(cache.Config{Store: store})
	return &backend{c, stop}, err
}

// work starts what runs beside the requests: the removal of dead sessions, and the cache's feed
// of changes by other processes. stop ends both, and waits for them.
func (b *backend) work(ctx context.Context) (stop func()) {
	// Not ctx itself: requests are still in progress when it ends.
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
		_ = b.store.Follow(ctx, func(err error) { slog.Warn("cache does not receive changes", "error", err) })
	})
	return func() {
		cancel()
		tasks.Wait()
	}
}
