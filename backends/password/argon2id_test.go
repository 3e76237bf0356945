package password_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends/password"
)

// From the reference implementation's command line:
//
//	printf 'correct horse battery staple' | argon2 'sixteenbytesalt!' -id -t 2 -k 19456 -p 1 -l 32 -e
//	printf 'passörd' | argon2 somesalt -id -t 3 -k 256 -p 4 -l 24 -e
const (
	phcStaple = "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbmJ5dGVzYWx0IQ$FY0dSvYcwDYwIPm8ffQcifseQmzjcKXJTa0zhwORJH0"
	phcSmall  = "$argon2id$v=19$m=256,t=3,p=4$c29tZXNhbHQ$gkpMWwdfLA7vWtnKrvUDayLYgC+TQv8G"
)

// malformed returns texts that are no hash of any scheme, or one that no login should compute.
func malformed() map[string]string {
	const salt, key = "c29tZXNhbHQ", "gkpMWwdfLA7vWtnKrvUDayLYgC+TQv8G"
	with := func(cost string) string { return "$argon2id$v=19$" + cost + "$" + salt + "$" + key }
	return map[string]string{
		"no PHC string":        "password",
		"spaces":               " ",
		"text before":          "x" + phcSmall,
		"text after":           phcSmall + "$",
		"a line after":         phcSmall + "\n",
		"no hash":              "$argon2id$v=19$m=256,t=3,p=4$" + salt + "$",
		"no salt":              "$argon2id$v=19$m=256,t=3,p=4$$" + key,
		"short salt":           "$argon2id$v=19$m=256,t=3,p=4$c29tZXNhbA$" + key,
		"short hash":           "$argon2id$v=19$m=256,t=3,p=4$" + salt + "$gkpMWwdfLA7vWtnKrvUD",
		"long salt":            "$argon2id$v=19$m=256,t=3,p=4$" + strings.Repeat("A", 87) + "$" + key,
		"long hash":            "$argon2id$v=19$m=256,t=3,p=4$" + salt + "$" + strings.Repeat("A", 87),
		"padding":              "$argon2id$v=19$m=256,t=3,p=4$" + salt + "=$" + key,
		"URL alphabet":         "$argon2id$v=19$m=256,t=3,p=4$" + salt + "$gkpMWwdfLA7vWtnKrvUDayLYgC-TQv8G",
		"spare bits":           "$argon2id$v=19$m=256,t=3,p=4$c29tZXNhbHR$" + key,
		"line break inside":    "$argon2id$v=19$m=256,t=3,p=4$c29t\nZXNhbHQ$" + key,
		"no cost":              with(""),
		"two of three":         with("m=256,t=3"),
		"four of three":        with("m=256,t=3,p=4,keyid=x"),
		"comma after":          with("m=256,t=3,p=4,"),
		"another order":        with("t=3,m=256,p=4"),
		"capitals":             with("M=256,t=3,p=4"),
		"leading zero":         with("m=0256,t=3,p=4"),
		"sign":                 with("m=+256,t=3,p=4"),
		"negative":             with("m=-256,t=3,p=4"),
		"space":                with("m= 256,t=3,p=4"),
		"hex":                  with("m=0x100,t=3,p=4"),
		"no number":            with("m=,t=3,p=4"),
		"no passes":            with("m=256,t=0,p=4"),
		"no threads":           with("m=256,t=3,p=0"),
		"no memory":            with("m=0,t=3,p=4"),
		"too little memory":    with("m=31,t=3,p=4"),
		"too much memory":      with("m=262145,t=1,p=1"),
		"all memory":           with("m=4294967295,t=1,p=1"),
		"more than 32 bits":    with("m=4294967552,t=3,p=4"),
		"too much work":        with("m=262144,t=5,p=1"),
		"passes without end":   with("m=8,t=4294967295,p=1"),
		"too many threads":     with("m=65536,t=1,p=65"),
		"threads past a byte":  with("m=65536,t=1,p=257"),
		"a name of no scheme":  "$gkpMWwdf$v=19$m=256,t=3,p=4$" + salt + "$" + key,
		"its scheme is lost":   "v=19$m=256,t=3,p=4$" + salt + "$" + key,
		"only its scheme":      "$argon2id$v=19$",
		"another version":      "$argon2id$v=20$m=256,t=3,p=4$" + salt + "$" + key,
		"a megabyte of dollar": strings.Repeat("$", 1<<20),
	}
}

func TestAMalformedHashIsAnErrorAndNoAnswer(t *testing.T) {
	p := hasher(t, password.Config{})
	for what, phc := range malformed() {
		ok, rehash, err := p.Verify(t.Context(), phc, "passörd")
		if !errors.Is(err, password.ErrMalformedHash) || errors.Is(err, password.ErrScheme) || ok || rehash {
			t.Errorf("%s: %v, %v, error %v; want ErrMalformedHash", what, ok, rehash, err)
			continue
		}
		if strings.Contains(err.Error(), "gkpMWwdf") || strings.Contains(err.Error(), "c29t") || len(err.Error()) > 200 {
			t.Errorf("%s: the error repeats the hash: %v", what, err)
		}
	}
}

func TestAMalformedHashCostsNothing(t *testing.T) {
	p := hasher(t, password.Config{})
	for what, phc := range map[string]string{
		"four GiB of memory": "$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$gkpMWwdfLA7vWtnKrvUDayLYgC+TQv8G",
		"dollars":            strings.Repeat("$", 1<<20),
		"base64":             "$argon2id$v=19$m=256,t=3,p=4$c29tZXNhbHQ$" + strings.Repeat("A", 1<<20),
	} {
		if kib := work(func() { _, _, _ = p.Verify(t.Context(), phc, "x") }); kib > 100 {
			t.Errorf("%s: %d KiB allocated, want next to none", what, kib)
		}
	}
}
