package text_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/inga-auth/inga/internal/text"
)

func TestAPrintableTextHasNoControlCharactersAndIsNoLongerThanItsLimit(t *testing.T) {
	for _, row := range []struct {
		s     string
		limit int
		want  string
	}{
		{"", 8, ""},
		{"curl/8", 8, "curl/8"},
		{"12345678", 8, "12345678"},
		{"123456789", 8, "12345678"},
		{"a\r\nb", 8, "a  b"},
		{"\t a \n", 8, "a"},
		{"\x00\x1b[31m", 8, "[31m"},
		{"a\u2028b", 8, "a b"},
		{"a\u202eb", 8, "a b"},
		{"a\u00a0b", 8, "a b"},
		{"\xffa\xc3", 8, "a"},
		{"ééé", 6, "ééé"},
		{"ééé", 5, "éé"}, // half of the third
		{"인가", 5, "인"},
		{"a b", 2, "a"},
		{"abc", 0, ""},
	} {
		if got := text.Printable(row.s, row.limit); got != row.want {
			t.Errorf("Printable(%q, %d) is %q, want %q", row.s, row.limit, got, row.want)
		}
	}
}

func TestAValidTextIsUTF8OfThatLengthWithoutControlCharacters(t *testing.T) {
	for _, row := range []struct {
		s     string
		limit int
		want  bool
	}{
		{"", 8, false},
		{"a", 8, true},
		{"12345678", 8, true},
		{"123456789", 8, false},
		{"éééé", 8, true},
		{"ééééé", 8, false}, // bytes, not characters
		{" a ", 8, true},
		{"a\nb", 8, false},
		{"a\x00", 8, false},
		{"a\x7f", 8, false},
		{"a\u0085", 8, false},
		{"a\u2028", 8, true}, // a separator: no control character
		{"a\xff", 8, false},
		{"a\xed\xa0\x80", 8, false}, // half of a surrogate pair
	} {
		if got := text.Valid(row.s, row.limit); got != row.want {
			t.Errorf("Valid(%q, %d) is %v, want %v", row.s, row.limit, got, row.want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	for _, s := range []string{"", "curl/8", "a\r\nb", "\xffa\xc3", "ééé", " \u202e "} {
		f.Add(s, uint8(5))
	}
	f.Fuzz(func(t *testing.T, s string, limit uint8) {
		got := text.Printable(s, int(limit))
		if len(got) > int(limit) || !utf8.ValidString(got) || strings.TrimSpace(got) != got || strings.ContainsFunc(got, unicode.IsControl) {
			t.Errorf("Printable(%q, %d) is %q", s, limit, got)
		}
		if got != "" && !text.Valid(got, int(limit)) {
			t.Errorf("%q is printable and not valid", got)
		}
	})
}
