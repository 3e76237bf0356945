package postgres_test

import (
	"context"
	"errors"
	"fmt"
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

// The application keeps its own users, and a view shows them the way they are asked for. The view
// comes before Migrate, and the triggers after it.
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
	store, err := postgres.New(postgres.Config{Pool: pool, Users: "app.auth_users", UsersAnnounced: true})
	if err != nil {
		log.Fatal(err)
	}
	if err := store.Migrate(ctx); err != nil {
		log.Fatal(err)
	}
	_, err = pool.Exec(ctx, `
CREATE TRIGGER inga_changed AFTER INSERT OR UPDATE OR DELETE ON app.people
	FOR EACH ROW EXECUTE FUNCTION inga.changed('id', 'roles', 'deleted_at', 'version');
CREATE TRIGGER inga_truncated AFTER TRUNCATE ON app.people
	FOR EACH STATEMENT EXECUTE FUNCTION inga.changed('')`)
	if err != nil {
		log.Fatal(err)
	}
	if err := store.Check(ctx); err != nil { // at every start
		log.Fatal(err)
	}
}

// The migrations as files for goose. Atlas and tern take the same text without the comments. A
// program whose database they have migrated calls Check at its start, and need not call Migrate.
func ExampleMigrations() {
	steps, err := postgres.Migrations("inga")
	if err != nil {
		log.Fatal(err)
	}
	for i, sql := range steps {
		text := "-- +goose Up\n-- +goose StatementBegin\n" + sql + "-- +goose StatementEnd\n"
		if err := os.WriteFile(fmt.Sprintf("migrations/%04d_inga.sql", i+1), []byte(text), 0o644); err != nil {
			log.Fatal(err)
		}
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
