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

// A store keeps sessions and users. Memory, Postgres, Redis and the cache around one of them are
// such stores.
type store interface {
	backends.Store
	backends.UserStore
	backends.Attempts
	backends.Sweeper
}

// A backend is the store with what it needs beside the requests.
type backend struct {
	store  store
	follow func(context.Context, func(error)) error // nil without a cache
	close  func()
}

// open returns the backend that the flags ask for.
func open(ctx context.Context, o options) (*backend, error) {
	b, err := openStore(ctx, o)
	if err != nil || !o.cache {
		return b, err
	}
	c, err := cache.New(cache.Config{Store: b.store, MaxLag: o.maxLag})
	if err != nil {
		b.close()
		return nil, fmt.Errorf("-max-lag: %w", err)
	}
	return &backend{c, c.Follow, b.close}, nil
}

// openStore returns Postgres or Redis at the URL, or memory if there is none.
func openStore(ctx context.Context, o options) (*backend, error) {
	switch {
	case o.databaseURL != "":
		return openPostgres(ctx, o)
	case o.redisURL != "":
		return openRedis(ctx, o)
	}
	return &backend{store: memory.New(), close: func() {}}, nil
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
	return &backend{store: s, close: pool.Close}, nil
}

func openRedis(ctx context.Context, o options) (*backend, error) {
	s, stop, err := redisstore.Open(ctx, o.redisURL, o.redis)
	if err != nil {
		return nil, err
	}
	return &backend{store: s, close: stop}, nil
}

// work starts what runs beside the requests: the removal of dead sessions, and the cache's feed
// of changes by other processes. stop ends both, and waits for them.
func (b *backend) work(ctx context.Context) (stop func()) {
	// Not ctx itself: requests are still in progress when it ends.
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

// reportFeed logs each lost or failed connection. Until there is one again the cache asks the
// backend about sessions more often; its answers stay right.
func reportFeed(err error) {
	slog.Warn("cache does not receive changes", "error", err)
}
