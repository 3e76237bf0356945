package seal_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/seal"
)

var (
	keyA  = []byte("\x01\x9fa-key-of-thirty-two-random-byte")
	keyB  = []byte("\x02\x9fb-key-of-thirty-two-random-byte")
	now   = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	later = now.Add(time.Minute)
)

func sealed(t testing.TB, b *seal.Box, name string) string {
	t.Helper()
	text, err := b.Seal(name, later, []byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestASealedValueOpensUnderItsNameAndPurposeUntilItsEnd(t *testing.T) {
	box := seal.New([][]byte{keyA}, "cart")
	text := sealed(t, box, "n")
	content, until, ok := box.Open("n", text, later.Add(-time.Millisecond))
	if !ok || string(content) != "content" || !until.Equal(later) {
		t.Fatalf("%q, %v, %v; want content, %v, true", content, until, ok, later)
	}
	for what, open := range map[string]func() ([]byte, time.Time, bool){
		"at its end":           func() ([]byte, time.Time, bool) { return box.Open("n", text, later) },
		"of another name":      func() ([]byte, time.Time, bool) { return box.Open("m", text, now) },
		"of another purpose":   func() ([]byte, time.Time, bool) { return seal.New([][]byte{keyA}, "flash").Open("n", text, now) },
		"shifted name":         func() ([]byte, time.Time, bool) { return seal.New([][]byte{keyA}, "cart\x00").Open("n", text, now) },
		"of another key":       func() ([]byte, time.Time, bool) { return seal.New([][]byte{keyB}, "cart").Open("n", text, now) },
		"empty":                func() ([]byte, time.Time, bool) { return box.Open("n", "", now) },
		"cut":                  func() ([]byte, time.Time, bool) { return box.Open("n", text[:len(text)-1], now) },
		"cut to its salt":      func() ([]byte, time.Time, bool) { return box.Open("n", text[:22], now) },
		"with a line break":    func() ([]byte, time.Time, bool) { return box.Open("n", text[:9]+"\n"+text[9:], now) },
		"longer than any":      func() ([]byte, time.Time, bool) { return box.Open("n", strings.Repeat("A", 1<<20), now) },
		"in standard alphabet": func() ([]byte, time.Time, bool) { return box.Open("n", text+"==", now) },
	} {
		if content, _, ok := open(); ok {
			t.Errorf("%s: opens as %q", what, content)
		}
	}
}

func TestNoCharacterOfASealedValueCanChange(t *testing.T) {
	box := seal.New([][]byte{keyA}, "cart")
	text := sealed(t, box, "n")
	for i := range text {
		for _, c := range []byte("AB_-/x") {
			other := text[:i] + string(c) + text[i+1:]
			if _, _, ok := box.Open("n", other, now); ok && other != text {
				t.Errorf("%q opens as well as %q", other, text)
			}
		}
	}
}

func TestTheFirstKeySealsAndAllOpen(t *testing.T) {
	old, both, next := seal.New([][]byte{keyA}, "p"), seal.New([][]byte{keyB, keyA}, "p"), seal.New([][]byte{keyB}, "p")
	if _, _, ok := both.Open("n", sealed(t, old, "n"), now); !ok {
		t.Error("a value of the former key does not open")
	}
	if _, _, ok := next.Open("n", sealed(t, both, "n"), now); !ok {
		t.Error("the first key did not seal")
	}
}

func TestNeitherTheContentNorAKeyShows(t *testing.T) {
	box := seal.New([][]byte{keyA}, "p")
	text, err := box.Seal("n", later, bytes.Repeat([]byte("content"), 20))
	if err != nil {
		t.Fatal(err)
	}
	if again := sealed(t, box, "n"); again == sealed(t, box, "n") {
		t.Error("the same content seals to the same text")
	}
	if out := fmt.Sprintf("%v %+v %#v %s", box, box, box, text); strings.Contains(out, "content") || strings.Contains(out, "thirty") {
		t.Errorf("printed: %s", out)
	}
}

func TestWhatIsSealedOpensHoweverLongItIs(t *testing.T) {
	box := seal.New([][]byte{keyA}, "p")
	for size, want := range map[int]bool{0: true, 3020: true, 3021: false, 1 << 20: false} {
		text, err := box.Seal("n", later, make([]byte, size))
		content, _, ok := box.Open("n", text, now)
		if (err == nil) != want || ok != want || want && len(content) != size {
			t.Errorf("%d bytes: %v, and opens: %v; want %v", size, err, ok, want)
		}
	}
}

func TestEachBadKeyIsAMistake(t *testing.T) {
	for _, row := range []struct {
		keys [][]byte
		want int
	}{
		{nil, 1},
		{[][]byte{keyA}, 0},
		{[][]byte{keyA, []byte("secret"), nil}, 2},
	} {
		errs := seal.Mistakes("x: Config.Keys", row.keys)
		if len(errs) != row.want {
			t.Errorf("%d keys: %d mistakes %q, want %d", len(row.keys), len(errs), errs, row.want)
		}
		for _, err := range errs {
			if !strings.HasPrefix(err.Error(), "x: Config.Keys") || strings.Contains(err.Error(), "thirty") {
				t.Errorf("error %q", err)
			}
		}
	}
}

// vector is "content" under the name n for the purpose p until 03:05:05, sealed by keyA.
const vector = "QGTvpOOx_Wt7k7plrDG2vuBJghN9If-PiPQdb2EgF09e-_uxvtATcoYpzcd_jawJEzKXR9WAeDWYAA8"

func TestWhatWasSealedByAnEarlierVersionOpens(t *testing.T) {
	content, until, ok := seal.New([][]byte{keyA}, "p").Open("n", vector, now)
	if !ok || string(content) != "content" || until.Unix() != 1767323105 {
		t.Errorf("%q, %v, %v; want content until 1767323105", content, until.Unix(), ok)
	}
}

// Nothing that was not sealed opens, and nothing panics.
func FuzzOpen(f *testing.F) {
	box := seal.New([][]byte{keyA, keyB}, "p")
	const good = vector
	for _, text := range []string{"", "A", good, good[:22], good + "A", "!", strings.Repeat("A", 70)} {
		f.Add("n", text)
		f.Add("m", text)
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		if _, _, ok := box.Open(name, text, now); ok && (name != "n" || text != good) {
			t.Errorf("%q under %q opens", text, name)
		}
	})
}
