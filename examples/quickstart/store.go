package main

import (
	"context"
	"errors"
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
		backends.Sweeper
	}
	users backends.Users
	close func()
}

// open returns Postgres at the URL, or memory for "".
func open(ctx context.Context, databaseURL string) (*backend, error) {
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

// A demoUser can log in with a password that everybody can read here. For a demonstration
// only.
type demoUser struct {
	Name, Password string
	Roles          []string
}

var demoUsers = []demoUser{
	{Name: "ann", Password: "ann-likes-tea", Roles: []string{"user"}},
	{Name: "root", Password: "root-likes-keys", Roles: []string{"user", "admin"}},
}

// addDemoUsers creates those that do not exist yet.
func addDemoUsers(ctx context.Context, users backends.Users, passwords *backends.Passwords) error {
	for _, u := range demoUsers {
		hash, err := passwords.Hash(ctx, u.Password)
		if err != nil {
			return err
		}
		err = users.CreateUser(ctx, backends.User{ID: u.Name, Name: u.Name, Roles: u.Roles}, hash)
		if err != nil && !errors.Is(err, backends.ErrConflict) {
			return fmt.Errorf("demo user %s: %w", u.Name, err)
		}
	}
	return nil
}
