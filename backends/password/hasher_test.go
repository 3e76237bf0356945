package password_test

import (
	"context"
	"encoding/base64"
	"errors"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
)

func hasher(t testing.TB, c password.Config) *password.Hasher {
	t.Helper()
	p, err := password.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func hash(t testing.TB, p *password.Hasher, text string) string {
	t.Helper()
	phc, err := p.Hash(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	return phc
}

func TestHashesOfTheReferenceImplementationAreVerified(t *testing.T) {
	p := hasher(t, password.Config{})
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
	p := hasher(t, password.Config{})
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

func TestAHashIsReplacedWhenParametersGrow(t *testing.T) {
	weak := hasher(t, password.Config{Memory: 7168, Time: 5})
	phc := hash(t, weak, "tea")
	for _, row := range []struct {
		c    password.Config
		want bool
	}{
		{password.Config{Memory: 7168, Time: 5}, false},
		{password.Config{Memory: 7168, Time: 5, Parallelism: 4}, false},
		{password.Config{Memory: 7168, Time: 6}, true},
		{password.Config{Memory: 7169, Time: 5}, true},
		{password.Config{}, true},
	} {
		p := hasher(t, row.c)
		if ok, rehash, err := p.Verify(t.Context(), phc, "tea"); !ok || rehash != row.want || err != nil {
			t.Errorf("with %+v: %v, rehash %v, error %v; want true, %v", row.c, ok, rehash, err, row.want)
		}
		if ok, rehash, err := p.Verify(t.Context(), phc, "coffee"); ok || rehash || err != nil {
			t.Errorf("with %+v, wrong password: %v, rehash %v, error %v; want false, false", row.c, ok, rehash, err)
		}
	}
}

func TestAHashWithAShortSaltOrKeyIsReplaced(t *testing.T) {
	p := hasher(t, password.Config{})
	for _, row := range []struct {
		salt, key int
		want      bool
	}{{16, 32, false}, {64, 64, false}, {15, 32, true}, {8, 64, true}, {16, 31, true}, {64, 16, true}} {
		salt, b64 := make([]byte, row.salt), base64.RawStdEncoding.EncodeToString
		phc := "$argon2id$v=19$m=19456,t=2,p=1$" + b64(salt) + "$" + b64(argon2.IDKey([]byte("tea"), salt, 2, 19456, 1, uint32(row.key)))
		if ok, rehash, err := p.Verify(t.Context(), phc, "tea"); !ok || rehash != row.want || err != nil {
			t.Errorf("salt of %d bytes, key of %d: %v, rehash %v, error %v; want true, %v", row.salt, row.key, ok, rehash, err, row.want)
		}
	}
}

func TestAConfigReportsAllItsMistakes(t *testing.T) {
	for _, row := range []struct {
		c    password.Config
		want string
	}{
		{password.Config{Memory: 5, Parallelism: 65, Concurrency: -1}, "" +
			"password: Config.Memory is 5, want 7168 to 262144\n" +
			"password: Config.Parallelism is 65, want 1 to 64\n" +
			"password: Config.Concurrency is -1, want 1 to 2147483647"},
		{password.Config{Time: 3}, "password: Config.Memory is 0, want 7168 to 262144"},
		{password.Config{Memory: 65536}, "password: Config.Time is 0, want 1 to 16"},
		{password.Config{Memory: 7168, Time: 4}, "password: Config.Time is 4, want 5 to 146"},
		{password.Config{Memory: 262144, Time: 5}, "password: Config.Time is 5, want 1 to 4"},
		{password.Config{Memory: -1, Time: 1}, "password: Config.Memory is -1, want 7168 to 262144"},
	} {
		p, err := password.New(row.c)
		if err == nil || p != nil || err.Error() != row.want {
			t.Errorf("%+v: %v, want %s", row.c, err, row.want)
		}
	}
}

func TestAPasswordHas1To1024Bytes(t *testing.T) {
	p := hasher(t, password.Config{})
	for _, text := range []string{"", strings.Repeat("x", 1025), strings.Repeat("x", 64<<20)} {
		if phc, err := p.Hash(t.Context(), text); phc != "" || !errors.Is(err, password.ErrLength) {
			t.Errorf("%d bytes: hash %q, error %v; want ErrLength", len(text), phc, err)
		}
	}
	phc := hash(t, p, strings.Repeat("x", 1024))
	for n, want := range map[int]bool{1023: false, 1024: true, 1025: false} {
		if ok, _, err := p.Verify(t.Context(), phc, strings.Repeat("x", n)); ok != want || err != nil {
			t.Errorf("%d bytes: %v, error %v; want %v", n, ok, err, want)
		}
	}
	// An import brought a hash of the empty password. From the reference implementation:
	// argon2id_hash_encoded(1, 64, 1, "", 0, "somesalt", 8, 16, …).
	const empty = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$g7fqFeOlF/4EVcvgkdCTHA"
	for _, text := range []string{"", strings.Repeat("x", 1025)} {
		if ok, _, err := p.Verify(t.Context(), empty, text); ok || err != nil {
			t.Errorf("%d bytes against a hash of nothing: %v, error %v; want false", len(text), ok, err)
		}
	}
}

func TestACallThatWaitsForASlotStopsWithItsContext(t *testing.T) {
	for what, stored := range map[string]string{"argon2id": phcStaple, "bcrypt": bcryptStaple, "no such user": ""} {
		synctest.Test(t, func(t *testing.T) {
			p := hasher(t, password.Config{Concurrency: 2})
			first, second := p.Occupy(), p.Occupy()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			begun := time.Now()
			if ok, _, err := p.Verify(ctx, stored, "correct horse battery staple"); ok || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s, no free slot: %v, error %v; want context.DeadlineExceeded", what, ok, err)
			}
			if waited := time.Since(begun); waited != time.Second {
				t.Errorf("%s: waited %v, want 1s", what, waited)
			}
			first()
			if ok, _, err := p.Verify(t.Context(), stored, "correct horse battery staple"); ok != (stored != "") || err != nil {
				t.Errorf("%s, a free slot: %v, error %v; want %v", what, ok, err, stored != "")
			}
			second()
		})
	}
}

func TestNothingIsHashedWithAContextThatHasEnded(t *testing.T) {
	p := hasher(t, password.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if ok, _, err := p.Verify(ctx, phcStaple, "correct horse battery staple"); ok || !errors.Is(err, context.Canceled) {
		t.Errorf("Verify: %v, error %v; want context.Canceled", ok, err)
	}
	if phc, err := p.Hash(ctx, "tea"); phc != "" || !errors.Is(err, context.Canceled) {
		t.Errorf("Hash: %q, error %v; want context.Canceled", phc, err)
	}
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
	p := hasher(t, password.Config{})
	for what, row := range map[string]struct{ phc, password string }{
		"right":             {phcStaple, "correct horse battery staple"},
		"wrong":             {phcStaple, "wrong"},
		"no such user":      {"", "wrong"},
		"empty":             {phcStaple, ""},
		"too long":          {phcStaple, strings.Repeat("x", 64<<20)},
		"too long, no user": {"", strings.Repeat("x", 64<<20)},
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

func TestAHasherThatNewDidNotReturnIsAnErrorAndNeitherPanicsNorWaits(t *testing.T) {
	// IN-1
	for name, h := range map[string]*password.Hasher{"nil": nil, "zero": {}} {
		_, err1 := h.Hash(t.Context(), "a long and rare one")
		_, _, err2 := h.Verify(t.Context(), "", "a long and rare one")
		_, err3 := h.VerifyUser(t.Context(), nil, "ann", "a long and rare one", password.Client{})
		for _, err := range []error{err1, err2, err3, h.Unlock(t.Context(), "ann")} {
			if !errors.Is(err, backends.ErrInvalidArgument) {
				t.Errorf("%s: %v, want ErrInvalidArgument", name, err)
			}
		}
	}
}
