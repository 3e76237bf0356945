-- The table is named with its schema: a search path finds a temporary table of the same name
-- first.
CREATE OR REPLACE FUNCTION {schema}.end_sessions() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema} AS $$
DECLARE
	who text := to_jsonb(OLD) ->> TG_ARGV[0];
BEGIN
	PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || who, 0));
	UPDATE {schema}.sessions SET ended_at = clock_timestamp(), ended_reason = TG_ARGV[1]
	WHERE id IN (
		SELECT s.id FROM {schema}.sessions s
		WHERE s.user_id = who AND s.ended_at IS NULL AND s.id IS DISTINCT FROM current_setting('inga.session', true)
		ORDER BY s.id FOR NO KEY UPDATE);
	RETURN NULL;
END $$;
