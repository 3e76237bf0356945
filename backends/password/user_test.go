package password_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/backends/password"
)

// people returns a store with ann, old, whose hash is bcrypt's, and bob, who is disabled: their
// password is phcStaple's. sso has none.
func people(t *testing.T) *memory.Store {
	t.Helper()
	m := memory.New()
	for _, row := range []struct {
		u   backends.User
		phc string
	}{
		{backends.User{ID: "u-ann", Name: "ann", Roles: []string{"user"}}, phcStaple},
		{backends.User{ID: "u-old", Name: "old"}, bcryptStaple},
		{backends.User{ID: "u-bob", Name: "bob", Disabled: true}, phcStaple},
		{backends.User{ID: "u-sso", Name: "sso"}, ""},
	} {
		if err := m.Users().CreateUser(t.Context(), row.u, row.phc); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestAUserLogsInWithTheirNameAndPassword(t *testing.T) {
	users := people(t).Users()
	u, err := hasher(t, password.Config{}).VerifyUser(t.Context(), users, "ann", "correct horse battery staple", password.Client{})
	if err != nil || u.ID != "u-ann" || len(u.Roles) != 1 || u.Roles[0] != "user" {
		t.Fatalf("user %+v, error %v; want u-ann with the role user", u, err)
	}
	if stored, _, _ := users.UserByName(t.Context(), "ann"); u.Version != stored.Version {
		t.Errorf("version %d, want the stored %d", u.Version, stored.Version)
	}
}

func TestARefusedLoginDoesNotRevealWhatWasWrong(t *testing.T) {
	// ER-7: one error, and the work of one hash, for each.
	users, p := people(t).Users(), hasher(t, password.Config{})
	for _, row := range []struct{ what, name, password string }{
		{"wrong password", "ann", "wrong"},
		{"no password", "ann", ""},
		{"too long a password", "ann", strings.Repeat("x", 1025)},
		{"unknown name", "eve", "correct horse battery staple"},
		{"unknown name, no password", "eve", ""},
		{"another case", "Ann", "correct horse battery staple"},
		{"no name", "", "correct horse battery staple"},
		{"a name that is no text", "ann\x00", "correct horse battery staple"},
		{"endless name", strings.Repeat("x", 1<<20), "correct horse battery staple"},
		{"disabled user", "bob", "correct horse battery staple"},
		{"disabled user, wrong password", "bob", "wrong"},
		{"user without a password", "sso", "correct horse battery staple"},
		{"user without a password, none given", "sso", ""},
	} {
		kib := work(func() {
			u, err := p.VerifyUser(t.Context(), users, row.name, row.password, password.Client{})
			if !errors.Is(err, password.ErrWrong) || err.Error() != "password: wrong name or password" || u.ID != "" {
				t.Errorf("%s: user %q, error %v; want ErrWrong and no more", row.what, u.ID, err)
			}
		})
		if !oneHash(kib) {
			t.Errorf("%s: %d KiB, want the 19456 of one hash", row.what, kib)
		}
	}
}

func TestALoginReplacesAWeakHash(t *testing.T) {
	users := people(t).Users()
	strong := hasher(t, password.Config{Memory: 19456, Time: 3})
	before, _, _ := users.UserByName(t.Context(), "ann")
	for range 2 {
		u, err := strong.VerifyUser(t.Context(), users, "ann", "correct horse battery staple", password.Client{})
		if err != nil {
			t.Fatal(err)
		}
		after, phc, _ := users.UserByName(t.Context(), "ann")
		if !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=3,p=1$") {
			t.Fatalf("stored hash %q, want one with t=3", phc)
		}
		if u.Version != before.Version || after.Version != before.Version {
			t.Errorf("version %d, then %d; want %d: the credential is the same", u.Version, after.Version, before.Version)
		}
	}
	if _, err := strong.VerifyUser(t.Context(), users, "ann", "wrong", password.Client{}); !errors.Is(err, password.ErrWrong) {
		t.Errorf("wrong password: %v, want ErrWrong", err)
	}
}

func TestALoginReplacesAHashOfBcrypt(t *testing.T) {
	users, p := people(t).Users(), hasher(t, password.Config{})
	if _, err := p.VerifyUser(t.Context(), users, "old", "wrong", password.Client{}); !errors.Is(err, password.ErrWrong) {
		t.Errorf("wrong password: %v, want ErrWrong", err)
	}
	before, phc, _ := users.UserByName(t.Context(), "old")
	if phc != bcryptStaple {
		t.Errorf("a failed login replaced the hash by %q", phc)
	}
	for range 2 { // the second time by argon2id
		if u, err := p.VerifyUser(t.Context(), users, "old", "correct horse battery staple", password.Client{}); err != nil || u.ID != "u-old" {
			t.Fatalf("user %q, error %v; want u-old", u.ID, err)
		}
		after, phc, _ := users.UserByName(t.Context(), "old")
		if !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") || after.Version != before.Version {
			t.Fatalf("stored hash %q, version %d; want argon2id and %d", phc, after.Version, before.Version)
		}
	}
	if _, err := p.VerifyUser(t.Context(), users, "old", "wrong", password.Client{}); !errors.Is(err, password.ErrWrong) {
		t.Errorf("wrong password, after it was replaced: %v, want ErrWrong", err)
	}
}

