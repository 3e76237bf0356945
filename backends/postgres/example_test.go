package postgres_test

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/postgres"
)

func Example() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	store, err := postgres.New(postgres.Config{Pool: pool})
	if err != nil {
		log.Fatal(err)
	}
	if err := store.Migrate(ctx); err != nil {
		log.Fatal(err)
	}
	go backends.Sweep(ctx, store, 10*time.Minute, func(removed int, err error) {
		slog.Info("sweep", "removed", removed, "error", err)
	})
}

// The application keeps its own users: a view shows them the way they are asked for.
func Example_ownUsers() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()

	_, err = pool.Exec(ctx, `
CREATE VIEW app.auth_users AS
	SELECT id::text AS id, roles, deleted_at IS NOT NULL AS disabled, version FROM app.people;
CREATE INDEX people_id_text ON app.people ((id::text))`)
	if err != nil {
		log.Fatal(err)
	}
	store, err := postgres.New(postgres.Config{Pool: pool, Users: "app.auth_users"})
	if err != nil {
		log.Fatal(err)
	}
	if err := store.Migrate(ctx); err != nil {
		log.Fatal(err)
	}
}

// A dead database is not a wrong password: only the errors of package backends say anything
// about a session. An application that takes every error for "logged out" logs everyone out
// when the database restarts.
func Example_incorrect() {
	var store backends.Store // a *postgres.Store
	var id string            // from the credential, as is the secret
	var secret backends.Secret

	_, _, err := store.Find(context.Background(), time.Now(), id, secret.Hash())
	switch {
	case err == nil:
		// let in
	case errors.Is(err, backends.ErrNotFound), errors.Is(err, backends.ErrNotLive):
		// 401
	default:
		// Incorrect: 401 as well. Correct: 503 with Retry-After, and no cookie is touched.
	}
}
