package postgres_test

import (
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

func TestNewReportsAllMistakesEachNamingItsField(t *testing.T) {
	_, err := postgres.New(postgres.Config{Schema: "a.b", Users: "users"})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"Config.Pool is nil",
		`Config.Schema is "a.b", which has a dot in it`,
		`Config.Users is "users", want "schema.name"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

func TestNewRefusesNamesThatAreNoNames(t *testing.T) {
	pool := pgtest.Pool(t)
	for _, schema := range []string{"a\x00b", "a\nb", "\xff", strings.Repeat("x", 64), "a.b"} {
		if _, err := postgres.New(postgres.Config{Pool: pool, Schema: schema}); err == nil {
			t.Errorf("Schema %q: no error", schema)
		}
	}
	for _, users := range []string{"users", ".users", "app.", "app.users\x00", "a.b.c", "app." + strings.Repeat("x", 64)} {
		if _, err := postgres.New(postgres.Config{Pool: pool, Users: users}); err == nil {
			t.Errorf("Users %q: no error", users)
		}
	}
	if _, err := postgres.New(postgres.Config{Pool: pool, Schema: strings.Repeat("x", 63), Users: "My App.auth-users"}); err != nil {
		t.Errorf("names that PostgreSQL takes: %v", err)
	}
}

func TestUsersAreOfferedOnlyWhereTheyAreOurs(t *testing.T) {
	pool := pgtest.Pool(t)
	theirs := must(postgres.New(postgres.Config{Pool: pool, Users: "app.users"}))(t)
	if _, err := theirs.Users(); err == nil {
		t.Error("Config.Users names another table: Users gave no error")
	}
	if _, ok := any(theirs).(backends.Users); ok {
		t.Error("a store without users of its own says that it implements backends.Users")
	}
	ours := must(postgres.New(postgres.Config{Pool: pool, Schema: "auth", Users: "auth.users"}))(t)
	if _, err := ours.Users(); err != nil {
		t.Errorf("Config.Users names our own table: %v", err)
	}
}
