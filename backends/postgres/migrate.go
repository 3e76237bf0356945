package postgres

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
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

// Migrate creates the schema and its tables, or brings them to the version of this package.
// It does nothing if they have it, and then needs no right to create anything. Any number
// of processes may call it at the same time, and others may serve meanwhile: each step is taken
// once. If it fails, the steps before stay, and another call goes on from there.
//
// A database of a newer version is an error: a program that was rolled back does not start
// after a newer one has migrated. So is a Config.Users that lacks a column or has one of
// another type; create that table or view first.
func (s *Store) Migrate(ctx context.Context) error {
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		return fmt.Errorf("postgres: migrate: %w", err)
	}
	for more := true; more; {
		err := pgx.BeginTxFunc(ctx, s.pool, readCommitted, func(tx pgx.Tx) (err error) {
			more, err = s.step(ctx, tx, files)
			return err
		})
		if err != nil {
			return fmt.Errorf("postgres: migrate: %w", err)
		}
	}
	if _, err := s.pool.Exec(ctx, s.sql.checkUsers); err != nil {
		return fmt.Errorf("postgres: migrate: the users table or view must have id text, roles text[], disabled boolean and version bigint: %w", err)
	}
	return nil
}

// step applies the first of the files that the schema lacks, and reports whether it lacks more.
func (s *Store) step(ctx context.Context, tx pgx.Tx, files []fs.DirEntry) (more bool, err error) {
	version, err := s.lockVersion(ctx, tx)
	switch {
	case err != nil:
		return false, err
	case version > len(files):
		return false, fmt.Errorf("schema %q is of version %d, and this program knows only versions up to %d: it is older than the database",
			s.schema, version, len(files))
	case version == len(files):
		return false, nil
	}
	name := files[version].Name()
	if err := s.apply(ctx, tx, version+1, "migrations/"+name); err != nil {
		return false, fmt.Errorf("%s: %w", name, err)
	}
	return version+1 < len(files), nil
}

const (
	// A lock of the transaction. A pooler may give each transaction another connection, so a
	// lock of the session would be lost, or never released.
	migrateLockSQL = `SELECT pg_advisory_xact_lock(hashtextextended('inga migrate ' || $1::text, 0))`

	// IF NOT EXISTS would ask for the right to create even where there is nothing to do.
	schemaExistsSQL  = `SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1::text)`
	versionsExistSQL = `
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = $1::text AND c.relname = 'migrations')`

	createSchemaSQL   = `CREATE SCHEMA {schema}`
	createVersionsSQL = `
CREATE TABLE {schema}.migrations (
	version    integer PRIMARY KEY,
	applied_at timestamptz NOT NULL DEFAULT now()
)`
	versionSQL    = `SELECT COALESCE(max(version), 0) FROM {schema}.migrations`
	addVersionSQL = `INSERT INTO {schema}.migrations (version) VALUES ($1::integer)`

	// It reads no rows, and still fails if a column is missing or has the wrong type.
	checkUsersSQL = `
SELECT FROM {sessions} s JOIN {users} u ON u.id = s.user_id
WHERE NULL = ANY (u.roles) AND u.roles::text[] IS NULL AND u.disabled IS FALSE AND u.version::bigint = 0 LIMIT 0`
)

// lockVersion waits for its turn and returns the version of the schema, which it creates if
// there is none.
func (s *Store) lockVersion(ctx context.Context, tx pgx.Tx) (int, error) {
	if _, err := tx.Exec(ctx, migrateLockSQL, s.schema); err != nil {
		return 0, err
	}
	for _, step := range []struct{ exists, create string }{
		{schemaExistsSQL, createSchemaSQL},
		{versionsExistSQL, createVersionsSQL},
	} {
		var exists bool
		if err := tx.QueryRow(ctx, step.exists, s.schema).Scan(&exists); err != nil {
			return 0, err
		}
		if exists {
			continue
		}
		if _, err := tx.Exec(ctx, s.inSchema(step.create)); err != nil {
			return 0, err
		}
	}
	var version int
	err := tx.QueryRow(ctx, s.inSchema(versionSQL)).Scan(&version)
	return version, err
}

func (s *Store) apply(ctx context.Context, tx pgx.Tx, version int, file string) error {
	text, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	// Without arguments pgx sends the text as it is, so it may hold many statements.
	if _, err := tx.Exec(ctx, s.inSchema(string(text))); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, s.inSchema(addVersionSQL), version)
	return err
}

func (s *Store) inSchema(sql string) string {
	return strings.ReplaceAll(sql, "{schema}", pgx.Identifier{s.schema}.Sanitize())
}
