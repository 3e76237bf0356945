package ambient

import (
	"net/http"
	"strings"
)

// Values yields the value of each cookie of the name that r brings, in their order. Unlike
// [http.Request.CookiesNamed] it makes nothing of the others, and allocates nothing; and it
// leaves it to the signature to say whether a value is well formed.
func Values(r *http.Request, name string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, line := range r.Header["Cookie"] {
			for pair := range strings.SplitSeq(line, ";") {
				key, value, found := strings.Cut(strings.TrimSpace(pair), "=")
				if found && key == name && !yield(unquote(value)) {
					return
				}
			}
		}
	}
}

// unquote takes off the quotes that RFC 6265, section 4.1.1, allows.
func unquote(value string) string {
	if len(value) > 1 && value[0] == '"' && value[len(value)-1] == '"' {
		return value[1 : len(value)-1]
	}
	return value
}
