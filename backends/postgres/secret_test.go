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

// SID-5, design promise 2.
func TestDumpOfTheDatabaseHoldsNoSecret(t *testing.T) {
	f := open(t)
	s, secret := login(t, f, "ann")
	next := backends.NewSecret()
	must(f.Extend(t.Context(), t0.Add(time.Minute), s.ID, t0.Add(31*time.Minute)))(t)
	h := secret.Hash()
	dumped := bytes.Join(dump(t, f), []byte("\n"))
	if !bytes.Contains(dumped, h[:]) {
		t.Error("the dump does not hold the hash: it is no dump")
	}
	check(t, f.Reauthenticate(t.Context(), t0.Add(time.Minute), s, t0, next.Hash()))
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
	_, secret := login(t, f, "ann")
	if _, _, err := f.FindBySecret(t.Context(), t0, secret.Hash()); err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, v := range dump(t, f) {
		if len(v) != backends.SecretSize {
			continue // it would not be taken for a secret
		}
		tried++
		if _, _, err := f.FindBySecret(t.Context(), t0, backends.Secret(v).Hash()); !errors.Is(err, backends.ErrNotFound) {
			t.Errorf("value %x as the secret: error %v, want ErrNotFound", v, err)
		}
	}
	if tried == 0 {
		t.Error("the dump does not hold the hash: it is no dump")
	}
}

// SID-8: an error is logged by whoever gets it.
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
	if _, err := f.Create(t.Context(), t0, session("ann"), h, backends.Admission{}); err != backends.ErrConflict {
		t.Errorf("hash that is taken: error %#v, want ErrConflict itself", err)
	}
}

func TestTextThatPostgreSQLCannotKeepIsAnErrorThatNamesTheField(t *testing.T) {
	f := open(t)
	for field, change := range map[string]func(*backends.Session){
		"ID":               func(s *backends.Session) { s.ID = "short" },
		"Kind":             func(s *backends.Session) { s.Kind = "\xff" },
		"Client.IP":        func(s *backends.Session) { s.Client.IP = "\x00" },
		"Client.UserAgent": func(s *backends.Session) { s.Client.UserAgent = "a\x00" },
		"Client.Label":     func(s *backends.Session) { s.Client.Label = "\xc3" },
		"AMR":              func(s *backends.Session) { s.AMR = []string{"pwd", "\x00"} },
	} {
		s := session("ann")
		change(&s)
		_, err := f.Create(t.Context(), t0, s, backends.NewSecret().Hash(), backends.Admission{})
		if err == nil || verdict(err) || !strings.Contains(err.Error(), "Session."+field) {
			t.Errorf("%s: error %v, want one that names it", field, err)
		}
	}
	long := session("ann")
	long.Client.UserAgent = strings.Repeat("x", 513)
	if _, err := f.Create(t.Context(), t0, long, backends.NewSecret().Hash(), backends.Admission{}); err == nil || verdict(err) {
		t.Errorf("user agent of 513 bytes: error %v", err)
	}
}
