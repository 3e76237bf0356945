-- The feed is a table, which each process reads a few times a second. A notification in each
-- transaction would be simpler, but its commit holds a lock of the whole server, so that all
-- who revoke take turns. Now one is sent in 20 milliseconds, and only says that there is
-- something to read.
--
-- While processes of an earlier version still run, that notification tells them that anything
-- may have changed. It is not sent for every change, so what they remember is bounded by the
-- MaxAge of their cache.
--
-- Unlogged: after a crash both tables are empty, so a process notices that transaction IDs may
-- be used again, and forgets all it remembers.
CREATE UNLOGGED TABLE {schema}.changes (
	xid     xid8 NOT NULL DEFAULT pg_current_xact_id(),
	user_id text NOT NULL -- '' stands for all users
);
CREATE INDEX changes_xid ON {schema}.changes (xid);

-- A change that is visible in the snapshot swept may have been removed. The next that will be
-- swept is mark, when it is old enough.
CREATE UNLOGGED TABLE {schema}.changes_kept (
	one_row   boolean PRIMARY KEY DEFAULT true CHECK (one_row),
	id        uuid NOT NULL DEFAULT gen_random_uuid(),
	swept     pg_snapshot NOT NULL DEFAULT pg_current_snapshot(),
	mark      pg_snapshot NOT NULL DEFAULT pg_current_snapshot(),
	marked_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO {schema}.changes_kept DEFAULT VALUES;

-- Its value is when a notification was last sent, in units of 20 milliseconds.
CREATE SEQUENCE {schema}.changes_notified;

-- The functions see no schema but their own, which makes current_schema its name, and temporary
-- tables last.
--
-- differ('table', old row, new row, columns) reports whether one of the columns has changed. A
-- column that the table does not have is an error. An empty text stands for no column.
CREATE FUNCTION {schema}.differ(place text, was jsonb, now_is jsonb, columns text[]) RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = {schema}, pg_temp AS $$
DECLARE
	col text;
	differs boolean := was IS NULL OR now_is IS NULL;
BEGIN
	FOREACH col IN ARRAY columns LOOP
		IF col <> '' AND NOT COALESCE(now_is, was) ? col THEN
			RAISE undefined_column USING MESSAGE = format('a trigger of %s names the column %I, which does not exist', place, col);
		END IF;
		differs := differs OR was -> col IS DISTINCT FROM now_is -> col;
	END LOOP;
	RETURN differs;
END $$;

-- user_of('table', row, 'column') is the user's ID. The spaces that pad a character(n) are no part
-- of its text.
CREATE FUNCTION {schema}.user_of(place oid, what jsonb, col text) RETURNS text LANGUAGE plpgsql STABLE SET search_path = {schema}, pg_temp AS $$
DECLARE
	who text := what ->> col;
BEGIN
	IF who LIKE '% ' AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = place AND attname = col AND atttypid = 'character'::regtype) THEN
		who := rtrim(who, ' ');
	END IF;
	RETURN who;
END $$;

-- announce writes down that a user has changed: of many rows that change at once, the first is
-- enough.
CREATE FUNCTION {schema}.announce(who text) RETURNS void LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
BEGIN
	INSERT INTO {schema}.changes (user_id) SELECT who
	WHERE current_setting('inga.announced', true) IS DISTINCT FROM set_config('inga.announced', quote_ident(current_schema()) || ' ' || who, true);
	IF FOUND AND pg_sequence_last_value('changes_notified'::regclass) IS DISTINCT FROM (date_part('epoch', clock_timestamp()) * 50)::bigint THEN
		PERFORM {schema}.notify();
	END IF;
END $$;

-- notify notifies once in 20 milliseconds. The lock is another one each time, so that a
-- transaction that stays open does not keep others from notifying.
CREATE FUNCTION {schema}.notify() RETURNS void LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
DECLARE
	tick bigint := date_part('epoch', clock_timestamp()) * 50;
BEGIN
	IF pg_try_advisory_xact_lock(hashtext('inga feed ' || current_schema()), (tick % 1000000)::int) THEN
		PERFORM setval('changes_notified', tick), pg_notify(current_schema(), '');
	END IF;
END $$;

