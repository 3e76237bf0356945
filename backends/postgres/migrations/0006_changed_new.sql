-- A row that is inserted, or that moves from one user to another, concerns the user it has then:
-- roles that stand in a table of their own.
CREATE OR REPLACE FUNCTION {schema}.changed() RETURNS trigger LANGUAGE plpgsql SET search_path = {schema} AS $$
DECLARE
	was text := to_jsonb(OLD) ->> TG_ARGV[0];
	now_is text := to_jsonb(NEW) ->> TG_ARGV[0];
BEGIN
	PERFORM pg_notify(current_schema(), COALESCE(left(COALESCE(was, now_is), 255), ''));
	IF now_is <> was THEN
		PERFORM pg_notify(current_schema(), left(now_is, 255));
	END IF;
	RETURN NULL;
END $$;
