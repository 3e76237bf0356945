package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Check reports what keeps the store from serving: a schema that is not of this package's version,
// a Config.Users that lacks a column or has one of another type and, if Config.UsersAnnounced is
// set, every table behind it whose changes are not announced, with the SQL that announces them.
//
// It sees through views, partitions and inherited tables, and not through functions. A table of
// another server and a materialized view cannot be announced.
func (s *Store) Check(ctx context.Context) error {
	ctx, cancel := s.bound(ctx)
	defer cancel()
	version, err := s.version(ctx, s.pool)
	if err == nil && version < len(s.steps) {
		err = fmt.Errorf("schema %q is of version %d, and this program needs %d: it has to be migrated", s.schema, version, len(s.steps))
	}
	if err != nil {
		return fmt.Errorf("postgres: check: %w", err)
	}
	return errors.Join(s.checkUsers(ctx), s.checkTriggers(ctx))
}

// It reads no rows, and still fails if a column is missing or has the wrong type.
const checkUsersSQL = `
SELECT FROM {sessions} s JOIN {users} u ON u.id = s.user_id
WHERE NULL = ANY (u.roles) AND u.roles::text[] IS NULL AND u.disabled IS FALSE AND u.version::bigint = 0 LIMIT 0`

func (s *Store) checkUsers(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, s.sql.checkUsers); err != nil {
		return fmt.Errorf("postgres: the users table or view must have id text, roles text[], disabled boolean and version bigint: %w", err)
	}
	return nil
}

// Each table behind the users, by name, with the columns that are read of it; whether it cannot
// have triggers that notice all changes, is what Config.Users names or a part of it, is a partition,
// and is announced: by a trigger without a condition for each kind of change, which neither waits for
// other columns nor compares them alone. One that waits for columns does not fire where another
// trigger, before the row is written, changes them. The bits are those of pg_trigger.h. A rule of
// the type '1' is that of a view; what others write when a table is written is not read.
const triggersSQL = `
WITH RECURSIVE behind AS (
	SELECT {users_literal}::regclass::oid AS rel, {users_literal}::regclass::oid AS named
	UNION
	SELECT next.rel, next.named FROM behind b CROSS JOIN LATERAL (
		SELECT d.refobjid AS rel, d.refobjid AS named
		FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
		WHERE r.ev_class = b.rel AND r.ev_type = '1' AND d.refclassid = 'pg_class'::regclass
		UNION SELECT inhrelid, b.named FROM pg_inherits WHERE inhparent = b.rel) next
), used AS (
	SELECT DISTINCT b.rel, a.attname, a.attnum
	FROM behind b JOIN pg_attribute a ON a.attrelid = b.rel AND a.attnum > 0 AND NOT a.attisdropped
	WHERE b.named = {users_literal}::regclass AND a.attname IN ('id', 'roles', 'disabled', 'version')
		OR EXISTS (SELECT FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
			JOIN pg_attribute p ON p.attrelid = d.refobjid AND p.attname = a.attname
			WHERE r.ev_class IN (SELECT rel FROM behind) AND r.ev_type = '1' AND d.refclassid = 'pg_class'::regclass
				AND d.refobjid = b.named AND d.refobjsubid IN (0, p.attnum))
), ours AS (
	SELECT t.tgrelid, t.tgtype, b.bit FROM pg_trigger t, unnest(ARRAY[4, 8, 16, 32]) b (bit)
	WHERE t.tgfoid = {changed_literal}::regprocedure AND t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL
		AND t.tgtype & b.bit <> 0 AND t.tgtype & 66 = 0
		AND (b.bit <> 16 OR cardinality(t.tgattr::int2[]) = 0 OR NOT EXISTS (
			SELECT FROM pg_trigger x WHERE x.tgrelid = t.tgrelid AND x.tgenabled <> 'D' AND x.tgtype & 19 = 19))
		AND (b.bit <> 16 OR NOT EXISTS (SELECT FROM used u WHERE u.rel = t.tgrelid AND (
			cardinality(t.tgattr::int2[]) > 0 AND u.attnum <> ALL (t.tgattr::int2[])
			OR t.tgnargs > 1 AND position('\x00'::bytea || convert_to(u.attname, 'UTF8') || '\x00'::bytea IN '\x00'::bytea || t.tgargs) = 0)))
)
SELECT format('%I.%I', n.nspname, c.relname), c.relkind IN ('f', 'm'), EXISTS (SELECT FROM behind b WHERE b.rel = c.oid AND b.named = {users_literal}::regclass), c.relispartition,
	ARRAY (SELECT u.attname::text FROM used u WHERE u.rel = c.oid ORDER BY u.attnum),
	(SELECT count(DISTINCT bit) FROM ours o WHERE o.tgrelid = c.oid AND o.tgtype & 1 = 1 AND bit <> 32) = 3,
	EXISTS (SELECT FROM ours o WHERE o.tgrelid = c.oid AND o.tgtype & 1 = 0 AND bit = 32)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid IN (SELECT rel FROM behind) AND c.relkind IN ('r', 'p', 'f', 'm')
ORDER BY 1`

