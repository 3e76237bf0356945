package browser

import (
	"net/http"
	"strings"
)

// MaxCookies is how many cookies browsers keep of a site. A request with more of one name is not from a
// browser, and need not be read to its end.
const MaxCookies = 180

// Values yields the value of each cookie of the name in r, in their order. Unlike
// [http.Request.CookiesNamed] it does not parse the others and allocates nothing. It does not
// check the characters of a value: accept a value only if it is signed.
//
// A name counts only byte by byte. Space and tab around it are trimmed, as browsers and net/http
// do, and nothing else: with Unicode spaces trimmed as well, a sibling domain could plant a
// cookie that browsers do not take for one with the prefix __Host-. What is no cookie of the name
// for net/http is none here either, with two exceptions: net/http drops a cookie whose value has
// characters that are not allowed, and all cookies of a request with more than 3000. With none of
// those, a logout would seem to be done.
func Values(r *http.Request, name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, line := range r.Header["Cookie"] {
			for pair := range strings.SplitSeq(line, ";") {
				key, value, found := strings.Cut(strings.Trim(pair, " \t"), "=")
				if found && strings.TrimRight(key, " \t") == name && !yield(unquote(value)) {
					return
				}
			}
		}
	}
}

// unquote removes the quotes that RFC 6265, section 4.1.1, allows.
func unquote(value string) string {
	if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
		return value[1 : len(value)-1]
	}
	return value
}
