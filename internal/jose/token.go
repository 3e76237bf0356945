// Package jose reads tokens (RFC 7515, RFC 7519) strictly: what another parser could read in
// another way is refused, before the signature is verified.
package jose

import (
	"encoding/base64"
	"errors"
	"fmt"
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

// Split cuts a token at its two dots. It looks at every byte, because the decoder of base64
// skips line breaks and so lets a token have other spellings.
func Split(token string, maximum int) (Parts, error) {
	if len(token) > maximum {
		return Parts{}, fmt.Errorf("token has more than %d bytes", maximum)
	}
	var dots [2]int
	n := 0
	for i := range len(token) {
		switch c := token[i]; {
		case c == '.':
			if n == len(dots) {
				return Parts{}, errors.New("token has more than three parts")
			}
			dots[n] = i
			n++
		case !isBase64url(c):
			return Parts{}, errors.New("token has a character that base64url has not")
		}
	}
	if n != len(dots) {
		return Parts{}, errors.New("token has fewer than three parts")
	}
	return Parts{
		Header:    token[:dots[0]],
		Payload:   token[dots[0]+1 : dots[1]],
		Signature: token[dots[1]+1:],
		Signed:    token[:dots[1]],
	}, nil
}

func isBase64url(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

// Decode decodes a part.
func Decode(segment string) ([]byte, error) { return strict.DecodeString(segment) }
