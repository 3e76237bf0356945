package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"math/big"
	"slices"
)

// A PublicJWK has the members of a public JWK that make the key: RFC 7518, section 6, and RFC 8037,
// section 2.
type PublicJWK struct{ Kty, Crv, N, E, X, Y string }

var errNoKey = errors.New("JWK is no public key that verifies here")

// curves never changes.
var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// Key returns the key that j is.
func (j PublicJWK) Key() (crypto.PublicKey, error) {
	switch j.Kty {
	case "RSA":
		key := &rsa.PublicKey{N: new(big.Int).SetBytes(number(j.N))}
		if e := new(big.Int).SetBytes(number(j.E)); e.BitLen() < 32 {
			key.E = int(e.Int64())
		}
		return key, CheckRSA(key)
	case "EC":
		// RFC 7518, section 6.2.1.2: as long as the field, so that x and y cannot be cut apart
		// in another place.
		curve, x, y := curves[j.Crv], number(j.X), number(j.Y)
		if curve == nil || len(x) != len(y) {
			return nil, errNoKey
		}
		return ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
	case "OKP":
		if x := number(j.X); j.Crv == "Ed25519" && len(x) == ed25519.PublicKeySize {
			return ed25519.PublicKey(x), nil
		}
	}
	return nil, errNoKey
}

// number returns the bytes of a number, or nil.
func number(s string) []byte {
	b, err := Decode(s)
	if err != nil {
		return nil
	}
	return b
}

// Members returns the members of the public JWK that RFC 7638, section 3.2, requires. It panics at a
// key in which a number is nil.
func Members(public crypto.PublicKey) (map[string]string, error) {
	switch key := public.(type) {
	case *rsa.PublicKey:
		n, e := key.N.Bytes(), big.NewInt(int64(key.E)).Bytes()
		return map[string]string{"kty": "RSA", "n": Encode(n), "e": Encode(e)}, CheckRSA(key)
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil {
			return nil, err
		}
		xy := point[1:] // after the 4 of an uncompressed point
		x, y := xy[:len(xy)/2], xy[len(xy)/2:]
		return map[string]string{"kty": "EC", "crv": key.Curve.Params().Name, "x": Encode(x), "y": Encode(y)}, nil
	case ed25519.PublicKey:
		if len(key) != ed25519.PublicKeySize {
			return nil, errors.New("key has not the length of one for Ed25519")
		}
		return map[string]string{"kty": "OKP", "crv": "Ed25519", "x": Encode(key)}, nil // RFC 8037, section 2
	}
	return nil, errNoKey
}
