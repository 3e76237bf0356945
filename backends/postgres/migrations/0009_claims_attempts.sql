-- Names are SHA-256 hashes. Neither table has an index on its times, so that counting a try is a
-- heap-only update; a sweep reads them in their physical order, as it reads sessions.
CREATE TABLE {schema}.claims (
	name       bytea PRIMARY KEY,
	expires_at timestamptz NOT NULL
);

CREATE TABLE {schema}.attempts (
	name    bytea PRIMARY KEY,
	tries   integer NOT NULL,
	last_at timestamptz NOT NULL,
	ends_at timestamptz NOT NULL
) WITH (fillfactor = 80);
