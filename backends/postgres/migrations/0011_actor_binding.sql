-- Without a default: no row is written. No index covers any of them.
ALTER TABLE {schema}.sessions
	ADD COLUMN actor_id       text, -- who acts as the user, with a session and a version of their own
	ADD COLUMN actor_session  text,
	ADD COLUMN actor_version  bigint,
	ADD COLUMN key_algorithm  text, -- the public key that each credential must prove
	ADD COLUMN key_thumbprint text,
	ADD COLUMN key_jwk        text,
	ADD COLUMN bound_at       timestamptz,
	ADD COLUMN proved_at      timestamptz;
-- As in 0007, and when a session is bound. A proof that is recorded is no change.
CREATE OR REPLACE TRIGGER changed AFTER UPDATE OF user_id, secret_hash, ended_at, absolute_deadline, key_thumbprint ON {schema}.sessions
	FOR EACH ROW EXECUTE FUNCTION {schema}.session_changed();
ALTER TABLE {schema}.sessions ENABLE ALWAYS TRIGGER changed;
