package postgres

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
)

// A Config says where the rows are. Names are taken exactly as they are written: "Auth" and
// "auth" are different schemas.
type Config struct {
	// Pool is required. The caller closes it.
	Pool *pgxpool.Pool

	// Schema is the schema of this package's tables, which [Store.Migrate] creates. It
	// belongs to this package alone. Default: "inga".
	Schema string

	// Users names a table or view that has the users, as "schema.name"; the package doc
	// says which columns it must have. Default: the table users in Schema.
	Users string

	// UsersAnnounced says that triggers announce all changes of the application's users, as the
	// package doc shows. [Store.Check] and [Store.Watch] fail where one is missing. Without them
	// no feed is ever up to date, and a cache reads each session again every MaxLag.
	UsersAnnounced bool

	// Timeout bounds each call but Migrate and Sweep, waiting for a connection
	// included, so that a request gets an answer even if the database does not give one.
	// Default: 5 seconds.
	Timeout time.Duration

	// Listen, if not nil, is how [Store.Watch] connects to hear notifications. They make it
	// faster, and nothing depends on them. Where Pool connects to a pooler in transaction mode,
	// which loses notifications, it may have the server's own address. Default: the
	// configuration of Pool.
	Listen *pgx.ConnConfig
}

// New returns a Store. It does not connect; call [Store.Migrate] before the first use. The
// error holds all mistakes of c, each naming its field.
func New(c Config) (*Store, error) {
	var errs []error
	if c.Pool == nil {
		errs = append(errs, errors.New("postgres: Config.Pool is nil"))
	}
	if c.Schema == "" {
		c.Schema = "inga"
	}
	if err := validName(c.Schema); err != nil {
		errs = append(errs, fmt.Errorf("postgres: Config.Schema is %q, which %w", c.Schema, err))
	}
	own := pgx.Identifier{c.Schema, "users"}
	users := own
	if c.Users != "" {
		schema, name, found := strings.Cut(c.Users, ".")
		if !found {
			errs = append(errs, fmt.Errorf("postgres: Config.Users is %q, want \"schema.name\"", c.Users))
		} else if err := errors.Join(validName(schema), validName(name)); err != nil {
			errs = append(errs, fmt.Errorf("postgres: Config.Users is %q, of which a part %w", c.Users, err))
		}
		users = pgx.Identifier{schema, name}
	}
	if c.Timeout < 0 {
		errs = append(errs, fmt.Errorf("postgres: Config.Timeout is %v, want more than 0, or 0 for the default", c.Timeout))
	}
	if c.Listen != nil && c.Listen.RuntimeParams == nil {
		errs = append(errs, errors.New("postgres: Config.Listen is not from pgx.ParseConfig, and pgx connects by no other"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	steps, err := Migrations(c.Schema)
	if err != nil {
		return nil, err
	}
	s := &Store{
		pool:     c.Pool,
		timeout:  cmp.Or(c.Timeout, 5*time.Second),
		listen:   c.Listen,
		schema:   c.Schema,
		ownUsers: users.Sanitize() == own.Sanitize(),
		vouches:  users.Sanitize() == own.Sanitize() || c.UsersAnnounced,
		sql:      compile(c.Schema, users),
		steps:    steps,
	}
	s.lookups.store = s
	return s, nil
}

// validName reports what makes s no name in PostgreSQL, or a mistake.
func validName(s string) error {
	switch {
	case s == "":
		return errors.New("is empty")
	case len(s) > 63:
		return errors.New("is longer than 63 bytes: PostgreSQL would cut it")
	case !backends.ValidText(s):
		return errors.New("has control characters or is not UTF-8")
	case strings.Contains(s, "."):
		return errors.New("has a dot in it")
	case strings.Contains(s, "$$"):
		return errors.New("has $$ in it, which ends the text of a function")
	case s == "$user":
		return errors.New("stands for the schema of a role in a search path")
	}
	return nil
}
