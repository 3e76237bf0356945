-- No foreign key to sessions: it would ask about each row that is swept. Sweeping removes
-- the values along with their session.
CREATE TABLE {schema}.session_values (
	session_id text COLLATE "C",
	key        text COLLATE "C",
	value      bytea NOT NULL,
	PRIMARY KEY (session_id, key)
);

-- The feed: changes are announced by the tables themselves, so that whoever makes them, be it
-- by hand, is heard. The channel has the name of the schema, the payload is the user's ID, or
-- empty for everything. PostgreSQL sends the same payload once in a transaction, however many
-- sessions of a user it ends.
--
-- changed('column') says in which column the table has the ID of the user. The functions see
-- no schema but their own, which makes current_schema its name.
CREATE FUNCTION {schema}.changed() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema} AS $$
BEGIN
	PERFORM pg_notify(current_schema(), COALESCE(left(to_jsonb(OLD) ->> TG_ARGV[0], 255), ''));
	RETURN NULL;
END $$;

-- end_sessions('column', 'reason') ends the sessions of the user whose row changes, but for
-- the one whose ID is the setting inga.session. For tables of the application.
--
-- A login holds the lock shared until its session can be seen, and looks at its user again
-- after that. So either it is seen here, or it sees the change.
CREATE FUNCTION {schema}.end_sessions() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema} AS $$
DECLARE
	who text := to_jsonb(OLD) ->> TG_ARGV[0];
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || who, 0));
	UPDATE sessions SET ended_at = clock_timestamp(), ended_reason = TG_ARGV[1]
	WHERE id IN (
		SELECT s.id FROM sessions s
		WHERE s.user_id = who AND s.ended_at IS NULL AND s.id IS DISTINCT FROM current_setting('inga.session', true)
		ORDER BY s.id FOR NO KEY UPDATE);
	RETURN NULL;
END $$;

-- The columns are those that activity does not write: the rest of the updates of a row do
-- not even ask.
CREATE TRIGGER changed AFTER UPDATE OF user_id, secret_hash, ended_at, absolute_deadline ON {schema}.sessions
	FOR EACH ROW EXECUTE FUNCTION {schema}.changed('user_id');
-- What is swept has ended before, and been told.
CREATE TRIGGER deleted AFTER DELETE ON {schema}.sessions
	FOR EACH ROW WHEN (OLD.ended_at IS NULL AND OLD.idle_deadline > now()) EXECUTE FUNCTION {schema}.changed('user_id');
CREATE TRIGGER truncated AFTER TRUNCATE ON {schema}.sessions
	FOR EACH STATEMENT EXECUTE FUNCTION {schema}.changed('');

CREATE TRIGGER changed AFTER DELETE OR UPDATE OF id, roles, disabled, version ON {schema}.users
	FOR EACH ROW EXECUTE FUNCTION {schema}.changed('id');
CREATE TRIGGER truncated AFTER TRUNCATE ON {schema}.users
	FOR EACH STATEMENT EXECUTE FUNCTION {schema}.changed('');
