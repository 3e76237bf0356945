-- All sessions end by one row: an epoch that is here has ended, and every session of it.
CREATE TABLE {schema}.epochs (
	epoch        bigint PRIMARY KEY, -- from 0; the current one is the first that is not here
	ended_at     timestamptz NOT NULL,
	ended_reason text NOT NULL
);
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {schema}.epochs
	FOR EACH STATEMENT EXECUTE FUNCTION {schema}.changed('');
ALTER TABLE {schema}.epochs ENABLE ALWAYS TRIGGER changed;
-- A constant default: no row is written. No index covers it.
ALTER TABLE {schema}.sessions ADD COLUMN epoch bigint NOT NULL DEFAULT 0;
-- From now on the default is for processes of an earlier version, which know of no epoch: what they
-- open is live for all others.
CREATE FUNCTION {schema}.current_epoch() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
	SELECT COALESCE(max(epoch), -1) + 1 FROM {schema}.epochs
$$;
ALTER TABLE {schema}.sessions ALTER COLUMN epoch SET DEFAULT {schema}.current_epoch();
