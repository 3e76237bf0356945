package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/internal/pgtest"
)

func TestNewReportsAllMistakesEachNamingItsField(t *testing.T) {
	_, err := postgres.New(postgres.Config{Schema: "a.b", Users: "users", Listen: &pgx.ConnConfig{}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"Config.Pool is nil",
		`Config.Schema is "a.b", which has a dot in it`,
		`Config.Users is "users", want "schema.name"`,
		"Config.Listen is not from pgx.ParseConfig",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

func TestNewRefusesNamesThatAreNoNames(t *testing.T) {
	pool := pgtest.Pool(t)
	for _, schema := range []string{"a\x00b", "a\nb", "\xff", strings.Repeat("x", 64), "a.b", "a$$b", "$user"} {
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
	users := theirs.Users()
	_, _, byNameErr := users.UserByName(t.Context(), "ann")
	_, listErr := users.ListUsers(t.Context(), "", 1)
	_, passwordErr := users.SetPassword(t.Context(), t0, "ann", 0, "$x", "")
	for method, err := range map[string]error{
		"CreateUser":  users.CreateUser(t.Context(), backends.User{ID: "ann"}, ""),
		"UserByName":  byNameErr,
		"ListUsers":   listErr,
		"SetPassword": passwordErr,
		"Rehash":      users.Rehash(t.Context(), "ann", "$x", "$y"),
		"SetRoles":    users.SetRoles(t.Context(), "ann", nil),
		"SetDisabled": users.SetDisabled(t.Context(), t0, "ann", true),
		"DeleteUser":  users.DeleteUser(t.Context(), t0, "ann"),
	} {
		if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "Config.Users") {
			t.Errorf("%s: error %v, want ErrUnsupported that names Config.Users", method, err)
		}
	}
	schema := pgtest.Schema(t)
	ours := must(postgres.New(postgres.Config{Pool: pool, Schema: schema, Users: schema + ".users"}))(t)
	check(t, ours.Migrate(t.Context()))
	if err := ours.Users().CreateUser(t.Context(), backends.User{ID: "ann"}, ""); err != nil {
		t.Errorf("Config.Users names our own table: %v", err)
	}
}
