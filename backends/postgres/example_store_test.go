package postgres_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/postgres"
)

func ExampleNew() {
	ctx := context.Background()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	store, err := postgres.New(postgres.Config{Pool: pool, Schema: "auth", Timeout: 2 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	if err := store.Migrate(ctx); err != nil { // before the first use
		log.Fatal(err)
	}
}

// New does not connect, and still sees these.
func ExampleNew_incorrect() {
	_, err := postgres.New(postgres.Config{Schema: "app.auth", Users: "people", Timeout: -1})
	fmt.Println(err)
	// Output:
	// postgres: Config.Pool is nil
	// postgres: Config.Schema is "app.auth", which has a dot in it
	// postgres: Config.Users is "people", want "schema.name"
	// postgres: Config.Timeout is -1ns, want more than 0, or 0 for the default
}

// Behind PgBouncer in transaction mode no statement is prepared. Listen is optional: with it caches
// hear of a change within milliseconds, and else within 250 as a rule.
func ExampleConfig_pgBouncer() {
	ctx := context.Background()
	pooled, err := pgxpool.ParseConfig(os.Getenv("PGBOUNCER_URL"))
	if err != nil {
		log.Fatal(err)
	}
	pooled.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	direct, err := pgx.ParseConfig(os.Getenv("DATABASE_URL"))
	if err != nil {
		log.Fatal(err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, pooled)
	if err != nil {
		log.Fatal(err)
	}
	store, err := postgres.New(postgres.Config{Pool: pool, Listen: direct})
	if err != nil {
		log.Fatal(err)
	}
	_ = store // cache.New(cache.Config{Store: store}), and go Follow
}

func ExampleStore_Users() {
	ctx := context.Background()
	var store *postgres.Store // postgres.New
	ann := backends.User{ID: "17", Name: "ann", Roles: []string{"admin"}}
	err := store.Users().CreateUser(ctx, ann, "$argon2id$…") // from package backends/password
	if err != nil {
		log.Fatal(err) // wraps errors.ErrUnsupported if Config.Users names a table of yours
	}
}

// After a password has changed in a table of the application's, its other sessions end.
func ExampleStore_RevokeUser() {
	ctx := context.Background()
	var store *postgres.Store // with Config.Users
	var pool *pgxpool.Pool
	const change = `UPDATE app.people SET password = $2, version = version + 1 WHERE id = $1`
	if _, err := pool.Exec(ctx, change, 42, "$argon2id$…"); err != nil {
		log.Fatal(err)
	}
	ended, err := store.RevokeUser(ctx, time.Now(), "42", "the SessionID that may stay", backends.ReasonCredentials)
	if err != nil {
		log.Fatal(err)
	}
	log.Print(ended, " sessions ended")
}
