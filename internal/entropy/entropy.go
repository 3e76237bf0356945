// Package entropy tells the keys of an application from what can be guessed.
package entropy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	minBytes    = 32 // bytes: as long as the output of the hash, RFC 7518, section 3.2
	minDistinct = 8  // different bytes; 32 random ones practically always have over 20
	minHex      = 64 // digits of 32 bytes
	minBase64   = 43 // digits of 32 bytes
)

const advice = "want 32 random bytes (openssl rand -hex 32)"

// Check reports what makes a secret one that can be guessed, as far as one can tell by
// looking: RFC 8725, section 3.5, forbids passwords as keys.
func Check(secret []byte) error {
	text := string(secret)
	switch {
	case len(secret) < minBytes:
		return fmt.Errorf("secret has %d bytes, %s", len(secret), advice)
	case len(slices.Compact(slices.Sorted(slices.Values(secret)))) < minDistinct:
		return errors.New("secret repeats the same few bytes, " + advice)
	case isText(text) && !isRandomHex(text) && !isRandomBase64(text):
		return errors.New("secret is text that a human may have thought of, or a file of another kind, " + advice)
	}
	return nil
}

// isText reports whether s can be read. Random bytes practically never are UTF-8 at all.
func isText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsPrint(r) && !unicode.IsSpace(r)
	})
}

const (
	digits = "0123456789"
	small  = "abcdefghijklmnopqrstuvwxyz"
	large  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

func isRandomHex(s string) bool {
	const letters = "abcdefABCDEF"
	return len(s) >= minHex && strings.Trim(s, digits+letters) == "" &&
		strings.ContainsAny(s, digits) && strings.ContainsAny(s, letters)
}

// isRandomBase64 asks for capitals, small letters and digits: one of the three is missing
// from 43 random characters once in a thousand times at most, and from a sentence mostly.
func isRandomBase64(s string) bool {
	s = strings.TrimRight(s, "=")
	return len(s) >= minBase64 && strings.Trim(s, digits+small+large+"+/-_") == "" &&
		strings.ContainsAny(s, digits) && strings.ContainsAny(s, small) && strings.ContainsAny(s, large)
}
