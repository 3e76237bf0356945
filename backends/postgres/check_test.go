package postgres_test

import (
	"context"
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/backendtest"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

// announced opens a store whose users are the named table or view, of which all changes are said to
// be announced. The fixture's schema is the application's, the other the store's.
func announced(t *testing.T, app, users string) (f fixture, schema string) {
	t.Helper()
	pool, schema := pgtest.Pool(t), pgtest.Schema(t)
	store := must(postgres.New(postgres.Config{Pool: pool, Schema: schema, Users: app + "." + users, UsersAnnounced: true}))(t)
	check(t, store.Migrate(t.Context()))
	return fixture{Store: store, pool: pool, schema: app}, schema
}

// nestedSQL has a view of a view, of a partitioned table, an inherited one and a plain one.
const nestedSQL = `
CREATE SCHEMA {schema};
CREATE TABLE {schema}.people (id text PRIMARY KEY, "Gesperrt?" boolean, version bigint, last_login timestamptz) PARTITION BY HASH (id);
CREATE TABLE {schema}.people_0 PARTITION OF {schema}.people FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE {schema}.people_1 PARTITION OF {schema}.people FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE {schema}.roles (person_id text, role text, note text);
CREATE TABLE {schema}.more_roles () INHERITS ({schema}.roles);
CREATE VIEW {schema}.inner_view AS SELECT id, "Gesperrt?" AS disabled, version FROM {schema}.people;
CREATE VIEW {schema}.auth_users AS SELECT i.*, ARRAY(SELECT role FROM {schema}.roles r WHERE r.person_id = i.id) AS roles FROM {schema}.inner_view i;
INSERT INTO {schema}.people VALUES ('ann', false, 1), ('bob', false, 1)`

func TestTheSQLThatCheckReportsIsWhatIsMissing(t *testing.T) {
	app := pgtest.Schema(t)
	exec(t, pgtest.Pool(t), in(app, nestedSQL))
	f, _ := announced(t, app, "auth_users")
	if err := f.Watch(soon(t), 1, newEar()); err == nil || !strings.Contains(err.Error(), "UsersAnnounced") {
		t.Errorf("Watch: error %v, want that of Check", err)
	}
	err := f.Check(t.Context())
	if err == nil {
		t.Fatal("no error without triggers")
	}
	_, sql, _ := strings.Cut(err.Error(), ":\n")
	for _, want := range []string{
		`AFTER INSERT OR UPDATE OR DELETE ON ` + app + `.people` + "\n", `changed('', 'id', 'Gesperrt?', 'version')`,
		`TRUNCATE ON ` + app + `.people_0`, `UPDATE OR DELETE ON ` + app + `.more_roles`, `changed('', 'person_id', 'role')`,
	} {
		if !strings.Contains(sql, want) {
			t.Errorf("no %q in\n%s", want, sql)
		}
	}
	exec(t, f.pool, sql)
	check(t, f.Check(t.Context()))

	e := newEar()
	e.listen(t, f.Store)
	for _, row := range []struct {
		sql  string
		want []string
	}{
		{"UPDATE {schema}.people SET last_login = now()", nil},
		{`UPDATE {schema}.people SET "Gesperrt?" = true WHERE id = 'ann'`, []string{""}},
		{"INSERT INTO {schema}.more_roles VALUES ('ann', 'admin')", []string{""}},
		{"UPDATE {schema}.roles SET note = 'x'", nil},
		{"TRUNCATE {schema}.people_1", []string{""}},
	} {
		exec(t, f.pool, in(app, row.sql))
		e.want(t, row.sql, row.want...)
	}
}

func TestCheckNoticesEachTriggerThatDoesNotSuffice(t *testing.T) {
	app := pgtest.Schema(t)
	pool := pgtest.Pool(t)
	exec(t, pool, in(app, "CREATE SCHEMA {schema}; CREATE TABLE {schema}.u (id text PRIMARY KEY, roles text[], disabled boolean, version bigint, last_login timestamptz)"))
	f, _ := announced(t, app, "u")
	err := f.Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), "changed('id', 'roles', 'disabled', 'version')") {
		t.Fatalf("error %v, want one with triggers for the user's ID", err)
	}
	_, sql, _ := strings.Cut(err.Error(), ":\n")
	for _, change := range []string{
		"ALTER TABLE {schema}.u DISABLE TRIGGER inga_changed",
		"ALTER TABLE {schema}.u ENABLE REPLICA TRIGGER inga_changed",
		"DROP TRIGGER inga_truncated ON {schema}.u",
		strings.Replace(sql[:strings.Index(sql, ";")], "INSERT OR UPDATE OR DELETE", "UPDATE OR DELETE", 1),
		strings.Replace(sql[:strings.Index(sql, ";")], "OR UPDATE OR", "OR UPDATE OF roles, id OR", 1),
		strings.Replace(sql[:strings.Index(sql, ";")], ", 'disabled'", "", 1),
		strings.Replace(sql[:strings.Index(sql, ";")], "OR UPDATE OR DELETE", "", 1),
	} {
		exec(t, pool, "DROP TRIGGER IF EXISTS inga_changed ON "+app+".u")
		exec(t, pool, sql)
		check(t, f.Check(t.Context()))
		exec(t, pool, in(app, change))
		if err := f.Check(t.Context()); err == nil {
			t.Errorf("%s: no error", change)
		}
	}
	exec(t, pool, "DROP TRIGGER inga_changed ON "+app+".u")
	exec(t, pool, sql+in(app, "DROP TRIGGER inga_truncated ON {schema}.u"))
	if err := f.Check(t.Context()); err == nil || strings.Contains(err.Error(), "inga_changed") {
		t.Errorf("error %v, want one that leaves the trigger alone which is there", err)
	}
	exec(t, pool, in(app, "DROP TRIGGER inga_changed ON {schema}.u; CREATE MATERIALIZED VIEW {schema}.m AS SELECT * FROM {schema}.u"))
	m, _ := announced(t, app, "m")
	if err := m.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "materialized view") {
		t.Errorf("a materialized view: error %v, want one that says so", err)
	}
}

