package jwtauth

import (
	"errors"

	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/internal/jose"
)

// verify returns the claims of a token that is good now.
func (t *Tokens) verify(token string) (*claims, error) {
	c, err := t.open(token)
	if err == nil {
		err = t.validator.Validate(c)
	}
	if err != nil {
		return nil, bearer.Invalid(err)
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
		return nil, bearer.Invalid(err)
	}
	return c, nil
}

// open returns the claims of a token that one of our keys signed. Whether they are good is
// still to be checked.
func (t *Tokens) open(token string) (*claims, error) {
	p, err := jose.Split(token)
	if err != nil {
		return nil, err
	}
	k, err := t.keyOf(p.Header)
	if err != nil {
		return nil, err
	}
	sig, err := jose.Decode(p.Signature)
	if err != nil {
		return nil, err
	}
	if err := k.verify(p.Signed, sig); err != nil {
		return nil, err
	}
	payload, err := jose.Decode(p.Payload)
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
	h, err := jose.ParseHeader(segment)
	if err != nil {
		return nil, err
	}
	k := t.byID[h.Kid]
	switch {
	case k == nil:
		return nil, errors.New("kid names none of our keys")
	case h.Alg != k.alg:
		// RFC 8725, section 3.1: the key says which algorithm, the token only agrees.
		return nil, errors.New("alg is not that of the key")
	case !h.IsAccess():
		return nil, errors.New("typ is not that of an access token")
	}
	return k, nil
}
