package jwtauth

import (
	"errors"
	"strings"
)

// accessType is the typ of our tokens: RFC 9068, section 2.1.
const accessType = "at+jwt"

// maxHeader is as long as the header of a token may be, encoded. Ours have about 110 bytes.
const maxHeader = 1024

// headerNames are the header parameters of RFC 7515, 7516 and 7797.
var headerNames = []string{
	"alg", "typ", "kid", "cty", "crit", "b64", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "enc", "zip",
}

// A header is what a token says about itself.
type header struct{ alg, typ, kid string }

func parseHeader(segment string) (header, error) {
	var h header
	if len(segment) > maxHeader {
		return h, errors.New("header is too long")
	}
	raw, err := decode(segment)
	if err != nil {
		return h, err
	}
	return h, scanObject(raw, func(name, value []byte) (err error) {
		switch string(name) {
		case "alg":
			h.alg, err = text(value)
		case "typ":
			h.typ, err = text(value)
		case "kid":
			h.kid, err = text(value)
		case "crit", "b64":
			// RFC 7515, section 4.1.11: what we do not understand and must is refused.
			err = errors.New("header has a critical extension")
		case "jwk", "jku", "x5u", "x5c":
			err = errors.New("header brings a key of its own")
		default:
			if variant(name, headerNames) {
				err = errors.New("header has a registered name in another spelling")
			}
		}
		return err
	})
}

// isAccess reports whether the typ is that of an access token: RFC 9068, section 4.
func (h header) isAccess() bool {
	return strings.EqualFold(h.typ, accessType) || strings.EqualFold(h.typ, "application/"+accessType)
}
