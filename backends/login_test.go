package backends_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

// people returns a store with ann and bob, who is disabled, whose password is phcStaple's,
// and with sso, who has none.
func people(t *testing.T) *memory.Store {
	t.Helper()
	m := memory.New()
	for _, row := range []struct {
		u   backends.User
		phc string
	}{
		{backends.User{ID: "u-ann", Name: "ann", Roles: []string{"user"}}, phcStaple},
		{backends.User{ID: "u-bob", Name: "bob", Disabled: true}, phcStaple},
		{backends.User{ID: "u-sso", Name: "sso"}, ""},
	} {
		if err := m.CreateUser(t.Context(), row.u, row.phc); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func TestWhoHasTheNameAndThePasswordLogsIn(t *testing.T) {
	users := people(t)
	u, err := passwords(t, backends.PasswordConfig{}).VerifyUser(t.Context(), users, "ann", "correct horse battery staple")
	if err != nil || u.ID != "u-ann" || len(u.Roles) != 1 || u.Roles[0] != "user" {
		t.Fatalf("user %+v, error %v; want u-ann with the role user", u, err)
	}
	if stored, _, _ := users.UserByName(t.Context(), "ann"); u.Version != stored.Version {
		t.Errorf("version %d, want the stored %d", u.Version, stored.Version)
	}
}

func TestARefusedLoginDoesNotTellWhatWasWrong(t *testing.T) {
	// ER-7: one error, and the work of one hash, for each.
	users, p := people(t), passwords(t, backends.PasswordConfig{})
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
			u, err := p.VerifyUser(t.Context(), users, row.name, row.password)
			if err != backends.ErrWrongPassword || u.ID != "" {
				t.Errorf("%s: user %q, error %v; want ErrWrongPassword itself", row.what, u.ID, err)
			}
		})
		if !oneHash(kib) {
			t.Errorf("%s: %d KiB, want the 19456 of one hash", row.what, kib)
		}
	}
}

func TestALoginReplacesAWeakHash(t *testing.T) {
	users := people(t)
	strong := passwords(t, backends.PasswordConfig{Memory: 19456, Time: 3})
	before, _, _ := users.UserByName(t.Context(), "ann")
	for range 2 {
		u, err := strong.VerifyUser(t.Context(), users, "ann", "correct horse battery staple")
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
	if _, err := strong.VerifyUser(t.Context(), users, "ann", "wrong"); !errors.Is(err, backends.ErrWrongPassword) {
		t.Errorf("wrong password: %v, want ErrWrongPassword", err)
	}
}

func TestALoginOvertakenByANewPasswordOpensNoSession(t *testing.T) {
	// Promise 8.
	users := people(t)
	u, err := passwords(t, backends.PasswordConfig{}).VerifyUser(t.Context(), users, "ann", "correct horse battery staple")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := users.SetPassword(t.Context(), time.Now(), "u-ann", 0, phcSmall, ""); err != nil {
		t.Fatal(err)
	}
	s := backends.Session{ID: backends.NewID(), UserID: u.ID}
	if _, err := users.Create(t.Context(), time.Now(), s, backends.NewSecret().Hash(), backends.Admission{UserVersion: u.Version}); !errors.Is(err, backends.ErrConflict) {
		t.Errorf("Create: %v, want ErrConflict", err)
	}
}

// failing is a store that fails in one method.
type failing struct {
	*memory.Store
	byName, rehash error
}

func (f failing) UserByName(ctx context.Context, name string) (backends.User, string, error) {
	u, phc, err := f.Store.UserByName(ctx, name)
	return u, phc, errors.Join(err, f.byName)
}

func (f failing) Rehash(context.Context, string, string, string) error { return f.rehash }

func TestAStoreThatFailsIsNoWrongPassword(t *testing.T) {
	down := errors.New("connection refused")
	strong := passwords(t, backends.PasswordConfig{Memory: 19456, Time: 3})
	for what, users := range map[string]failing{
		"UserByName": {Store: people(t), byName: down},
		"Rehash":     {Store: people(t), rehash: down},
	} {
		u, err := strong.VerifyUser(t.Context(), users, "ann", "correct horse battery staple")
		if !errors.Is(err, down) || errors.Is(err, backends.ErrWrongPassword) || u.ID != "" {
			t.Errorf("%s fails: user %q, error %v; want the store's error", what, u.ID, err)
		}
	}
	gone := failing{Store: people(t), rehash: backends.ErrNotFound}
	if u, err := strong.VerifyUser(t.Context(), gone, "ann", "correct horse battery staple"); err != nil || u.ID != "u-ann" {
		t.Errorf("deleted before the rehash: user %q, error %v; want ann, whom Create then refuses", u.ID, err)
	}
}

func TestARowThatIsPoisonedIsNoWrongPassword(t *testing.T) {
	users := people(t)
	if _, err := users.SetPassword(t.Context(), time.Now(), "u-ann", 0, "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$gkpM", ""); err != nil {
		t.Fatal(err)
	}
	_, err := passwords(t, backends.PasswordConfig{}).VerifyUser(t.Context(), users, "ann", "x")
	if err == nil || errors.Is(err, backends.ErrWrongPassword) {
		t.Errorf("error %v, want one about the row", err)
	}
}
