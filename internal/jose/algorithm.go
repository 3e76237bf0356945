package jose

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	_ "crypto/sha256" // for the hashes below
	_ "crypto/sha512"
	"errors"
	"math/big"
)

// An Algorithm is one that a public key can verify, and the keys that it fits.
type Algorithm struct {
	kty, crv string
	hash     crypto.Hash // 0 for none
	verify   func(public crypto.PublicKey, h crypto.Hash, digest, sig []byte) bool
}

// Asymmetric are the algorithms of public keys, by name (RFC 7518, section 3.1; RFC 8037; RFC 9864).
// "none" is not among them, nor is an HMAC. It never changes.
//
// They need the standard library alone, so that programs that sign no token link no library for it.
var Asymmetric = map[string]Algorithm{
	"RS256":   {"RSA", "", crypto.SHA256, verifyRS},
	"RS384":   {"RSA", "", crypto.SHA384, verifyRS},
	"RS512":   {"RSA", "", crypto.SHA512, verifyRS},
	"PS256":   {"RSA", "", crypto.SHA256, verifyPS},
	"PS384":   {"RSA", "", crypto.SHA384, verifyPS},
	"PS512":   {"RSA", "", crypto.SHA512, verifyPS},
	"ES256":   {"EC", "P-256", crypto.SHA256, verifyES},
	"ES384":   {"EC", "P-384", crypto.SHA384, verifyES},
	"ES512":   {"EC", "P-521", crypto.SHA512, verifyES},
	"EdDSA":   {"OKP", "Ed25519", 0, verifyEd},
	"Ed25519": {"OKP", "Ed25519", 0, verifyEd},
}

// Fits reports whether a key of the type, on the curve, can verify with the algorithm.
func (a Algorithm) Fits(kty, crv string) bool {
	return a.verify != nil && a.kty == kty && (a.crv == "" || a.crv == crv)
}

var errSignature = errors.New("signature is not one of the key")

// Verify returns nil if the public key, which fits, made the signature of the text.
func (a Algorithm) Verify(public crypto.PublicKey, signed string, sig []byte) error {
	digest := []byte(signed)
	if a.hash != 0 {
		h := a.hash.New()
		h.Write(digest)
		digest = h.Sum(nil)
	}
	if !a.verify(public, a.hash, digest, sig) {
		return errSignature
	}
	return nil
}

func verifyRS(public crypto.PublicKey, h crypto.Hash, digest, sig []byte) bool {
	key, ok := public.(*rsa.PublicKey)
	return ok && rsa.VerifyPKCS1v15(key, h, digest, sig) == nil
}

// verifyPS wants a salt as long as the hash: RFC 7518, section 3.5.
func verifyPS(public crypto.PublicKey, h crypto.Hash, digest, sig []byte) bool {
	key, ok := public.(*rsa.PublicKey)
	return ok && rsa.VerifyPSS(key, h, digest, sig, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
}

// verifyES wants two numbers, each as long as the field: RFC 7518, section 3.4.
func verifyES(public crypto.PublicKey, _ crypto.Hash, digest, sig []byte) bool {
	key, ok := public.(*ecdsa.PublicKey)
	if !ok {
		return false
	}
	size := (key.Curve.Params().BitSize + 7) / 8
	return len(sig) == 2*size &&
		ecdsa.Verify(key, digest, new(big.Int).SetBytes(sig[:size]), new(big.Int).SetBytes(sig[size:]))
}

func verifyEd(public crypto.PublicKey, _ crypto.Hash, text, sig []byte) bool {
	key, ok := public.(ed25519.PublicKey)
	return ok && len(key) == ed25519.PublicKeySize && ed25519.Verify(key, text, sig)
}
