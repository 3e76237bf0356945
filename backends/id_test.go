package backends_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends"
)

func TestTheIDsOfOneUserShareTheirPlaceAndNothingElse(t *testing.T) {
	// ASVS 7.2.3. Of 110 random bits, 100 000 do not meet: the chance is one in 10^23.
	const n = 100_000
	rest := make(map[string]bool, n)
	var letters [22][256]int
	for range n {
		id := backends.NewID("ann")
		if id[:4] != backends.Place("ann") || len(id) != 26 {
			t.Fatalf("%q, want 26 characters that begin with %q", id, backends.Place("ann"))
		}
		rest[id[4:]] = true
		for i := range letters {
			letters[i][id[4+i]]++
		}
	}
	if len(rest) != n {
		t.Errorf("%d different IDs, want %d", len(rest), n)
	}
	for i := range letters {
		wantAllLetters(t, fmt.Sprintf("character %d of the ID", 4+i), letters[i], n/32)
	}
}

func TestThePlacesOfManyUsersSpread(t *testing.T) {
	const n = 20_000
	places := make(map[string]bool, n)
	var letters [4][256]int
	for i := range n {
		place := backends.Place(fmt.Sprintf("user-%d", i))
		if len(place) != 4 {
			t.Fatalf("%q, want 4 characters", place)
		}
		places[place] = true
		for j := range letters {
			letters[j][place[j]]++
		}
	}
	for j := range letters {
		wantAllLetters(t, fmt.Sprintf("character %d of the place", j), letters[j], n/32)
	}
	// Of 2^20 places, 20 000 users take 19 810 on average.
	if len(places) < 19_600 {
		t.Errorf("%d users have %d places, want about 19 810", n, len(places))
	}
}

// wantAllLetters demands each letter of base32 about as often as the others, and no other.
func wantAllLetters(t *testing.T, what string, times [256]int, mean int) {
	t.Helper()
	for c, n := range times {
		in := strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", byte(c)) >= 0
		if in && (n < mean*2/3 || n > mean*4/3) || !in && n > 0 {
			t.Errorf("%s is %q %d times, want about %d for a letter of base32, else 0", what, byte(c), n, mean)
		}
	}
}

func TestThePlaceOfAUserNeverChanges(t *testing.T) {
	// printf ann | sha256sum | cut -c1-10 | xxd -r -p | base32 | cut -c1-4
	for userID, want := range map[string]string{"ann": "JGIV", "": "4OYM", "안나": "MVBK"} {
		if got := backends.Place(userID); got != want {
			t.Errorf("Place(%q) is %q, want %q", userID, got, want)
		}
	}
}

func TestAValidIDIsWhatNewIDReturns(t *testing.T) {
	for i := range 1000 {
		if id := backends.NewID(fmt.Sprint(i)); !backends.ValidID(id) {
			t.Fatalf("%q is not valid", id)
		}
	}
	for id, want := range map[string]bool{
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ":       true,
		"22222233333344444455555577":       true,
		"22222233333344444455555":          false,
		"":                                 false,
		"ABCDEFGHIJKLMNOPQRSTUVWXY":        false,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZA":      false,
		"abcdefghijklmnopqrstuvwxyz":       false,
		"ABCDEFGHIJKLMNOPQRSTUVWXY1":       false,
		"ABCDEFGHIJKLMNOPQRSTUVWXY0":       false,
		"ABCDEFGHIJKLMNOPQRSTUVWXY8":       false,
		"ABCDEFGHIJKLMNOPQRSTUVWXY\x00":    false,
		"ABCDEFGHIJKLMNOPQRSTUVWXY\n":      false,
		"ABCDEFGHIJKLMNOPQRSTUVWX\u00c4":   false,
		"' OR 1=1; DROP TABLE x; --":       false,
		strings.Repeat("A", 1<<20):         false,
		"6ba7b810-9dad-11d1-80b4-00c04fd4": false,
	} {
		if got := backends.ValidID(id); got != want {
			t.Errorf("ValidID(%.40q) is %v, want %v", id, got, want)
		}
	}
}
