-- Text that is compared for order is in the collation "C", so that every database sorts as
-- Go does. sessions.user_id keeps the default collation: that combines with any other, and
-- a join finds the index of a users table that is not ours.

CREATE TABLE {schema}.users (
	id            text COLLATE "C" PRIMARY KEY CHECK (octet_length(id) BETWEEN 1 AND 255),
	name          text COLLATE "C" NOT NULL UNIQUE CHECK (octet_length(name) BETWEEN 1 AND 255),
	password_hash text NOT NULL, -- PHC string format; '' if there is none
	roles         text[] NOT NULL,
	disabled      boolean NOT NULL,
	version       bigint GENERATED ALWAYS AS IDENTITY -- of all users together, from 1: to a caller 0 means any
);

-- No foreign key to users: they may be kept elsewhere, and the end of a deleted user's
-- session is to be told until the row is swept. No CHECK for the length of a text: all of a
-- table's are evaluated at every update, and activity is one. The Store looks at them instead.
CREATE TABLE {schema}.sessions (
	id                 text COLLATE "C" PRIMARY KEY,
	secret_hash        bytea UNIQUE CHECK (octet_length(secret_hash) = 32),
	user_id            text NOT NULL,
	kind               text NOT NULL,
	ip                 text NOT NULL,
	user_agent         text NOT NULL,
	label              text NOT NULL,
	amr                text[] NOT NULL,
	created_at         timestamptz NOT NULL,
	authenticated_at   timestamptz NOT NULL,
	last_seen_at       timestamptz NOT NULL,
	idle_timeout       bigint NOT NULL, -- microseconds
	renewal_interval   bigint NOT NULL, -- microseconds
	idle_deadline      timestamptz NOT NULL CHECK (idle_deadline <= absolute_deadline),
	absolute_deadline  timestamptz NOT NULL,
	refresh_generation bigint NOT NULL,
	refresh_rotated_at timestamptz,
	refresh_seen_at    timestamptz,
	ended_at           timestamptz,
	ended_reason       text NOT NULL DEFAULT ''
)
-- Room in each page for the next version of a row. With it, and because no index covers a
-- column that activity changes, counting activity is a heap-only tuple update: no index is
-- written, and the space is reclaimed without VACUUM. An index on idle_deadline or
-- last_seen_at would end that.
WITH (fillfactor = 80);

CREATE INDEX sessions_user_id ON {schema}.sessions (user_id);
