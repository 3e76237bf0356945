package password_test

import (
	"errors"
	"slices"
	"testing"

	xbcrypt "golang.org/x/crypto/bcrypt"

	"github.com/inga-auth/inga/backends/password"
)

// otherSchemes has hashes as other systems keep them, and what their scheme is called. Those of
// crypt are from libxcrypt.
func otherSchemes() map[string]string {
	return map[string]string{
		"$argon2i$v=19$m=256,t=3,p=4$c29tZXNhbHQ$Clu9DXqYSLEB3O2auxRCJqF7I3UvJtHx":                           "argon2i",
		"$argon2d$v=19$m=256,t=3,p=4$c29tZXNhbHQ$Clu9DXqYSLEB3O2auxRCJqF7I3UvJtHx":                           "argon2d",
		"$argon2id$v=16$m=256,t=3,p=4$c29tZXNhbHQ$wPdy0oco2tmQ/K3CWOTaconILjzr0Mg4":                          "argon2id version 16",
		"$argon2id$m=256,t=3,p=4$c29tZXNhbHQ$wPdy0oco2tmQ/K3CWOTaconILjzr0Mg4":                               "argon2id version 16",
		"$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E":           "scrypt",
		"$7$CU..../....saltsaltsalt$ELUvNZw7dJP3fTBmaZeGwki37eexS8Z39frGDi7o199":                             "scrypt",
		"$y$j9T$saltsaltsalt$1slNkwUfK30WoqGKxYt4xnAt8djfKB3fQ3ZmLdwRfMD":                                    "yescrypt",
		"$gy$j9T$saltsaltsalt$wsd1UzWKMv.hAnzFTabMPc9fUaMeL.gJfQf7cN5iz49":                                   "gost-yescrypt",
		"$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdeP$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M":             "pbkdf2-sha256",
		"$2x$04$......................U3IR6uRrwImUB9bbybUjHbNPid4XZfm":                                       "bcrypt 2x",
		"$2$04$......................U3IR6uRrwImUB9bbybUjHbNPid4XZfm":                                        "bcrypt 2",
		"$6$saltsalt$8gzUrz5S2/0AfMGfui2LllQQ2fwu.jYnAVGef2XY7gAo0jNFrzHsTq9lMr2ze7QvIJxr4BYOKdgDpx4Va9Atb1": "sha512crypt",
		"$5$saltsalt$Mtm6KOxb.PwaKES1sp80SDYOu1T0RdwsBVakhLiqA64":                                            "sha256crypt",
		"$sha1$1000$saltsalt$/zZwsUSbTqWwz7obqJxrBsOBmn/n":                                                   "sha1crypt",
		"$1$saltsalt$MzDjbImyzEz2m0NTiPzNW/":                                                                 "md5crypt",
		"$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0":                                                                 "phpass",
		"pbkdf2_sha256$870000$saltsalt$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M=":                         "Django pbkdf2_sha256",
		"argon2$argon2id$v=19$m=102400,t=2,p=8$c29tZXNhbHQ$gkpMWwdfLA7vWtnKrvUDayLYgC+TQv8G":                 "Django argon2",
		"scrypt:32768:8:1$saltsalt$4d8b2d4a4f3b7b8a6a0f8d8a7e3b1c9d4d8b2d4a4f3b7b8a6a0f8d8a7e3b1c9d":         "Werkzeug scrypt",
		"{SSHA}MTIzNDU2Nzg5MDEyMzQ1Njc4OTBzYWx0":                                                             "LDAP SSHA",
	}
}

func TestAHashOfAnotherSchemeIsToldApartFromDamage(t *testing.T) {
	p := hasher(t, password.Config{})
	for hash, name := range otherSchemes() {
		ok, rehash, err := p.Verify(t.Context(), hash, "passörd")
		if !errors.Is(err, password.ErrScheme) || errors.Is(err, password.ErrMalformedHash) || ok || rehash {
			t.Errorf("%s: %v, %v, error %v; want ErrScheme", name, ok, rehash, err)
			continue
		}
		if want := "password: hash of another scheme: " + name; err.Error() != want {
			t.Errorf("error %q, want %q", err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, hash := range []string{phcStaple, phcSmall, bcryptStaple, bcrypt2a, bcrypt2y, bcrypt72} {
		f.Add(hash)
	}
	for _, table := range []map[string]string{malformed(), malformedBcrypt()} {
		for _, hash := range table {
			f.Add(hash)
		}
	}
	for hash := range otherSchemes() {
		f.Add(hash)
	}
	costs := []string{"04", "05", "06", "07", "08", "09", "10", "11", "12", "13", "14", "15"}
	f.Fuzz(func(t *testing.T, s string) {
		parsed, err := password.Parse(s)
		if err != nil {
			if errors.Is(err, password.ErrScheme) == errors.Is(err, password.ErrMalformedHash) {
				t.Errorf("%q: error %v, want either ErrScheme or ErrMalformedHash", s, err)
			}
			return
		}
		if parsed.Spelling != s {
			t.Errorf("%q is taken for %q", s, parsed.Spelling)
		}
		if len(s) > 256 {
			t.Errorf("a hash of %d bytes", len(s))
		}
		if parsed.Cost == "" && (parsed.Memory < 8 || parsed.Memory > 256<<10 || parsed.Time < 1 || uint64(parsed.Memory)*uint64(parsed.Time) > 1<<20) {
			t.Errorf("%q may cost %d KiB, %d times", s, parsed.Memory, parsed.Time)
		}
		if parsed.Cost != "" && !slices.Contains(costs, parsed.Cost) {
			t.Errorf("%q may cost 2^%s", s, parsed.Cost)
		}
		// What the parser takes, the library can compare.
		if parsed.Cost == "04" {
			if err := xbcrypt.CompareHashAndPassword([]byte(s), []byte("tea")); err != nil && !errors.Is(err, xbcrypt.ErrMismatchedHashAndPassword) {
				t.Errorf("%q: %v", s, err)
			}
		}
	})
}
