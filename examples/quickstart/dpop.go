package main

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"

	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/dpop"
)

// modes are the values of -dpop.
var modes = map[string]jwtauth.DPoP{
	"off": jwtauth.DPoPOff, "offered": jwtauth.DPoPOffered, "required": jwtauth.DPoPRequired,
}

// newProofs returns what checks the proofs of clients whose tokens are bound to their key, or nil with
// -dpop=off.
func newProofs(s store, k keys, o options) (*dpop.Proofs, error) {
	if modes[o.dpop] == jwtauth.DPoPOff {
		return nil, nil
	}
	c := dpop.Config{URL: o.url, Claims: s}
	if o.dpopNonce {
		// Keys of their own, which a rotation of the others rotates too.
		for _, key := range k.refresh {
			nonceKey, err := hkdf.Key(sha256.New, key, nil, "quickstart dpop nonce", secretSize)
			if err != nil {
				return nil, fmt.Errorf("nonce key: %w", err)
			}
			c.NonceKeys = append(c.NonceKeys, nonceKey)
		}
	}
	return dpop.New(c)
}
