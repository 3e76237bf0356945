// Package postgres keeps sessions, and users if the application has none, in PostgreSQL 14
// or newer, over a pgx pool.
//
//	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
//	store, err := postgres.New(postgres.Config{Pool: pool})
//	err = store.Migrate(ctx)    // at every start; most times it does nothing
//	users, err := store.Users() // to create users and to change passwords
//	go backends.Sweep(ctx, store, 10*time.Minute, report)
//
// # Users of your own
//
// Config.Users names any table or view with these columns, in which id is unique:
//
//	id        text      1 to 255 bytes, never given to another user
//	roles     text[]    NULL, and NULL in it, is no role
//	disabled  boolean   NULL is true
//	version   bigint    another number, not 0, whenever password, roles or disabled change
//
// The application writes to it; this package reads it within the statements that it sends
// anyway, so a change takes effect on the next request. After a change of a password commit
// it with its new version, then call [Store.RevokeUser]: a login that was given the old
// version is not let in, and one that came before is ended.
//
// Or have the tables do that, with the functions that [Store.Migrate] makes. The first trigger
// tells caches of every change, and Config.UsersAnnounced says that it is there; it stands on
// every table that the view reads. The second ends the sessions of the user, whoever changes
// what: all but the one that the setting inga.session names.
//
//	CREATE TRIGGER inga_changed AFTER UPDATE OR DELETE ON app.people
//		FOR EACH ROW EXECUTE FUNCTION inga.changed('id');
//	CREATE TRIGGER inga_end_sessions AFTER UPDATE OF password, banned ON app.people
//		FOR EACH ROW EXECUTE FUNCTION inga.end_sessions('id', 'credentials');
//
//	BEGIN;
//	SELECT set_config('inga.session', $1, true); -- the ID of the session that may stay
//	UPDATE app.people SET password = $2, version = version + 1 WHERE id = $3;
//	COMMIT;
//
// The argument 'id' is the column that has the user's ID. Who fires the triggers needs USAGE on
// the schema, and for the second one SELECT and UPDATE on its sessions.
//
// A view may join, group and cast. It is asked for one id at a time: one that casts its
// key needs an index on the expression, or every request reads all users:
//
//	CREATE VIEW app.auth_users AS
//		SELECT id::text AS id, ARRAY[role] AS roles, banned AS disabled, version FROM app.people;
//	CREATE INDEX ON app.people ((id::text));
//
// # What it costs
//
// A request is one statement, which answers session and user together, and a second one
// at most once in the session's renewal interval. A login is one statement, or two where
// the users are the application's, or a transaction where the number of sessions is limited:
// logins of one user then take turns. That second statement of a request is an update of one
// row that writes no index (a heap-only tuple update): no index covers a column that
// activity changes. Nothing but [Store.Sweep] and [Store.RevokeAll] depends on how many
// sessions or users there are.
//
// # Rights
//
// Migrate creates a schema, the first time, and needs CREATE on the database for that. A role
// that only serves needs this, and may call Migrate all the same:
//
//	GRANT USAGE ON SCHEMA inga TO web;
//	GRANT SELECT, INSERT, UPDATE, DELETE ON inga.users, inga.sessions, inga.session_values TO web;
//	GRANT SELECT ON inga.migrations TO web;
//
// # Many processes, and a pooler between
//
// Any number of processes may migrate, serve and sweep at the same time. Every change is a
// statement that is conditional on the row being live, so whoever logs out wins against
// whoever renews; there is no upsert. Nothing is kept in a database session: no temporary
// table, no session lock, no SET. Behind PgBouncer in transaction mode set the pool's
// DefaultQueryExecMode to pgx.QueryExecModeExec or pgx.QueryExecModeSimpleProtocol, which
// prepare no statement that the next transaction would not find.
//
// The statements are written for READ COMMITTED, PostgreSQL's default. With another
// default_transaction_isolation some fail under concurrency, with an error that is none of
// those of package backends.
//
// # Changes are announced
//
// Triggers on the tables notify of every session that ends, every secret that is replaced and
// every user that changes, whoever does it: a process, a migration, somebody with psql in an
// incident (UPDATE inga.sessions SET ended_at = now() WHERE user_id = …). The channel has the
// name of the schema. [Store.Watch] listens, on a connection of its own, which
// pg_stat_activity shows as "inga feed"; package cache uses it. Activity is not announced, and
// does not even ask the triggers.
//
// A pooler in transaction mode loses notifications. Watch notices that and says so; give it
// the server's own address in Config.Listen.
//
// # When the database is away
//
// Every method then returns an error that is none of those of package backends, and the
// pool connects again by itself. No method waits longer than Config.Timeout, except those that
// may have much to do: Migrate, Sweep and RevokeAll.
//
// # What a dump shows
//
// The SHA-256 of the secrets of sessions and refresh tokens, and password hashes. No value
// of any column opens a session. A server that logs parameters (log_parameter_max_length)
// logs these too, and nothing more.
package postgres
