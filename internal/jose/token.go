// Package jose reads tokens (RFC 7515, RFC 7519) strictly: what another parser could read in
// another way is refused, before the signature is verified.
package jose

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// MaxToken is as long as a token of ours may be, and MaxForeign one of another issuer. Many
// servers before ours let headers through that are no longer than that together.
const (
	MaxToken   = 8 << 10
	MaxForeign = 16 << 10
)

// MaxLeeway is by how much clocks may differ at the most.
const MaxLeeway = time.Minute

// strict refuses spare bits at the end, so that a text has one spelling only. It never
// changes.
var strict = base64.RawURLEncoding.Strict()

// Parts are those of a token: substrings of it.
type Parts struct{ Header, Payload, Signature, Signed string }

// Split cuts a token of at most so many bytes at its two dots. It looks for line breaks, because
// the decoder of base64 skips them and so lets a token have other spellings.
func Split(token string, maximum int) (Parts, error) {
	if len(token) > maximum {
		return Parts{}, fmt.Errorf("token has more than %d bytes", maximum)
	}
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, found := strings.Cut(rest, ".")
	if !found || strings.ContainsAny(token, "\r\n") || strings.IndexByte(signature, '.') >= 0 {
		return Parts{}, errors.New("token is not three parts without line breaks")
	}
	return Parts{header, payload, signature, token[:len(header)+1+len(payload)]}, nil
}

// Decode decodes a part.
func Decode(segment string) ([]byte, error) { return strict.DecodeString(segment) }
