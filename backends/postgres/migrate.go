package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The files are applied in the order of their names, and numbered by it from 1, each in a
// transaction of its own. A file that was released is never edited.
//
// From 0003 on a file locks one table at most. One that waits for a second while it holds the
// first deadlocks with the statements that are served meanwhile.
//
//go:embed migrations/*.sql
var migrations embed.FS

// A statement that has waited for a lock must see what has been committed by then, whatever
// the database's default isolation level is.
var readCommitted = pgx.TxOptions{IsoLevel: pgx.ReadCommitted}

// IF NOT EXISTS would ask for the right to create a schema even where there is one.
const (
	beginSQL = `DO $$ BEGIN
	IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = {schema_literal}) THEN
		CREATE SCHEMA {schema};
	END IF;
END $$;

CREATE TABLE {schema}.migrations (
	version    integer PRIMARY KEY,
	applied_at timestamptz NOT NULL DEFAULT now()
);

`
	endSQL = "\nINSERT INTO {schema}.migrations (version) VALUES (%d);\n"
)

// Migrations returns the SQL of each version of a schema, from the first. Apply them by another
// tool instead of [Store.Migrate], in this order and each in a transaction; Migrate then has
// nothing to do. A later version of this package may return more, and changes none.
func Migrations(schema string) ([]string, error) {
	if err := validName(schema); err != nil {
		return nil, fmt.Errorf("postgres: the schema is %q, which %w", schema, err)
	}
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		return nil, fmt.Errorf("postgres: migrations: %w", err)
	}
	var steps []string
	for i, file := range files {
		text, err := migrations.ReadFile(path.Join("migrations", file.Name()))
		if err != nil {
			return nil, fmt.Errorf("postgres: migrations: %w", err)
		}
		steps = append(steps, string(text)+fmt.Sprintf(endSQL, i+1))
	}
	steps[0] = beginSQL + steps[0]
	for i := range steps {
		steps[i] = inSchema(schema, steps[i])
	}
	return steps, nil
}

// Migrate creates the schema and its tables, or brings them to the version of this package.
// It does nothing if they have it, and then needs no right to create anything. Any number
// of processes may call it at the same time, and others may serve meanwhile: each step is taken
// once. If it fails, the steps before stay, and another call goes on from there.
//
// A step that waits for a long transaction, such as a dump, holds up requests for half a second
// at a time, gives way, and is tried again until ctx ends.
//
// A database of a newer version is an error: a program that was rolled back does not start
// after a newer one has migrated. So is a Config.Users that lacks a column or has one of
// another type; create that table or view first.
func (s *Store) Migrate(ctx context.Context) error {
	for more := true; more; {
		err := pgx.BeginTxFunc(ctx, s.pool, readCommitted, func(tx pgx.Tx) (err error) {
			more, err = s.step(ctx, tx)
			return err
		})
		if isLocked(err) && ctx.Err() == nil {
			sleep(ctx, lockPause, nil)
			more, err = true, ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("postgres: migrate: %w", err)
		}
	}
	return s.checkUsers(ctx)
}

// A statement that waits for a lock on a table holds up all that come after it, however little
// they want of it. So a step that waits for a long transaction, a dump say, gives way to requests
// and is tried again.
const (
	lockPatienceSQL = `SET LOCAL lock_timeout = '500ms'`
	lockPause       = 2 * time.Second
)

func isLocked(err error) bool {
	var server *pgconn.PgError
	return errors.As(err, &server) && server.Code == "55P03"
}

// A lock of the transaction. A pooler may give each transaction another connection, so a lock of
// the session would be lost, or never released.
const migrateLockSQL = `SELECT pg_advisory_xact_lock(hashtextextended('inga migrate ' || $1::text, 0))`

// step takes the first of the steps that the schema lacks, and reports whether it lacks more.
func (s *Store) step(ctx context.Context, tx pgx.Tx) (more bool, err error) {
	if _, err := tx.Exec(ctx, migrateLockSQL, s.schema); err != nil {
		return false, err
	}
	version, err := s.version(ctx, tx)
	if err != nil || version == len(s.steps) {
		return false, err
	}
	// Without arguments pgx sends the text as it is, so it may hold many statements.
	if _, err := tx.Exec(ctx, lockPatienceSQL+";\n"+s.steps[version]); err != nil {
		return false, fmt.Errorf("to version %d: %w", version+1, err)
	}
	return version+1 < len(s.steps), nil
}

const (
	migratedSQL = `
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = $1::text AND c.relname = 'migrations')`
	versionSQL = `SELECT COALESCE(max(version), 0) FROM {schema}.migrations`
)

// version returns the version of the schema, which is 0 if there is none, and fails if this
// program does not know it.
func (s *Store) version(ctx context.Context, q querier) (version int, err error) {
	var migrated bool
	if err := q.QueryRow(ctx, migratedSQL, s.schema).Scan(&migrated); err != nil || !migrated {
		return 0, err
	}
	if err := q.QueryRow(ctx, inSchema(s.schema, versionSQL)).Scan(&version); err != nil {
		return 0, err
	}
	if version > len(s.steps) {
		return 0, fmt.Errorf("schema %q is of version %d, and this program knows only versions up to %d: it is older than the database",
			s.schema, version, len(s.steps))
	}
	return version, nil
}

func inSchema(schema, sql string) string {
	return strings.NewReplacer("{schema}", pgx.Identifier{schema}.Sanitize(), "{schema_literal}", literal(schema)).Replace(sql)
}
