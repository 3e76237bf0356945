package jose

import (
	"errors"
	"strings"
)

// AccessType is the typ of an access token: RFC 9068, section 2.1.
const AccessType = "at+jwt"

// maxHeader is as long as the header of a token may be, encoded. Ours have about 110 bytes.
const maxHeader = 1024

// headerNames are the header parameters of RFC 7515, 7516 and 7797.
var headerNames = []string{
	"alg", "typ", "kid", "cty", "crit", "b64", "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "enc", "zip",
}

// A Header is what a token says about itself.
type Header struct {
	Alg, Typ, Kid string
	JWK           []byte // the key that a proof brings, as JSON; nil if it brings none
}

// ParseHeader reads the first part of a token.
func ParseHeader(segment string) (Header, error) {
	h, err := ParseProofHeader(segment, maxHeader)
	if err == nil && h.JWK != nil {
		err = errOwnKey
	}
	return h, err
}

var errOwnKey = errors.New("header brings a key of its own")

// ParseProofHeader reads the first part, of at most so many bytes, of a proof, which may bring a key.
func ParseProofHeader(segment string, maximum int) (Header, error) {
	var h Header
	if len(segment) > maximum {
		return h, errors.New("header is too long")
	}
	raw, err := Decode(segment)
	if err != nil {
		return h, err
	}
	return h, Scan(raw, func(name, value []byte) (err error) {
		switch string(name) {
		case "alg":
			h.Alg, err = Text(value)
		case "typ":
			h.Typ, err = Text(value)
		case "kid":
			h.Kid, err = Text(value)
		case "crit", "b64":
			// RFC 7515, section 4.1.11: what we do not understand and must is refused.
			err = errors.New("header has a critical extension")
		case "jwk":
			h.JWK = value
		case "jku", "x5u", "x5c":
			err = errOwnKey
		default:
			if Variant(name, headerNames) {
				err = errors.New("header has a registered name in another spelling")
			}
		}
		return err
	})
}

// Type returns the typ as it is compared: RFC 7515, section 4.1.9.
func (h Header) Type() string { return MediaType(h.Typ) }

// MediaType is Type for a typ.
func MediaType(typ string) string { return strings.TrimPrefix(strings.ToLower(typ), "application/") }
