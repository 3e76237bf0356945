-- As in 0007, which has the functions: a file locks one table that is served.
CREATE OR REPLACE TRIGGER changed AFTER UPDATE OF id, roles, disabled, version ON {schema}.users
	FOR EACH ROW WHEN ((NEW.id, NEW.roles, NEW.disabled, NEW.version) IS DISTINCT FROM (OLD.id, OLD.roles, OLD.disabled, OLD.version))
	EXECUTE FUNCTION {schema}.user_changed();
CREATE TRIGGER deleted AFTER DELETE ON {schema}.users
	FOR EACH ROW EXECUTE FUNCTION {schema}.user_changed();
ALTER TABLE {schema}.users ENABLE ALWAYS TRIGGER changed, ENABLE ALWAYS TRIGGER deleted, ENABLE ALWAYS TRIGGER truncated;