-- The functions of triggers have the rights of their owner: a role that changes a table needs none
-- on those of the feed.
--
-- This is announce once more, and not a call of it: it is most of what the feed costs those who end
-- sessions, and that grows with each expression that plpgsql evaluates. RETURN OLD is none.
CREATE FUNCTION {schema}.session_changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
BEGIN
	INSERT INTO {schema}.changes (user_id) SELECT OLD.user_id
	WHERE current_setting('inga.announced', true) IS DISTINCT FROM set_config('inga.announced', quote_ident(current_schema()) || ' ' || OLD.user_id, true);
	IF FOUND AND pg_sequence_last_value('changes_notified'::regclass) IS DISTINCT FROM (date_part('epoch', clock_timestamp()) * 50)::bigint THEN
		PERFORM {schema}.notify();
	END IF;
	RETURN OLD;
END $$;

-- changed('column', 'another', …) is for tables of the application. It says which column holds
-- the user's ID, or '' if none does and any user may be meant, and then which other columns matter:
-- all, if no other is named.
CREATE OR REPLACE FUNCTION {schema}.changed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
DECLARE
	was jsonb;
	now_is jsonb;
BEGIN
	IF TG_LEVEL = 'STATEMENT' THEN
		PERFORM {schema}.announce('');
		RETURN NULL;
	END IF;
	IF TG_RELID = 'users'::regclass THEN
		PERFORM {schema}.announce(OLD.id);
		RETURN NULL;
	END IF;
	was := to_jsonb(OLD);
	now_is := to_jsonb(NEW);
	IF NOT {schema}.differ(TG_RELID::regclass::text, was, now_is, TG_ARGV) AND TG_NARGS > 1 THEN
		RETURN NULL;
	END IF;
	IF TG_ARGV[0] = '' THEN
		PERFORM {schema}.announce('');
	END IF;
	PERFORM {schema}.announce(who) FROM unnest(ARRAY[{schema}.user_of(TG_RELID, was, TG_ARGV[0]), {schema}.user_of(TG_RELID, now_is, TG_ARGV[0])]) who WHERE who <> '';
	RETURN NULL;
END $$;

-- end_sessions('column', 'reason', 'another', …) ends the sessions of the user whose row changes
-- in one of the other columns, or at all if none is named, but for the session whose ID is the
-- setting inga.session.
--
-- A login holds the lock shared until its session can be seen, and looks at its user again
-- after that. So either it is seen here, or it sees the change.
CREATE OR REPLACE FUNCTION {schema}.end_sessions() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema}, pg_temp AS $$
DECLARE
	was jsonb := to_jsonb(OLD);
	who text := {schema}.user_of(TG_RELID, was, TG_ARGV[0]);
	differs boolean := {schema}.differ(TG_RELID::regclass::text, was, to_jsonb(NEW), TG_ARGV[0:0] || TG_ARGV[2:]);
BEGIN
	IF who IS NULL OR NOT differs AND TG_NARGS > 2 THEN
		RETURN NULL;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || who, 0));
	UPDATE {schema}.sessions SET ended_at = clock_timestamp(), ended_reason = TG_ARGV[1]
	WHERE id IN (
		SELECT s.id FROM {schema}.sessions s
		WHERE s.user_id = who AND s.ended_at IS NULL AND s.id IS DISTINCT FROM current_setting('inga.session', true)
		ORDER BY s.id FOR NO KEY UPDATE);
	RETURN NULL;
END $$;

-- The columns are those that activity does not write. A condition (WHEN) would cost more than the
-- function: each statement parses it anew.
CREATE OR REPLACE TRIGGER changed AFTER UPDATE OF user_id, secret_hash, ended_at, absolute_deadline ON {schema}.sessions
	FOR EACH ROW EXECUTE FUNCTION {schema}.session_changed();
CREATE OR REPLACE TRIGGER deleted AFTER DELETE ON {schema}.sessions
	FOR EACH ROW WHEN (OLD.ended_at IS NULL AND OLD.idle_deadline > now()) EXECUTE FUNCTION {schema}.session_changed();

-- Whatever applies the change: a subscription, or a session_replication_role that fires no others.
ALTER TABLE {schema}.sessions ENABLE ALWAYS TRIGGER changed, ENABLE ALWAYS TRIGGER deleted, ENABLE ALWAYS TRIGGER truncated;