func TestALoginOvertakenByANewPasswordOpensNoSession(t *testing.T) {
	// LO-12.
	store, now := people(t), time.Now()
	u, err := hasher(t, password.Config{}).VerifyUser(t.Context(), store.Users(), "ann", "correct horse battery staple", password.Client{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Users().SetPassword(t.Context(), now, "u-ann", 0, phcSmall, ""); err != nil {
		t.Fatal(err)
	}
	s := backends.Session{
		ID: backends.NewID(u.ID), UserID: u.ID, Kind: backends.KindCookie, CreatedAt: now,
		IdleTimeout: time.Hour, RenewalInterval: time.Minute,
	}
	s.Begin(now, time.Hour)
	if _, err := store.Create(t.Context(), now, s, backends.NewSecret().Hash(), backends.CreateOptions{UserVersion: u.Version}); !errors.Is(err, backends.ErrConflict) {
		t.Errorf("Create: %v, want ErrConflict", err)
	}
}

func TestAWrongPasswordIsTheCredentialsFault(t *testing.T) {
	// So that package middleware answers 401, and not 500.
	var invalid interface{ InvalidCredentials() bool }
	for _, err := range []error{password.ErrWrong, fmt.Errorf("login: %w", password.ErrWrong)} {
		if !errors.As(err, &invalid) || !invalid.InvalidCredentials() {
			t.Errorf("%v does not say that the credentials are invalid", err)
		}
	}
	for _, err := range []error{password.ErrLength, password.ErrScheme, password.ErrMalformedHash} {
		if errors.As(err, &invalid) {
			t.Errorf("%v says that the credentials are invalid", err)
		}
	}
}

func TestATableIsAskedOnlyForNamesThatAUserCanHave(t *testing.T) {
	// PostgreSQL answers a NUL in a text with an error, which would be an outage.
	var asked []string
	users := failing{Users: people(t).Users(), asked: &asked}
	for _, name := range []string{"", "ann\x00", "ann\n", "\xff", strings.Repeat("x", 256), "eve"} {
		if _, err := hasher(t, password.Config{}).VerifyUser(t.Context(), users, name, "x", password.Client{}); !errors.Is(err, password.ErrWrong) {
			t.Errorf("%.20q: %v, want ErrWrong", name, err)
		}
	}
	if len(asked) != 1 || asked[0] != "eve" {
		t.Errorf("asked for %q, want eve", asked)
	}
}

// failing are users of a store that fails in one method.
type failing struct {
	backends.Users
	byName, rehash error
	asked          *[]string // if not nil: the names
}

func (f failing) UserByName(ctx context.Context, name string) (backends.User, string, error) {
	if f.asked != nil {
		*f.asked = append(*f.asked, name)
	}
	u, phc, err := f.Users.UserByName(ctx, name)
	return u, phc, errors.Join(err, f.byName)
}

func (f failing) Rehash(context.Context, string, string, string) error { return f.rehash }

func TestAStoreThatFailsIsNoWrongPassword(t *testing.T) {
	down := errors.New("connection refused")
	strong := hasher(t, password.Config{Memory: 19456, Time: 3})
	for what, users := range map[string]failing{
		"UserByName": {Users: people(t).Users(), byName: down},
		"Rehash":     {Users: people(t).Users(), rehash: down},
	} {
		u, err := strong.VerifyUser(t.Context(), users, "ann", "correct horse battery staple", password.Client{})
		if !errors.Is(err, down) || errors.Is(err, password.ErrWrong) || u.ID != "" {
			t.Errorf("%s fails: user %q, error %v; want the store's error", what, u.ID, err)
		}
	}
	gone := failing{Users: people(t).Users(), rehash: backends.ErrNotFound}
	if u, err := strong.VerifyUser(t.Context(), gone, "ann", "correct horse battery staple", password.Client{}); err != nil || u.ID != "u-ann" {
		t.Errorf("deleted before the rehash: user %q, error %v; want ann, whom Create then refuses", u.ID, err)
	}
}

func TestAHashThatCannotBeVerifiedIsNoWrongPassword(t *testing.T) {
	users := people(t).Users()
	for hash, want := range map[string]error{
		"$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$gkpM": password.ErrMalformedHash,
		"$2b$31$" + bcryptA[7:]:                             password.ErrMalformedHash,
		"$1$saltsalt$MzDjbImyzEz2m0NTiPzNW/":                password.ErrScheme,
	} {
		if _, err := users.SetPassword(t.Context(), time.Now(), "u-ann", 0, hash, ""); err != nil {
			t.Fatal(err)
		}
		u, err := hasher(t, password.Config{}).VerifyUser(t.Context(), users, "ann", "x", password.Client{})
		if !errors.Is(err, want) || errors.Is(err, password.ErrWrong) || u.ID != "" {
			t.Errorf("%s: user %q, error %v; want %v", hash, u.ID, err, want)
		}
	}
}
