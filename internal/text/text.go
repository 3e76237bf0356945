// Package text makes what clients send fit to be kept and printed.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable returns s with a space for each control character, without bytes that are not
// UTF-8 and space around it, and cut to so many bytes. A line break in it ends no line of a
// log.
func Printable(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit]
	}
	// The cut may have split a rune: what is left of it is no UTF-8.
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Clone(strings.TrimSpace(s)) // it may be a small part of something large
}

// Valid reports whether s has 1 to limit bytes of UTF-8, none of them in a control character.
func Valid(s string, limit int) bool {
	return len(s) > 0 && len(s) <= limit && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
