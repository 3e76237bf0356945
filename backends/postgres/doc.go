// Package postgres keeps sessions, and users if the application has none, in PostgreSQL 14
// or newer, over a pgx pool. The encoding of the database is UTF8.
//
//	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
//	store, err := postgres.New(postgres.Config{Pool: pool})
//	err = store.Migrate(ctx) // at every start; usually there is nothing to do
//	go backends.Sweep(ctx, store, 10*time.Minute, reportSweep)
//
// # Users of your own
//
// Config.Users names any table or view with these columns, in which id is unique:
//
//	id        text      1 to 255 bytes, never given to another user
//	roles     text[]    NULL, and NULL in it, is no role
//	disabled  boolean   NULL is true
//	version   bigint    another number, not 0, whenever the password changes
//
// The application writes to it. This package reads it within the statements that it sends
// anyway, so a change takes effect on the next request. To change a password, commit it with
// its new version and then call EndUser of the session.Registry, which emits an event too: a
// login that names the old version is refused, and a session that began before is ended. The
// session of the request can stay, with a new secret: see Reauthenticate of packages cookie
// and jwtauth.
//
// Or have the tables do that, with two functions of triggers. The second ends the sessions of
// the user, whatever program makes the change: all but the one that the setting inga.session
// names. The first announces changes to caches. Every table that the view reads needs it, for
// its rows and for TRUNCATE; then set Config.UsersAnnounced.
//
//	CREATE TRIGGER inga_changed AFTER INSERT OR UPDATE OR DELETE ON app.people
//		FOR EACH ROW EXECUTE FUNCTION inga.changed('id', 'banned', 'version');
//	CREATE TRIGGER inga_truncated AFTER TRUNCATE ON app.people
//		FOR EACH STATEMENT EXECUTE FUNCTION inga.changed('');
//	CREATE TRIGGER inga_changed AFTER INSERT OR UPDATE OR DELETE ON app.people_roles
//		FOR EACH ROW EXECUTE FUNCTION inga.changed('person_id', 'role');
//	CREATE TRIGGER inga_truncated AFTER TRUNCATE ON app.people_roles
//		FOR EACH STATEMENT EXECUTE FUNCTION inga.changed('');
//	CREATE TRIGGER inga_end_sessions AFTER UPDATE ON app.people
//		FOR EACH ROW EXECUTE FUNCTION inga.end_sessions('id', 'credentials', 'version', 'banned');
//
//	BEGIN;
//	SELECT set_config('inga.session', $1, true); -- the ID of the session that may stay
//	UPDATE app.people SET password = $2, version = version + 1 WHERE id = $3;
//	COMMIT;
//
// The first argument is the column of the table that holds the user's ID. A table that has none,
// such as one of groups, passes an empty text to inga.changed: caches then read all sessions
// again after each change. The second argument of inga.end_sessions is the reason. The columns
// that follow are those that matter: an update that leaves them as they are does nothing. If
// none is named, every update counts. A column that the table does not have is an error of the
// statement that fires the trigger. The column of the password is not one that matters: package
// password replaces a weak hash by a stronger one of the same password when its user logs in,
// which changes that column and not the version, and should end no session.
//
// The sessions that inga_end_sessions ends are no events of the registry, and EndUser does not
// find them any more. A role that updates the table, whatever column, needs USAGE on the schema,
// and SELECT and UPDATE on its sessions.
//
// PostgreSQL prepares no transaction (PREPARE TRANSACTION) that has sent a notification, and both
// functions may send one: an application that commits these tables in two phases cannot use them.
//
// On a fresh database the order is: the tables and the view of the application, [Store.Migrate]
// or what [Migrations] returns, the triggers, [Store.Check]. If triggers are missing, the error
// of Check has the SQL that creates them.
//
// A view may join, group and cast. It is asked for one ID at a time. One that casts its key
// needs an index on the expression, or every request reads all users:
//
//	CREATE VIEW app.auth_users AS
//		SELECT p.id::text AS id, p.banned AS disabled, p.version,
//			ARRAY(SELECT r.role FROM app.people_roles r WHERE r.person_id = p.id) AS roles
//		FROM app.people p;
//	CREATE INDEX ON app.people ((id::text));
//
// # Cost
//
// A request is one statement, which looks the session up by its primary key and returns it
// with its user. Look-ups that wait at the same time share one: the first two are sent at once,
// and those that come meanwhile go together with the next. At most once in the session's renewal
// interval a second statement records the activity. It updates one row and writes no index (a
// heap-only tuple update), because no index covers a column that activity changes.
//
// A refresh is one statement, two if it is a replay, and the first request with the new token
// has a second one, which marks the token as seen.
//
// A login is one statement, which writes two indexes: the primary key and the one on user_id.
// It is two statements where the application keeps the users. Where the number of sessions is
// limited it is a transaction, and logins of one user take turns.
//
// [Store.RevokeAll] writes one row, which each look-up sees. Only [Store.Sweep] depends on how
// many sessions there are, and nothing on how many users. With ten sessions for each user, and
// the buffers and the WAL (at 1 000 000) that PostgreSQL 15 reports on average, triggers included:
//
//	                              statements   buffers at 10 000, 1 000 000 sessions   WAL bytes
//	look-up                                1        8      10                                  0
//	activity                               1       15      20                                159
//	refresh                                1       11      13                                151
//	first use after a refresh              1        6       7                                146
//	replay of a refresh                    2       13      16                                 60
//	re-authentication                      1       18      21                                108
//	login                                  1       14      17                                509
//	login that ends one of 11              7       49      57                                786
//	logout                                 1       13      14                                 88
//	list of 10 sessions                    1       17      19                                  0
//	end of a user's 10 sessions            1       54      62                                998
//	end of all sessions                    1       12      12                                185
//
// All updates among them were heap-only. TestCostDoesNotGrowWithTheNumberOfSessions prints this
// table for any number of sessions.
//
// While another transaction holds an old snapshot (a long report, a dump, an idle transaction, a
// replication slot), the former versions of rows cannot be reclaimed. Pages fill up, and fewer and
// fewer updates are heap-only. Watch xact_start and backend_xmin in pg_stat_activity, and set
// idle_in_transaction_session_timeout.
//
// # Rights
//
// Migrate creates the schema, and needs CREATE on the database for that. After an upgrade of
// this package it may have to change tables, which only their owner can. A role that only
// serves needs the following, and may call Migrate all the same once another role has migrated:
//
//	GRANT USAGE ON SCHEMA inga TO web;
//	GRANT SELECT, INSERT, UPDATE, DELETE ON inga.users, inga.sessions, inga.session_values TO web;
//	GRANT SELECT, INSERT, UPDATE, DELETE ON inga.changes, inga.changes_kept, inga.claims, inga.attempts TO web;
//	GRANT SELECT, INSERT ON inga.epochs TO web;
//	GRANT SELECT ON inga.migrations TO web;
//
// and SELECT on what Config.Users names.
//
// # Many processes, and poolers
//
// Any number of processes may migrate, serve and sweep at the same time. Every change is one
// statement that requires the row to be live, so a logout wins against a renewal; there is no
// upsert of a session. Nothing is kept in a database session: no temporary table, no session lock,
// no SET that outlasts its transaction.
// Behind PgBouncer in transaction mode set the pool's DefaultQueryExecMode to
// pgx.QueryExecModeExec or pgx.QueryExecModeSimpleProtocol, which prepare no statement that
// the next transaction would not find.
//
// The statements are written for READ COMMITTED, PostgreSQL's default. With another
// default_transaction_isolation some of them fail under concurrency, with an error that is
// none of those of package backends.
//
// # Changes are announced
//
// Triggers on the tables write down every session that ends, every secret that is replaced and
// every user that changes, whatever makes the change: a process, a migration, an operator with
// psql (UPDATE inga.sessions SET ended_at = now() WHERE user_id = …). Activity is not announced,
// and fires no trigger.
//
// [Store.Watch], which package cache uses, reads what was written over the pool, every 250
// milliseconds or more often. A notification makes it read at once, so that it hears of a change
// within milliseconds as a rule. Notifications come over a connection of their own, which
// pg_stat_activity shows as "inga feed", on the channel that has the name of the schema. They
// are sent at most once in 20 milliseconds; without one, the next reading finds the change. In a
// storm of changes Watch reads up to ten times a second.
//
// A pooler in transaction mode loses notifications. Watch notices one, and does without; or give
// it the server's own address in Config.Listen.
//
// A process that was cut off reads what it missed, of up to five minutes. After more, or after the
// server was restarted, a cache reads everything again. [Store.Sweep] removes what all have had
// that time to read.
//
// What triggers cannot see is bounded by the MaxAge of a cache: a deadline that is moved by hand,
// a view that depends on the time, what a function reads that a view calls, and changes of the
// application's tables in sessions that fire no triggers (session_replication_role, a
// subscription), unless they are ENABLE ALWAYS.
//
// Processes of a version before 0007 that still run while others have migrated forget everything
// with each notification, and miss the changes that send none: their MaxAge bounds those.
// They know of no end of all sessions either: what [Store.RevokeAll] of a newer process ends lives
// on in them. Call it when none of them runs any more.
//
// A database that is restored from a dump has forgotten what ended since, and what was claimed.
// End all sessions before it serves. A dump of another server may be restored: caches then forget
// everything once.
//
// # When the database is away
//
// Every method that asks it then returns an error that is none of those of package
// backends, and the pool reconnects by itself. No method waits longer than Config.Timeout, except those that
// may have much to do: Migrate and Sweep.
//
// # What a dump shows
//
// The SHA-256 of the secrets of sessions, the numbers of their refresh tokens, password hashes, and the
// SHA-256 of names that were claimed or had tries counted. No value of any column opens a session. A
// server that logs parameters (log_parameter_max_length) logs these too, and nothing more.
package postgres
