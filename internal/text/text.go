// Package text checks and cleans text that clients send, before it is stored or logged.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns at most the first limit bytes of s, with each unprintable character replaced
// by a space, and without invalid UTF-8 and surrounding space. The result cannot forge a line of
// a log. It does not share memory with s.
func Printable(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit]
	}
	// The cut may have split a character. ToValidUTF8 removes the rest of it.
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Clone(strings.TrimSpace(s)) // s may be a small part of something large
}

// Valid reports whether s is 1 to limit bytes of UTF-8 without control characters.
func Valid(s string, limit int) bool {
	return len(s) > 0 && len(s) <= limit && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
