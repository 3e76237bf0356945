package password_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends/password"
)

func TestTheCommonestPasswordsAreRefusedInAnyCase(t *testing.T) {
	// GS-5.
	p := hasher(t, password.Config{})
	for _, text := range []string{"123456", "password", "PassWord", "12345678", "QWERTY", "football", "iloveyou", "trustno1", "0.0.0.000"} {
		if phc, err := p.Hash(t.Context(), text); phc != "" || !errors.Is(err, password.ErrCommon) {
			t.Errorf("%q: %v, want ErrCommon", text, err)
		}
	}
	for _, text := range []string{"ann likes tea", "password ", "passwore", "password\n", "password\n12345678", "\n"} {
		if _, err := p.Hash(t.Context(), text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTheBuiltInListHasThreeThousandPasswordsOfEightCharacters(t *testing.T) {
	// ASVS 6.2.4: those that a policy of eight characters allows.
	text, err := os.ReadFile("common.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(string(text)))
	if !slices.IsSorted(lines) || strings.ToLower(string(text)) != string(text) || !strings.HasSuffix(string(text), "\n") {
		t.Error("it is not sorted, or not in lower case, or ends within a line")
	}
	long := 0
	p := hasher(t, password.Config{})
	for _, line := range lines {
		given := strings.TrimSuffix(line, "\n")
		if len(given) >= 8 {
			long++
		}
		if _, err := p.Hash(t.Context(), given); !errors.Is(err, password.ErrCommon) {
			t.Errorf("%q: %v, want ErrCommon", given, err)
		}
	}
	if long < 3000 || len(lines) != 5333 {
		t.Errorf("%d passwords, %d of at least 8 characters; want 5333, 3000", len(lines), long)
	}
}

func TestAListOfTheApplicationAddsToTheBuiltInOne(t *testing.T) {
	list, err := password.ReadList(strings.NewReader("Acme2031\r\n\nKürbis\nacme2031\nlast line"))
	if err != nil {
		t.Fatal(err)
	}
	p := hasher(t, password.Config{Refuse: list.Refuse})
	for text, want := range map[string]error{
		"acme2031": password.ErrCommon, "ACME2031": password.ErrCommon, "KÜRBIS": password.ErrCommon,
		"last line": password.ErrCommon, "password": password.ErrCommon,
		"acme2032": nil, "acme203": nil, "Ku\u0308rbis": nil, "last": nil,
	} {
		if _, err := p.Hash(t.Context(), text); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
}

func TestAListThatCannotBeReadOrIsEmptyIsAnError(t *testing.T) {
	for what, text := range map[string]string{"nothing": "", "empty lines": "\n\r\n\n", "no lines": strings.Repeat("x", 1<<20)} {
		if list, err := password.ReadList(strings.NewReader(text)); err == nil || list != nil {
			t.Errorf("%s: %v, error %v; want an error", what, list, err)
		}
	}
}

func TestAPasswordThatAUserHasAlreadyIsAcceptedAndItsHashReplaced(t *testing.T) {
	users := people(t).Users()
	p := hasher(t, password.Config{Refuse: func(context.Context, string) error { return password.ErrCommon }})
	if _, err := p.VerifyUser(t.Context(), users, "old", "correct horse battery staple", password.Client{}); err != nil {
		t.Fatal(err)
	}
	if _, phc, _ := users.UserByName(t.Context(), "old"); !strings.HasPrefix(phc, "$argon2id$") {
		t.Errorf("stored hash %q, want argon2id", phc)
	}
}

func TestAListThatCannotBeAskedDoesNotMeanThatAPasswordIsGood(t *testing.T) {
	down := errors.New("connection refused")
	p := hasher(t, password.Config{Refuse: func(context.Context, string) error { return down }})
	if phc, err := p.Hash(t.Context(), "ann likes tea"); phc != "" || !errors.Is(err, down) {
		t.Errorf("hash %q, error %v; want that of the list", phc, err)
	}
}

func FuzzReadList(f *testing.F) {
	for _, seed := range []string{"a", "a\nb\n", "B\r\na\n\n", "\xff\n", "ß\nſ\nK", "a\n\x00b\nab"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := password.ReadList(strings.NewReader(text))
		if err != nil {
			return
		}
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
			if err := list.Refuse(t.Context(), line); line != "" && !errors.Is(err, password.ErrCommon) {
				t.Errorf("%q of %q: %v, want ErrCommon", line, text, err)
			}
		}
		if list.Refuse(t.Context(), text+"x\n") != nil {
			t.Errorf("%q is refused", text+"x\n")
		}
	})
}
