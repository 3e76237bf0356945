package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/backends/postgres"
)

// A store keeps sessions with refresh tokens, and users.
type store interface {
	backends.Store
	backends.Rotator
	backends.SessionLister
	backends.Sweeper
	backends.UserStore
	backends.Attempts
	backends.Claims
}

// open returns Postgres at the URL, or memory if there is none.
func open(ctx context.Context, o options) (s store, closeStore func(), err error) {
	if o.databaseURL == "" {
		return memory.New(), func() {}, nil
	}
	pool, err := pgxpool.New(ctx, o.databaseURL)
	if err != nil {
		return nil, nil, fmt.Errorf("database: %w", err)
	}
	o.postgres.Pool = pool
	p, err := postgres.New(o.postgres)
	if err == nil {
		err = p.Migrate(ctx)
	}
	if err != nil {
		pool.Close()
		return nil, nil, fmt.Errorf("database: %w", err)
	}
	return p, pool.Close, nil
}
