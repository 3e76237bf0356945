package browser_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/browser"
)

func values(headers []string, name string) []string {
	return slices.Collect(browser.Values(&http.Request{Header: http.Header{"Cookie": headers}}, name))
}

func TestTheValuesOfACookieAreThoseOfItsNameInTheirOrder(t *testing.T) {
	for _, row := range []struct {
		headers []string
		want    []string
	}{
		{nil, nil},
		{[]string{""}, nil},
		{[]string{"s=1"}, []string{"1"}},
		{[]string{"a=0; s=1; b=2; s=3"}, []string{"1", "3"}},
		{[]string{"s=1", "a=0", "s=2; s=3"}, []string{"1", "2", "3"}},
		{[]string{"s=1;s=2;;; s=3;"}, []string{"1", "2", "3"}},
		{[]string{" \ts \t= 1 \t"}, []string{" 1"}}, // as net/http does: nothing is trimmed after the =
		{[]string{`s="1"; s="; s=""; s="1; s=1"`}, []string{"1", `"`, "", `"1`, `1"`}},
		{[]string{"s=a=b"}, []string{"a=b"}},
		{[]string{"s="}, []string{""}},
		{[]string{"s", "=s", "=s=1", "; =; "}, nil},
		{[]string{"S=1; ss=2; s-=3; -s=4"}, nil},
		// Browsers take none of these for the name: a sibling domain may set them.
		{[]string{"\u2000s=1; s\u2000=1; \u00a0s=1; \x0bs=1; \x0cs=1; \x00s=1; s\x00=1; \r\ns=1; \ufeffs=1"}, nil},
	} {
		if got := values(row.headers, "s"); !slices.Equal(got, row.want) {
			t.Errorf("%q: %q, want %q", row.headers, got, row.want)
		}
	}
}

func TestValuesStopWhenTheirReaderDoes(t *testing.T) {
	for range browser.Values(&http.Request{Header: http.Header{"Cookie": {"s=1; s=2", "s=3"}}}, "s") {
		break
	}
}

func TestFindingAValueAllocatesNothing(t *testing.T) {
	r := &http.Request{Header: http.Header{"Cookie": {"a=0; theme=dark; __Host-session=x; b=1"}}}
	found := 0
	n := testing.AllocsPerRun(100, func() {
		for range browser.Values(r, "__Host-session") {
			found++
		}
	})
	if n != 0 || found == 0 {
		t.Errorf("%v allocations, found %d times; want none, and each time", n, found)
	}
}

// net/http is what most programs, and so most proxies and tests, find a cookie with. What it does
// not take for a cookie of the name, Values does not either.
//
// There is one exception. net/http drops a cookie whose value has characters that no cookie may
// have; Values yields it, because its readers accept a value only if it is signed, and what is
// signed has none of them. Each pair is therefore compared with one whose value is good.
func FuzzValues(f *testing.F) {
	for _, headers := range [][2]string{
		{"\u2000__Host-session=x", ""},
		{"__Host-session\u2000=x", "__Host-session=y"},
		{`__Host-session="x"; __Host-session="x`, `__Host-session="`},
		{" __Host-session = x ;\t__Host-session\t=\tx\t", "a=b"},
		{"=x; __Host-session; =__Host-session=x; ;;", "=__Host-session"},
		{"__Host-session=x", "__Host-session=y; __Host-session=z"},
		{"__Host-session=\x00; __Host-session=\\; __Host-session=é; __Host-session=a b,c", "__host-session=x"},
		{"\r__Host-session=x\n; \n__Host-session=x\r", "\v__Host-session=x"},
		{"\xff__Host-session=x; __Host-session\xff=x", "__Host-session=\xff"},
	} {
		f.Add(headers[0], headers[1])
	}
	const name = "__Host-session"
	f.Fuzz(func(t *testing.T, first, second string) {
		headers := []string{first, second}
		for _, header := range headers {
			for pair := range strings.SplitSeq(header, ";") {
				written, _, found := strings.Cut(pair, "=")
				if ours := values([]string{pair}, name); len(ours) > 0 && (!found || len(named([]string{written + "=v"}, name)) == 0) {
					t.Errorf("%q: %q, which net/http does not take for a cookie of the name", pair, ours)
				}
			}
		}
		// What net/http has is among ours, in the same order, unless it is empty: without an = there
		// is no cookie.
		ours := values(headers, name)
		for _, c := range named(headers, name) {
			i := slices.Index(ours, c.Value)
			switch {
			case i >= 0:
				ours = ours[i+1:]
			case c.Value != "" && !strings.ContainsAny(first+second, "\r\n"): // which no server lets through
				t.Fatalf("%q: net/http has the value %q, and of ours %q is left", headers, c.Value, ours)
			}
		}
	})
}

func named(headers []string, name string) []*http.Cookie {
	return (&http.Request{Header: http.Header{"Cookie": headers}}).CookiesNamed(name)
}
