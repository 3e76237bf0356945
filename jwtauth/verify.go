package jwtauth

import (
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/inga-auth/inga/middleware"
)

// maxToken is as long as a token may be. Headers of a request that are longer than that
// together do not get past many servers anyway.
const maxToken = 8 << 10

// strict refuses spare bits at the end, so that a text has one spelling only. It never
// changes.
var strict = base64.RawURLEncoding.Strict()

// verify returns the claims of a token that is good now.
func (t *Tokens) verify(token string) (*claims, error) {
	c, err := t.open(token)
	if err == nil {
		err = t.validator.Validate(c)
	}
	if err != nil {
		return nil, invalid(err)
	}
	return c, nil
}

// verifyAgeless returns the claims of a token that is good, or was until it expired.
func (t *Tokens) verifyAgeless(token string) (*claims, error) {
	c, err := t.open(token)
	if err == nil {
		err = t.ageless.Validate(ageless{c})
	}
	if err != nil {
		return nil, invalid(err)
	}
	return c, nil
}

func invalid(err error) error { return fmt.Errorf("%w: %w", middleware.ErrInvalidCredentials, err) }

// open returns the claims of a token that one of our keys signed. Whether they are good is
// still to be checked.
func (t *Tokens) open(token string) (*claims, error) {
	p, err := split(token)
	if err != nil {
		return nil, err
	}
	k, err := t.keyOf(p.header)
	if err != nil {
		return nil, err
	}
	sig, err := decode(p.signature)
	if err != nil {
		return nil, err
	}
	if err := k.verify(p.signed, sig); err != nil {
		return nil, err
	}
	payload, err := decode(p.payload)
	if err != nil {
		return nil, err
	}
	return parseClaims(payload)
}

// keyOf returns the key with which a token was signed that has this header.
//
// All tokens that a key signs have the same header, so that most need not be read. What
// other software signed with the key may be written in another way.
func (t *Tokens) keyOf(segment string) (*key, error) {
	if k := t.byHeader[segment]; k != nil {
		return k, nil
	}
	h, err := parseHeader(segment)
	if err != nil {
		return nil, err
	}
	k := t.byID[h.kid]
	switch {
	case k == nil:
		return nil, errors.New("kid names none of our keys")
	case h.alg != k.alg:
		// RFC 8725, section 3.1: the key says which algorithm, the token only agrees.
		return nil, errors.New("alg is not that of the key")
	case !h.isAccess():
		return nil, errors.New("typ is not that of an access token")
	}
	return k, nil
}

// parts are those of a token: substrings of it.
type parts struct{ header, payload, signature, signed string }

// split cuts a token at its two dots. It looks at every byte, because the decoder of base64
// skips line breaks and so lets a token have other spellings.
func split(token string) (parts, error) {
	if len(token) > maxToken {
		return parts{}, errors.New("token is too long")
	}
	var dots [2]int
	n := 0
	for i := range len(token) {
		switch c := token[i]; {
		case c == '.':
			if n == len(dots) {
				return parts{}, errors.New("token has more than three parts")
			}
			dots[n] = i
			n++
		case !isBase64url(c):
			return parts{}, errors.New("token has a character that base64url has not")
		}
	}
	if n != len(dots) {
		return parts{}, errors.New("token has less than three parts")
	}
	return parts{
		header:    token[:dots[0]],
		payload:   token[dots[0]+1 : dots[1]],
		signature: token[dots[1]+1:],
		signed:    token[:dots[1]],
	}, nil
}

func isBase64url(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

func decode(segment string) ([]byte, error) { return strict.DecodeString(segment) }
