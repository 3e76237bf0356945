package backends_test

import (
	"context"
	"errors"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
)

func passwords(t testing.TB, c backends.PasswordConfig) *backends.Passwords {
	t.Helper()
	p, err := backends.NewPasswords(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func hash(t testing.TB, p *backends.Passwords, password string) string {
	t.Helper()
	phc, err := p.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return phc
}

func TestHashesOfTheReferenceImplementationAreVerified(t *testing.T) {
	p := passwords(t, backends.PasswordConfig{})
	for _, row := range []struct {
		phc, password string
		ok, rehash    bool
	}{
		{phcStaple, "correct horse battery staple", true, false},
		{phcStaple, "correct horse battery stapl", false, false},
		{phcStaple, "Correct horse battery staple", false, false},
		{phcStaple, "correct horse battery staple\x00", false, false},
		{phcStaple, "", false, false},
		{phcSmall, "passörd", true, true},
		{phcSmall, "passo\u0308rd", false, false},
	} {
		ok, rehash, err := p.Verify(t.Context(), row.phc, row.password)
		if err != nil || ok != row.ok || rehash != row.rehash {
			t.Errorf("%q: %v, rehash %v, error %v; want %v, %v", row.password, ok, rehash, err, row.ok, row.rehash)
		}
	}
}

func TestAHashHasTheOWASPParametersAndItsOwnSalt(t *testing.T) {
	p := passwords(t, backends.PasswordConfig{})
	first, second := hash(t, p, "tea"), hash(t, p, "tea")
	form := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`)
	if !form.MatchString(first) {
		t.Errorf("hash %q, want one like %v", first, form)
	}
	if strings.Split(first, "$")[4] == strings.Split(second, "$")[4] {
		t.Error("two hashes have the same salt")
	}
	for _, phc := range []string{first, second} {
		if ok, rehash, err := p.Verify(t.Context(), phc, "tea"); !ok || rehash || err != nil {
			t.Errorf("Verify: %v, rehash %v, error %v; want true, false", ok, rehash, err)
		}
	}
}

func TestAHashIsDueAgainWhenParametersGrow(t *testing.T) {
	weak := passwords(t, backends.PasswordConfig{Memory: 7168, Time: 5})
	phc := hash(t, weak, "tea")
	for _, row := range []struct {
		c    backends.PasswordConfig
		want bool
	}{
		{backends.PasswordConfig{Memory: 7168, Time: 5}, false},
		{backends.PasswordConfig{Memory: 7168, Time: 5, Parallelism: 4}, false},
		{backends.PasswordConfig{Memory: 7168, Time: 6}, true},
		{backends.PasswordConfig{Memory: 7169, Time: 5}, true},
		{backends.PasswordConfig{}, true},
	} {
		p := passwords(t, row.c)
		if ok, rehash, err := p.Verify(t.Context(), phc, "tea"); !ok || rehash != row.want || err != nil {
			t.Errorf("with %+v: %v, rehash %v, error %v; want true, %v", row.c, ok, rehash, err, row.want)
		}
		if ok, rehash, err := p.Verify(t.Context(), phc, "coffee"); ok || rehash || err != nil {
			t.Errorf("with %+v, wrong password: %v, rehash %v, error %v; want false, false", row.c, ok, rehash, err)
		}
	}
}

func TestAPasswordConfigTellsAllItsMistakes(t *testing.T) {
	for _, row := range []struct {
		c    backends.PasswordConfig
		want string
	}{
		{backends.PasswordConfig{Memory: 5, Parallelism: 65, Concurrency: -1}, "" +
			"backends: PasswordConfig.Memory is 5, want 7168 to 262144\n" +
			"backends: PasswordConfig.Parallelism is 65, want 1 to 64\n" +
			"backends: PasswordConfig.Concurrency is -1, want 1 to 2147483647"},
		{backends.PasswordConfig{Time: 3}, "backends: PasswordConfig.Memory is 0, want 7168 to 262144"},
		{backends.PasswordConfig{Memory: 65536}, "backends: PasswordConfig.Time is 0, want 1 to 16"},
		{backends.PasswordConfig{Memory: 7168, Time: 4}, "backends: PasswordConfig.Time is 4, want 5 to 146"},
		{backends.PasswordConfig{Memory: 262144, Time: 5}, "backends: PasswordConfig.Time is 5, want 1 to 4"},
		{backends.PasswordConfig{Memory: -1, Time: 1}, "backends: PasswordConfig.Memory is -1, want 7168 to 262144"},
	} {
		p, err := backends.NewPasswords(row.c)
		if err == nil || p != nil || err.Error() != row.want {
			t.Errorf("%+v: %v, want %s", row.c, err, row.want)
		}
	}
}

func TestNoPasswordIsEmptyOrEndless(t *testing.T) {
	p := passwords(t, backends.PasswordConfig{})
	for _, password := range []string{"", strings.Repeat("x", 1025), strings.Repeat("x", 64<<20)} {
		if phc, err := p.Hash(t.Context(), password); phc != "" || !errors.Is(err, backends.ErrPasswordLength) {
			t.Errorf("%d bytes: hash %q, error %v; want ErrPasswordLength", len(password), phc, err)
		}
	}
	phc := hash(t, p, strings.Repeat("x", 1024))
	for n, want := range map[int]bool{1023: false, 1024: true, 1025: false} {
		if ok, _, err := p.Verify(t.Context(), phc, strings.Repeat("x", n)); ok != want || err != nil {
			t.Errorf("%d bytes: %v, error %v; want %v", n, ok, err, want)
		}
	}
	// Somebody imported a hash of the empty password. From the reference implementation:
	// argon2id_hash_encoded(1, 64, 1, "", 0, "somesalt", 8, 16, …).
	const empty = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$g7fqFeOlF/4EVcvgkdCTHA"
	for _, password := range []string{"", strings.Repeat("x", 1025)} {
		if ok, _, err := p.Verify(t.Context(), empty, password); ok || err != nil {
			t.Errorf("%d bytes against a hash of nothing: %v, error %v; want false", len(password), ok, err)
		}
	}
}

func TestWhoWaitsForATurnStopsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := passwords(t, backends.PasswordConfig{Concurrency: 2})
		first, second := p.Occupy(), p.Occupy()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun := time.Now()
		if ok, _, err := p.Verify(ctx, phcStaple, "correct horse battery staple"); ok || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Verify without a free slot: %v, error %v; want context.DeadlineExceeded", ok, err)
		}
		if _, err := p.Hash(ctx, "tea"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Hash after the deadline: %v, want context.DeadlineExceeded", err)
		}
		if waited := time.Since(begun); waited != time.Second {
			t.Errorf("waited %v, want 1s", waited)
		}
		first()
		if ok, _, err := p.Verify(t.Context(), phcStaple, "correct horse battery staple"); !ok || err != nil {
			t.Errorf("Verify with a free slot: %v, error %v; want true", ok, err)
		}
		second()
	})
}

// work returns the KiB that f allocates: each argon2id computation with the default costs
// takes 19456, and nothing else here takes more than a few.
func work(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) >> 10
}

// oneHash reports whether so many KiB are the work of exactly one hash.
func oneHash(kib uint64) bool { return 19456 <= kib && kib < 2*19456 }

func TestVerifyingDoesTheSameWorkWhateverIsWrong(t *testing.T) {
	// ER-7.
	p := passwords(t, backends.PasswordConfig{})
	for what, row := range map[string]struct{ phc, password string }{
		"right":            {phcStaple, "correct horse battery staple"},
		"wrong":            {phcStaple, "wrong"},
		"no such user":     {"", "wrong"},
		"empty":            {phcStaple, ""},
		"too long":         {phcStaple, strings.Repeat("x", 1<<20)},
		"too long, nobody": {"", strings.Repeat("x", 1<<20)},
	} {
		kib := work(func() {
			if ok, _, err := p.Verify(t.Context(), row.phc, row.password); ok != (what == "right") || err != nil {
				t.Errorf("%s: %v, error %v", what, ok, err)
			}
		})
		if !oneHash(kib) {
			t.Errorf("%s: %d KiB, want the 19456 of one hash", what, kib)
		}
	}
}

func TestAMalformedHashCostsNothing(t *testing.T) {
	p := passwords(t, backends.PasswordConfig{})
	const poison = "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$gkpMWwdfLA7vWtnKrvUDayLYgC+TQv8G"
	if kib := work(func() { _, _, _ = p.Verify(t.Context(), poison, "x") }); kib > 100 {
		t.Errorf("%d KiB for a hash that asks for four GiB, want next to none", kib)
	}
}
