package tokens

import (
	"errors"

	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/internal/jose"
)

// Verify returns the claims of a token that is good now.
func (c *Codec) Verify(token string) (*Claims, error) {
	claims, err := c.open(token)
	if err == nil {
		err = c.validator.Validate(claims)
	}
	if err != nil {
		return nil, bearer.Invalid(err)
	}
	return claims, nil
}

// VerifyAgeless returns the claims of a token that is good, or was until it expired.
func (c *Codec) VerifyAgeless(token string) (*Claims, error) {
	claims, err := c.open(token)
	if err == nil {
		err = c.ageless.Validate(ageless{claims})
	}
	if err != nil {
		return nil, bearer.Invalid(err)
	}
	return claims, nil
}

// open returns the claims of a token that one of our keys signed. The claims themselves are not
// checked.
func (c *Codec) open(token string) (*Claims, error) {
	p, err := jose.Split(token)
	if err != nil {
		return nil, err
	}
	k, err := c.keyOf(p.Header)
	if err != nil {
		return nil, err
	}
	sig, err := jose.Decode(p.Signature)
	if err != nil {
		return nil, err
	}
	if err := k.Verify(p.Signed, sig); err != nil {
		return nil, err
	}
	payload, err := jose.Decode(p.Payload)
	if err != nil {
		return nil, err
	}
	return parseClaims(payload)
}

// keyOf returns the key that signed a token with this header.
//
// All tokens that a key of ours signs have the same header, so that most need not be parsed.
// Other software that signs with the key may write it differently.
func (c *Codec) keyOf(segment string) (*jose.Key, error) {
	if k := c.byHeader[segment]; k != nil {
		return k, nil
	}
	h, err := jose.ParseHeader(segment)
	if err != nil {
		return nil, err
	}
	k := c.byID[h.Kid]
	switch {
	case k == nil:
		return nil, errors.New("kid names none of our keys")
	case h.Alg != k.Alg:
		// RFC 8725, section 3.1: the key says which algorithm, the token only agrees.
		return nil, errors.New("alg is not that of the key")
	case !h.IsAccess():
		return nil, errors.New("typ is not that of an access token")
	}
	return k, nil
}
