package jose_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/jose"
)

// scanned returns the members of the text as "name=value", and why it is refused.
func scanned(text string) (members []string, err error) {
	err = jose.Scan([]byte(text), func(name, value []byte) error {
		members = append(members, fmt.Sprintf("%s=%s", name, value))
		return nil
	})
	return members, err
}

func TestAnObjectIsReadMemberByMember(t *testing.T) {
	for text, want := range map[string][]string{
		`{}`:                       nil,
		" \t\r\n{ } ":              nil,
		`{"a":1}`:                  {`a=1`},
		`{"a" : "b" , "c":[1, 2]}`: {`a="b"`, `c=[1, 2]`},
		`{"\u0061\n":{"a":{}}}`:    {"a\n=" + `{"a":{}}`},
		`{"A":true,"a":null}`:      {`A=true`, `a=null`},
		`{"a":-0.5e+3}`:            {`a=-0.5e+3`},
		`{"\ud83d\ude00":"\uD83D\uDE00 \u00e9 \ufffd"}`: {"\U0001F600=" + `"\uD83D\uDE00 \u00e9 \ufffd"`},
	} {
		if got, err := scanned(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestWhatAnotherParserCouldReadInAnotherWayIsRefused(t *testing.T) {
	// JW-11, JW-16.
	for _, text := range []string{
		``, ` `, `1`, `"a"`, `[]`, `null`, `{`, `}`, `{}{}`, `{} x`, "\ufeff{}", `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{a:1}`, `{'a':1}`, `{"a":1 "b":2}`, `{"a":1}}`,
		`{"a":[1,]}`, `{"a":[1 2]}`, `{"a":[}`, `{"a":01}`, `{"a":+1}`, `{"a":.5}`, `{"a":1.}`, `{"a":1e}`, `{"a":0x1}`, `{"a":NaN}`, `{"a":tru}`, `{"a":True}`,
		`{"a":"}`, `{"a":"\x41"}`, `{"a":"\u12"}`, `{"a":"\u12g4"}`, `{"a":"\u+123"}`, "{\"a\":\"\n\"}", "{\"a\":\"\x00\"}", "{\"a\":\"\xff\"}", "{\"\xed\xa0\xbd\":1}",
		`{"a":1,"a":1}`, `{"a":1,"\u0061":1}`, `{"a":{"b":1,"b":1}}`, `{"a":[{"b":1,"b":1}]}`,
		`{"a":"\ud83d"}`, `{"a":"\ude00"}`, `{"a":"\ud83d\ud83d"}`, `{"a":"\ude00\ud83d"}`, `{"a":"\ud83dx"}`, `{"a":"\ud83d\n"}`, `{"a":"\ud83d\u0061"}`, `{"a":"\ud83d\u"}`, `{"a":"\ud83d\`, `{"\ud83d":1}`,
		`{"a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`,
		`{"a":` + strings.Repeat("[", 100_000),
		`{` + numbered(2000) + `,"m1999":0}`,
		`{` + numbered(2000) + `,"\u006d0":0}`,
	} {
		if got, err := scanned(text); err == nil {
			t.Errorf("%.80q is read as %q", text, got)
		}
	}
	for _, text := range []string{`{"a":` + strings.Repeat("[", 31) + strings.Repeat("]", 31) + `}`, `{` + numbered(2000) + `}`, `{"a":` + strings.Repeat("[", 31) + `1` + strings.Repeat("]", 31) + `}`} {
		if _, err := scanned(text); err != nil {
			t.Errorf("%.80q: %v", text, err)
		}
	}
}

// numbered returns n members.
func numbered(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"m%d":0`, i)
	}
	return strings.Join(all, ",")
}

func TestAnErrorOfTheCallerEndsTheScan(t *testing.T) {
	stop, calls := errors.New("stop"), 0
	err := jose.Scan([]byte(`{"a":1,"b":2}`), func(_, _ []byte) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("error %v after %d calls, want stop after 1", err, calls)
	}
}

func TestATimeIsANumberOfSaneSize(t *testing.T) {
	// JW-16, RFC 7519 section 2.
	for text, want := range map[string]int64{`0`: 0, `1.5`: 1, `1e3`: 1000, `253402300799`: 253402300799} {
		if got, err := jose.Instant([]byte(text)); err != nil || got.Unix() != want {
			t.Errorf("%s: %v, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{`-1`, `253402300800`, `1e300`, `1e999`, `"1"`, `null`, `true`, `[1]`, `{}`} {
		if got, err := jose.Instant([]byte(text)); err == nil {
			t.Errorf("%s is read as %v", text, got)
		}
	}
}

// BenchmarkScan reads an object of as many members as fit: the time for each must not grow with
// their number.
func BenchmarkScan(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 2000} {
		text := []byte("{" + numbered(n) + "}")
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := jose.Scan(text, func(_, _ []byte) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/member")
		})
	}
}
