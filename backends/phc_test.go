package backends_test

import (
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends"
)

// From the reference implementation's command line:
//
//	printf 'correct horse battery staple' | argon2 'sixteenbytesalt!' -id -t 2 -k 19456 -p 1 -l 32 -e
//	printf 'passörd' | argon2 somesalt -id -t 3 -k 256 -p 4 -l 24 -e
const (
	phcStaple = "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbmJ5dGVzYWx0IQ$FY0dSvYcwDYwIPm8ffQcifseQmzjcKXJTa0zhwORJH0"
	phcSmall  = "$argon2id$v=19$m=256,t=3,p=4$c29tZXNhbHQ$gkpMWwdfLA7vWtnKrvUDayLYgC+TQv8G"
)

func malformedPHC() map[string]string {
	const salt, key = "c29tZXNhbHQ", "gkpMWwdfLA7vWtnKrvUDayLYgC+TQv8G"
	with := func(cost string) string { return "$argon2id$v=19$" + cost + "$" + salt + "$" + key }
	return map[string]string{
		"no PHC string":        "password",
		"spaces":               " ",
		"argon2i":              "$argon2i$v=19$m=256,t=3,p=4$c29tZXNhbHQ$Clu9DXqYSLEB3O2auxRCJqF7I3UvJtHx",
		"argon2id version 16":  "$argon2id$v=16$m=256,t=3,p=4$c29tZXNhbHQ$wPdy0oco2tmQ/K3CWOTaconILjzr0Mg4",
		"no version":           "$argon2id$m=256,t=3,p=4$" + salt + "$" + key,
		"bcrypt":               "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"text before":          "x" + phcSmall,
		"text after":           phcSmall + "$",
		"a line after":         phcSmall + "\n",
		"no hash":              "$argon2id$v=19$m=256,t=3,p=4$" + salt + "$",
		"no salt":              "$argon2id$v=19$m=256,t=3,p=4$$" + key,
		"short salt":           "$argon2id$v=19$m=256,t=3,p=4$c29tZXNhbA$" + key,
		"short hash":           "$argon2id$v=19$m=256,t=3,p=4$" + salt + "$gkpMWwdfLA7vWtnKrvUD",
		"long salt":            "$argon2id$v=19$m=256,t=3,p=4$" + strings.Repeat("A", 88) + "$" + key,
		"long hash":            "$argon2id$v=19$m=256,t=3,p=4$" + salt + "$" + strings.Repeat("A", 88),
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
		"a megabyte of dollar": strings.Repeat("$", 1<<20),
	}
}

func TestAMalformedHashIsAnErrorAndNoAnswer(t *testing.T) {
	p := passwords(t, backends.PasswordConfig{})
	for what, phc := range malformedPHC() {
		ok, rehash, err := p.Verify(t.Context(), phc, "passörd")
		if err == nil || ok || rehash {
			t.Errorf("%s: %v, %v, error %v; want an error", what, ok, rehash, err)
			continue
		}
		if strings.Contains(err.Error(), "gkpMWwdf") || len(err.Error()) > 200 {
			t.Errorf("%s: the error repeats the hash: %v", what, err)
		}
	}
}

func FuzzPHC(f *testing.F) {
	f.Add(phcStaple)
	f.Add(phcSmall)
	for _, phc := range malformedPHC() {
		f.Add(phc)
	}
	f.Fuzz(func(t *testing.T, s string) {
		canonical, memory, time, err := backends.CanonicalPHC(s)
		if err != nil {
			return
		}
		if canonical != s {
			t.Errorf("%q is taken for %q", s, canonical)
		}
		if memory > 256<<10 || uint64(memory)*uint64(time) > 1<<20 || time == 0 {
			t.Errorf("%q may cost %d KiB, %d times", s, memory, time)
		}
	})
}
