package postgres

import (
	"context"
	"embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// The files are applied in the order of their names, and numbered by it from 1. A file that
// was released is never edited.
//
//go:embed migrations/*.sql
var migrations embed.FS

// What is read after a wait for a lock must be what is committed by then, whatever the
// database's default is.
var readCommitted = pgx.TxOptions{IsoLevel: pgx.ReadCommitted}

// Migrate creates the schema and its tables, or brings them to the version of this package.
// It does nothing if they have it, and then needs no right to create anything. Any number
// of processes may call it at the same time: one migrates, the others wait for it.
//
// A database of a newer version is an error: a program that was rolled back does not start
// after a newer one has migrated. So is a Config.Users that lacks a column; create that table
// or view first.
func (s *Store) Migrate(ctx context.Context) error {
	files, err := migrations.ReadDir("migrations")
	if err != nil {
		return fmt.Errorf("postgres: migrate: %w", err)
	}
	err = pgx.BeginTxFunc(ctx, s.pool, readCommitted, func(tx pgx.Tx) error {
		version, err := s.lockVersion(ctx, tx)
		if err != nil {
			return err
		}
		if version > len(files) {
			return fmt.Errorf("schema %q is of version %d, and this program knows only versions up to %d: it is older than the database",
				s.schema, version, len(files))
		}
		for i := version; i < len(files); i++ {
			if err := s.apply(ctx, tx, i+1, "migrations/"+files[i].Name()); err != nil {
				return fmt.Errorf("%s: %w", files[i].Name(), err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("postgres: migrate: %w", err)
	}
	if _, err := s.pool.Exec(ctx, s.sql.checkUsers); err != nil {
		return fmt.Errorf("postgres: migrate: the users table or view: %w", err)
	}
	return nil
}

const (
	// A lock of the transaction: one of the session would be lost, or never released,
	// behind a pooler that gives each transaction another connection.
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

	// Nothing is read; a column that is missing or cannot be compared is an error anyway.
	checkUsersSQL = `
SELECT FROM {sessions} s JOIN {users} u ON u.id = s.user_id
WHERE u.roles::text[] IS NULL AND u.disabled IS FALSE AND u.version::bigint = 0 LIMIT 0`
)

// lockVersion waits for its turn and returns the version of the schema, which it creates
// if it is not there.
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