func TestATriggerThatNamesAColumnThatDoesNotExistIsAnError(t *testing.T) {
	f := people(t)
	schema := scan[string](t, f.pool, "SELECT n.nspname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace WHERE tgrelid = $1::text::regclass AND tgname = 'inga_changed'", f.schema+".people")
	for _, call := range []string{".end_sessions('user_id', 'credentials')", ".end_sessions('id', 'x', 'pasword')", ".changed('user_id')", ".changed('id', 'baned')"} {
		exec(t, f.pool, in(f.schema, "CREATE OR REPLACE TRIGGER wrong AFTER UPDATE ON {schema}.people FOR EACH ROW EXECUTE FUNCTION "+schema+call))
		_, err := f.pool.Exec(t.Context(), in(f.schema, "UPDATE {schema}.people SET banned = true"))
		if err == nil || !strings.Contains(err.Error(), "does not exist") {
			t.Errorf("%s: error %v, want one that says that there is no such column", call, err)
		}
	}
}

func TestEveryFunctionLooksIntoTemporaryTablesLast(t *testing.T) {
	f := open(t)
	if n := scan[int](t, f.pool, `SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE n.nspname = $1 AND NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%, pg_temp')`, f.schema); n != 0 {
		t.Errorf("%d functions without pg_temp at the end of search_path", n)
	}
}

// Tools that keep the migrations of an application take the statements, in their order.
func TestWhatAnotherToolHasAppliedLeavesMigrateNothingToDo(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	pool := server.Pool(t)
	for _, sql := range must(postgres.Migrations("inga"))(t) {
		exec(t, pool, sql)
	}
	var sent recorder
	c := postgres.Config{Pool: server.Pool(t, sent.use)}
	store := must(postgres.New(c))(t)
	check(t, store.Check(t.Context()))
	check(t, store.Migrate(t.Context()))
	for _, q := range sent.take() {
		if strings.Contains(q.sql, "CREATE") || strings.Contains(q.sql, "INSERT") {
			t.Errorf("Migrate sent %s", q.sql)
		}
	}
	backendtest.Run(t, opener(t, pool, "inga", postgres.Config{}))
}

func TestCheckSaysThatASchemaHasToBeMigrated(t *testing.T) {
	pool, schema := pgtest.Pool(t), pgtest.Schema(t)
	store := must(postgres.New(postgres.Config{Pool: pool, Schema: schema}))(t)
	steps := must(postgres.Migrations(schema))(t)
	for i, sql := range steps {
		if err := store.Check(context.Background()); err == nil || !strings.Contains(err.Error(), "has to be migrated") {
			t.Errorf("version %d: error %v, want that it has to be migrated", i, err)
		}
		exec(t, pool, sql)
	}
	check(t, store.Check(t.Context()))
	check(t, store.Users().CreateUser(t.Context(), backends.User{ID: "ann"}, ""))
}

func TestCheckAsksForNoTriggerOnWhatARuleWrites(t *testing.T) {
	app := pgtest.Schema(t)
	exec(t, pgtest.Pool(t), in(app, `CREATE SCHEMA {schema};
		CREATE TABLE {schema}.people (id text PRIMARY KEY, roles text[], disabled boolean, version bigint);
		CREATE TABLE {schema}.log (id text, version bigint);
		CREATE RULE log AS ON UPDATE TO {schema}.people DO ALSO INSERT INTO {schema}.log VALUES (NEW.id, NEW.version)`))
	f, _ := announced(t, app, "people")
	err := f.Check(t.Context())
	if err == nil || !strings.Contains(err.Error(), app+".people") || strings.Contains(err.Error(), app+".log") {
		t.Errorf("error %v, want one about people and not about log", err)
	}
}

// It does not fire for UPDATE people SET note = 'spam', which bans.
func TestCheckTrustsNoTriggerForColumnsThatAnotherTriggerChanges(t *testing.T) {
	app := pgtest.Schema(t)
	exec(t, pgtest.Pool(t), in(app, `CREATE SCHEMA {schema};
		CREATE TABLE {schema}.people (id text PRIMARY KEY, roles text[], disabled boolean, version bigint, note text);
		CREATE FUNCTION {schema}.ban() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.disabled := NEW.note = 'spam'; RETURN NEW; END $$`))
	f, schema := announced(t, app, "people")
	exec(t, f.pool, in(schema, strings.ReplaceAll(`
		CREATE TRIGGER c AFTER INSERT OR UPDATE OF id, roles, disabled, version OR DELETE ON {app}.people FOR EACH ROW EXECUTE FUNCTION {schema}.changed('id');
		CREATE TRIGGER t AFTER TRUNCATE ON {app}.people FOR EACH STATEMENT EXECUTE FUNCTION {schema}.changed('')`, "{app}", app)))
	check(t, f.Check(t.Context()))
	exec(t, f.pool, in(app, "CREATE TRIGGER ban BEFORE UPDATE ON {schema}.people FOR EACH ROW EXECUTE FUNCTION {schema}.ban()"))
	if err := f.Check(t.Context()); err == nil {
		t.Error("no error")
	}
}
