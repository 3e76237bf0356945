package authtest

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// placeholder replaces wildcards. Hopefully no application has a user or a file of that name.
const placeholder = "authtest"

// others replace wildcards that a router restricts by a regular expression.
var others = [...]string{"0", "00", "000", "0000", "a", "aa", "A", "00000000-0000-4000-8000-000000000000", "2000-01-01", "a.txt", "1", "v1"}

// paths returns paths that match the pattern, and its host if it has one. It understands the
// patterns of http.ServeMux, chi, echo and gin. Some of the paths may match other patterns of the
// router better.
func paths(pattern string) (host string, found []string, err error) {
	at := strings.Index(pattern, "/")
	if at < 0 {
		return "", nil, fmt.Errorf("the pattern has no path")
	}
	host = pattern[:at]
	path, err := filled(pattern[at:])
	if err != nil {
		return "", nil, err
	}
	if exact, ok := strings.CutSuffix(path, "/{$}"); ok {
		return host, []string{exact + "/"}, nil
	}
	found = []string{path}
	if strings.HasSuffix(path, "/") {
		found = append(found, path+placeholder)
	}
	return host, found, nil
}

// filled replaces all wildcards of the path: {id}, {path...}, {id:[0-9]+}, :id, *path, *.
func filled(path string) (string, error) {
	var b strings.Builder
	for path != "" {
		before, rest, ok := strings.Cut(path, "{")
		b.WriteString(bare(before))
		if !ok || strings.HasPrefix(rest, "$}") {
			b.WriteString(path[len(before):])
			return b.String(), nil
		}
		end := closing(rest)
		if end < 0 {
			return "", fmt.Errorf("the pattern has a { without a }")
		}
		text, err := fitting(rest[:end])
		if err != nil {
			return "", err
		}
		b.WriteString(text)
		path = rest[end+1:]
	}
	return b.String(), nil
}

// bare replaces wildcards without braces, which are whole segments.
func bare(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, ":") && len(s) > 1 || strings.HasPrefix(s, "*") {
			segments[i] = placeholder
		}
	}
	return strings.Join(segments, "/")
}

// closing returns the index of the brace that closes one opened before s, or -1.
func closing(s string) int {
	depth := 1
	for i, c := range s {
		switch c {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			return i
		}
	}
	return -1
}

// fitting returns a text that matches the wildcard. Its expression is anchored, as in chi.
func fitting(wildcard string) (string, error) {
	_, expression, ok := strings.Cut(wildcard, ":")
	if !ok {
		return placeholder, nil
	}
	re, err := regexp.Compile("^(?:" + expression + ")$")
	if err != nil {
		return "", err
	}
	for _, text := range append([]string{placeholder}, others[:]...) {
		if re.MatchString(text) {
			return text, nil
		}
	}
	return "", fmt.Errorf("nothing that is known here fits {%s}", wildcard)
}

// methods are tried on routes that have none of their own.
var methods = [...]string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
