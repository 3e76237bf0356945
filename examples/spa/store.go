package main

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/backends/postgres"
)

// A backend is where the application keeps what it remembers.
type backend struct {
	store interface {
		backends.Store
		backends.Rotator
		backends.Directory
		backends.Sweeper
	}
	users backends.Users
	close func()
}

// open returns Postgres at the URL, or memory for "".
func open(ctx context.Context, databaseURL string) (*backend, error) {
	if databaseURL == "" {
		s := memory.New()
		return &backend{s, s, func() {}}, nil
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
	return &backend{s, users, pool.Close}, err
}
