package postgres_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/pgtest"
)

// dump returns every value of every column of every table in the schema, as text and,
// where it is bytea, as bytes.
func dump(t *testing.T, f fixture) (values [][]byte) {
	t.Helper()
	rows, err := f.pool.Query(t.Context(), `SELECT table_name::text, column_name::text, data_type::text
		FROM information_schema.columns WHERE table_schema = $1`, f.schema)
	check(t, err)
	type column struct{ Table, Name, Type string }
	columns := must(pgx.CollectRows(rows, pgx.RowToStructByPos[column]))(t)
	if len(columns) < 20 {
		t.Fatalf("only %d columns", len(columns))
	}
	for _, c := range columns {
		rows, err := f.pool.Query(t.Context(), fmt.Sprintf("SELECT %[2]s::text FROM %[1]s WHERE %[2]s IS NOT NULL",
			pgx.Identifier{f.schema, c.Table}.Sanitize(), pgx.Identifier{c.Name}.Sanitize()))
		check(t, err)
		for _, text := range must(pgx.CollectRows(rows, pgx.RowTo[string]))(t) {
			values = append(values, []byte(text))
			if c.Type == "bytea" {
				values = append(values, must(hex.DecodeString(strings.TrimPrefix(text, `\x`)))(t))
			}
		}
	}
	return values
}

// spellings returns the ways in which b could stand in a text.
func spellings(b []byte) [][]byte {
	all := [][]byte{b, []byte(hex.EncodeToString(b)), []byte(strings.ToUpper(hex.EncodeToString(b)))}
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		all = append(all, []byte(e.EncodeToString(b)))
	}
	return all
}

// SID-5.
func TestDumpOfTheDatabaseHoldsNoSecret(t *testing.T) {
	f := open(t)
	s, secret := login(t, f, "ann")
	next := backends.NewSecret()
	if _, ok, err := f.Extend(t.Context(), t0.Add(time.Minute), s.ID); err != nil || !ok {
		t.Fatalf("Extend: %v, %v", ok, err)
	}
	h := secret.Hash()
	dumped := bytes.Join(dump(t, f), []byte("\n"))
	if !bytes.Contains(dumped, h[:]) {
		t.Error("the dump does not hold the hash: it is no dump")
	}
	s.Begin(t0.Add(time.Minute), 12*time.Hour)
	check(t, f.Reauthenticate(t.Context(), t0.Add(time.Minute), s, next.Hash(), backends.ReauthenticateOptions{Former: t0}))
	dumped = append(dumped, bytes.Join(dump(t, f), []byte("\n"))...)
	for _, secret := range []backends.Secret{secret, next} {
		for _, spelling := range spellings(secret[:]) {
			if bytes.Contains(dumped, spelling) {
				t.Error("the dump holds a secret")
			}
		}
	}
}

// SID-6
func TestNoValueOfTheDatabaseOpensASession(t *testing.T) {
	f := open(t)
	s, secret := login(t, f, "ann")
	if _, _, err := f.Find(t.Context(), t0, s.ID, secret.Hash()); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, v := range dump(t, f) {
		if len(v) != backends.SecretSize {
			continue // it would not be taken for a secret
		}
		tried++
		if _, _, err := f.Find(t.Context(), t0, s.ID, backends.Secret(v).Hash()); !errors.Is(err, backends.ErrNotFound) {
			t.Errorf("value %x as the secret: error %v, want ErrNotFound", v, err)
		}
	}
	if tried == 0 {
		t.Error("the dump does not hold the hash: it is no dump")
	}
}

// SID-8: callers log errors.
func TestErrorsHoldNoSecretAndNoHash(t *testing.T) {
	f := open(t)
	s, secret := login(t, f, "ann")
	h := secret.Hash()
	for _, m := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeSimpleProtocol} {
		broken := openOn(t, pgtest.Pool(t, mode(m)), pgtest.Schema(t))
		exec(t, broken.pool, in(broken.schema, "ALTER TABLE {schema}.sessions RENAME TO elsewhere"))
		for name, do := range operations(broken, s, h) {
			err := do(t.Context())
			if err == nil {
				continue // it needs only users
			}
			text := []byte(fmt.Sprintf("%v %+v %#v", err, err, err))
			for _, spelling := range append(spellings(h[:]), spellings(secret[:])...) {
				if bytes.Contains(text, spelling) {
					t.Errorf("%s: the error holds a secret or its hash: %v", name, err)
				}
			}
		}
	}
	// PostgreSQL's detail would quote the key that is there twice.
	if _, err := f.Create(t.Context(), t0, s, h, backends.CreateOptions{}); err != backends.ErrConflict {
		t.Errorf("ID that is taken: error %#v, want ErrConflict itself", err)
	}
}

// The suite says which arguments are invalid. Here it matters that PostgreSQL never sees them.
func TestInvalidArgumentsAreNotSentToTheServer(t *testing.T) {
	var sent recorder
	f := open(t, sent.use)
	sent.take()
	ctx := t.Context()
	invalid, soonAfter := session("ann"), session("ann")
	invalid.Client.UserAgent = "a\x00"
	soonAfter.AuthenticatedAt = t0.Add(999 * time.Nanosecond) // the same microsecond
	_, create := f.Create(ctx, t0, invalid, backends.SecretHash{}, backends.CreateOptions{})
	_, revoke := f.Revoke(ctx, t0, invalid.ID, "\x00")
	_, revokeUser := f.RevokeUser(ctx, t0, "ann", "", "\x00")
	_, _, page := f.List(ctx, t0, "ann", backends.Page{After: "\x00"})
	_, list := f.users.ListUsers(ctx, "\x00", 1)
	_, setPassword := f.users.SetPassword(ctx, t0, "ann", 0, "\x00", "")
	for method, err := range map[string]error{
		"Create":                    create,
		"Reauthenticate":            f.Reauthenticate(ctx, t0, invalid, backends.SecretHash{}, backends.ReauthenticateOptions{Former: t0.Add(-time.Hour)}),
		"Reauthenticate, not later": f.Reauthenticate(ctx, t0, soonAfter, backends.SecretHash{}, backends.ReauthenticateOptions{Former: t0}),
		"Revoke":                    revoke,
		"RevokeUser":                revokeUser,
		"RevokeAll":                 f.RevokeAll(ctx, t0, "\x00"),
		"List":                      page,
		"SetValue":                  f.SetValue(ctx, t0, invalid.ID, "\x00", nil),
		"CreateUser":                f.users.CreateUser(ctx, backends.User{ID: "bob", Name: "\x00"}, ""),
		"CreateUser, password":      f.users.CreateUser(ctx, backends.User{ID: "bob"}, "\x00"),
		"ListUsers":                 list,
		"SetPassword":               setPassword,
		"Rehash":                    f.users.Rehash(ctx, "ann", "\x00", "$x"),
		"Rehash, new":               f.users.Rehash(ctx, "ann", "$x", "\x00"),
		"SetRoles":                  f.users.SetRoles(ctx, "ann", []string{"\x00"}),
	} {
		if !errors.Is(err, backends.ErrInvalidArgument) || verdict(err) {
			t.Errorf("%s: error %v, want ErrInvalidArgument", method, err)
		}
	}
	if q := sent.take(); len(q) != 0 {
		t.Errorf("%d statements, want none: %v", len(q), q)
	}
}
