package password_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends/password"
)

// From libxcrypt, by perl's crypt:
//
//	perl -e 'print crypt("correct horse battery staple", q($2b$05$abcdefghijklmnopqrstuu))'
const (
	bcryptStaple = "$2b$05$abcdefghijklmnopqrstuuFiPhXf1sVd3pCCRO.uVh34H/qI/ZsuS"
	bcrypt2a     = "$2a$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG"
	bcrypt2y     = "$2y$04$......................IHXlAL8ADAsSPufGMEkHiAtD1O5.G3K" // passörd
	bcrypt72     = "$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i" // 72 times x, and 80 times
	bcryptA      = "$2b$04$abcdefghijklmnopqrstuuMFdJu9yVgmagVAIC24fOZkaFqd3s9JC" // a
)

func TestHashesOfBcryptAreVerifiedAndDueForReplacement(t *testing.T) {
	p := hasher(t, password.Config{})
	for _, row := range []struct {
		hash, password string
		ok, rehash     bool
	}{
		{bcryptStaple, "correct horse battery staple", true, true},
		{bcrypt2a, "correct horse battery staple", true, true},
		{strings.Replace(bcrypt2a, "$2a$", "$2y$", 1), "correct horse battery staple", true, true},
		{bcrypt2y, "passörd", true, true},
		{bcryptStaple, "correct horse battery stapl", false, false},
		{bcryptStaple, "Correct horse battery staple", false, false},
		{bcryptStaple, "", false, false},
		{bcryptStaple, strings.Repeat("x", 1025), false, false},
		{bcrypt2y, "passo\u0308rd", false, false},
		// The salt with spare bits that are set: "v" is "u" to every library.
		{strings.Replace(bcryptA, "uuMF", "uvMF", 1), "a", true, true},
	} {
		ok, rehash, err := p.Verify(t.Context(), row.hash, row.password)
		if err != nil || ok != row.ok || rehash != row.rehash {
			t.Errorf("%s and %.40q: %v, rehash %v, error %v; want %v, %v", row.hash, row.password, ok, rehash, err, row.ok, row.rehash)
		}
	}
}

func TestBcryptComparesTheFirst72BytesAndALongerPasswordIsNotReplaced(t *testing.T) {
	p, x := hasher(t, password.Config{}), strings.Repeat("x", 72)
	for what, row := range map[string]struct {
		password   string
		ok, rehash bool
	}{
		"71 bytes":                        {x[1:], false, false},
		"72 bytes":                        {x, true, true},
		"73 bytes":                        {x + "x", true, false},
		"80 bytes":                        {x + "xxxxxxxx", true, false},
		"1024 bytes with another end":     {x + strings.Repeat("y", 1024-72), true, false},
		"1025 bytes":                      {x + strings.Repeat("y", 1025-72), false, false},
		"72 bytes, the last is different": {x[1:] + "y", false, false},
	} {
		ok, rehash, err := p.Verify(t.Context(), bcrypt72, row.password)
		if err != nil || ok != row.ok || rehash != row.rehash {
			t.Errorf("%s: %v, rehash %v, error %v; want %v, %v", what, ok, rehash, err, row.ok, row.rehash)
		}
	}
}

func TestAPasswordWithNULMatchesNoHashOfBcrypt(t *testing.T) {
	// x/crypto takes all but the last of these for "a".
	p := hasher(t, password.Config{})
	for _, text := range []string{"a\x00a", "a\x00a\x00a", "a\x00" + strings.Repeat("a\x00", 40), "a\x00"} {
		if ok, rehash, err := p.Verify(t.Context(), bcryptA, text); ok || rehash || err != nil {
			t.Errorf("%.20q: %v, rehash %v, error %v; want false", text, ok, rehash, err)
		}
	}
	if ok, _, err := p.Verify(t.Context(), bcryptA, "a"); !ok || err != nil {
		t.Errorf("without NUL: %v, error %v; want true", ok, err)
	}
}

func malformedBcrypt() map[string]string {
	with := func(cost string) string { return strings.Replace(bcryptA, "04", cost, 1) }
	return map[string]string{
		"one byte less":           bcryptA[:59],
		"one byte more":           bcryptA + ".",
		"a line after":            bcryptA + "\n",
		"its prefix only":         "$2b$",
		"no cost":                 with("$$"),
		"cost 3":                  with("03"),
		"cost 16":                 with("16"),
		"cost 31":                 with("31"),
		"cost 99":                 with("99"),
		"a sign":                  with("+4"),
		"a space":                 with(" 4"),
		"hex":                     with("0a"),
		"no dollar after cost":    strings.Replace(bcryptA, "$abc", "/abc", 1),
		"a dollar in the salt":    strings.Replace(bcryptA, "abc", "a$c", 1),
		"padding":                 bcryptA[:59] + "=",
		"another alphabet":        strings.Replace(bcryptA, "MF", "M+", 1),
		"a line break in it":      strings.Replace(bcryptA, "MF", "M\n", 1),
		"two in the salt":         strings.Replace(bcryptA, "abc", "a\n\n", 1),
		"NUL":                     strings.Replace(bcryptA, "MF", "M\x00", 1),
		"a line break at its end": bcryptA[:58] + ".\n",
		"spare bits":              bcryptA[:59] + "D",
	}
}

func TestAMalformedHashOfBcryptIsAnErrorAndNoAnswer(t *testing.T) {
	p := hasher(t, password.Config{})
	for what, hash := range malformedBcrypt() {
		ok, rehash, err := p.Verify(t.Context(), hash, "a")
		if !errors.Is(err, password.ErrMalformedHash) || errors.Is(err, password.ErrScheme) || ok || rehash {
			t.Errorf("%s: %v, %v, error %v; want ErrMalformedHash", what, ok, rehash, err)
			continue
		}
		if strings.Contains(err.Error(), "jklm") || strings.Contains(err.Error(), "VAIC") {
			t.Errorf("%s: the error repeats the hash: %v", what, err)
		}
	}
}