// A source is a table that the users are read from.
type source struct {
	name                     string // quoted
	silent, users, partition bool
	columns                  []string
	rows, truncate           bool // whether changes of these are announced
}

// checkTriggers reports the tables behind the application's users whose changes Config.UsersAnnounced
// says are announced, and are not.
func (s *Store) checkTriggers(ctx context.Context) error {
	if s.ownUsers || !s.vouches {
		return nil
	}
	rows, err := s.pool.Query(ctx, s.sql.triggers)
	if err != nil {
		return fmt.Errorf("postgres: check triggers: %w", err)
	}
	sources, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (t source, err error) {
		err = r.Scan(&t.name, &t.silent, &t.users, &t.partition, &t.columns, &t.rows, &t.truncate)
		return t, err
	})
	if err != nil {
		return fmt.Errorf("postgres: check triggers: %w", err)
	}
	var errs []error
	var missing strings.Builder
	for _, t := range sources {
		switch {
		case t.silent:
			errs = append(errs, fmt.Errorf("postgres: Config.UsersAnnounced is true, but no trigger notices all changes of %s, a foreign table or materialized view", t.name))
		case !t.rows || !t.truncate:
			missing.WriteString(s.triggersFor(t))
		}
	}
	if missing.Len() > 0 {
		errs = append(errs, fmt.Errorf("postgres: Config.UsersAnnounced is true, but not all changes are announced. "+
			"Run this; the first argument may be the column that holds the user's ID, so that only that user is read again:\n%s", &missing))
	}
	return errors.Join(errs...)
}

// triggersFor returns the SQL of the triggers that t lacks. A partition has those of its rows from
// the table it belongs to.
func (s *Store) triggersFor(t source) string {
	arguments := []string{"''"}
	if t.users {
		arguments[0] = "'id'"
	}
	for _, c := range t.columns {
		if !t.users || c != "id" {
			arguments = append(arguments, literal(c))
		}
	}
	var sql string
	if !t.rows && !t.partition {
		sql = fmt.Sprintf("CREATE OR REPLACE TRIGGER inga_changed AFTER INSERT OR UPDATE OR DELETE ON %s\n\tFOR EACH ROW EXECUTE FUNCTION {schema}.changed(%s);\n",
			t.name, strings.Join(arguments, ", "))
	}
	if !t.truncate || t.partition {
		sql += fmt.Sprintf("CREATE OR REPLACE TRIGGER inga_truncated AFTER TRUNCATE ON %s\n\tFOR EACH STATEMENT EXECUTE FUNCTION {schema}.changed('');\n", t.name)
	}
	return inSchema(s.schema, sql)
}
