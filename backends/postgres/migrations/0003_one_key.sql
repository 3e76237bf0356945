-- A session is found by its ID alone, and the hash of its secret is compared: an index of
-- hashes would only cost each login a write.
ALTER TABLE {schema}.sessions DROP CONSTRAINT sessions_secret_hash_key;
