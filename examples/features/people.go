package features

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// People is the shop's own table of users. It implements password.Users.
type People struct{ db *pgxpool.Pool }

// NewPeople returns the people of the tables that db finds.
func NewPeople(db *pgxpool.Pool) *People { return &People{db} }

// UserByName returns the person with the address and their password hash.
func (p *People) UserByName(ctx context.Context, email string) (u backends.User, hash string, err error) {
	err = p.db.QueryRow(ctx, `SELECT u.id, u.roles, u.disabled, u.version, p.password_hash
		FROM people p JOIN auth_users u ON u.id = p.id::text WHERE p.email = $1`, email).
		Scan(&u.ID, &u.Roles, &u.Disabled, &u.Version, &hash)
	if errors.Is(err, pgx.ErrNoRows) {
		err = backends.ErrNotFound
	}
	return u, hash, asked(err)
}

// Create adds a person, who has no password if the hash is empty.
func (p *People) Create(ctx context.Context, email, hash string) (id string, err error) {
	err = p.db.QueryRow(ctx, `INSERT INTO people (email, password_hash) VALUES ($1, $2) RETURNING id::text`, email, hash).Scan(&id)
	if taken := (*pgconn.PgError)(nil); errors.As(err, &taken) && taken.Code == "23505" {
		err = backends.ErrConflict
	}
	return id, asked(err)
}

// Address returns the address of the person with the ID.
func (p *People) Address(ctx context.Context, id string) (email string, err error) {
	err = p.db.QueryRow(ctx, `SELECT email FROM people WHERE id::text = $1`, id).Scan(&email)
	return email, asked(err)
}

// SetPassword replaces the password of u, unless it has been replaced since u was read.
func (p *People) SetPassword(ctx context.Context, u backends.User, hash string) error {
	done, err := p.db.Exec(ctx, `UPDATE people SET password_hash = $3, version = version + 1 WHERE id::text = $1 AND version = $2`,
		u.ID, u.Version, hash)
	if err == nil && done.RowsAffected() == 0 {
		err = backends.ErrConflict
	}
	return asked(err)
}

// asked returns err, and says that it is no mistake of the program if the database could not be asked.
func asked(err error) error {
	if err == nil || errors.Is(err, backends.ErrNotFound) || errors.Is(err, backends.ErrConflict) {
		return err
	}
	return errors.Join(middleware.ErrUnavailable, err)
}

// canonical returns the one spelling of an address by which people are stored, and tries at their
// passwords counted.
func canonical(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
