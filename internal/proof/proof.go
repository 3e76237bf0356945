// Package proof reads proofs that a client has a private key: those of DPoP (RFC 9449) and of Device
// Bound Session Credentials. Both are JWTs that bring their public key in the header.
//
// It reads as strictly as package jose, and hands nothing out that is not verified. What a proof must
// claim is for the protocol to check.
package proof

import (
	"errors"
	"slices"
	"strings"

	"github.com/inga-auth/inga/internal/jose"
)

// The types of proofs.
const (
	DPoP = "dpop+jwt" // RFC 9449, section 4.2
	DBSC = "dbsc+jwt"
)

// MaxText is how long a proof may be, in bytes. With a key of RSA 4096 one has about 2 000.
const MaxText = 4096

// A Reader reads the proofs of one protocol.
type Reader struct {
	// Type is the typ of the proofs: DPoP or DBSC.
	Type string
	// Algorithms are the accepted ones: names of [jose.Asymmetric].
	Algorithms []string
}

// A Proof is one that was verified.
type Proof struct {
	Key    *Key // that made it
	Claims Claims
}

// Read returns the proof that text is, which the key in its header must have made.
func (rd Reader) Read(text string) (Proof, error) { return rd.read(text, nil) }

// ReadWith returns the proof that text is, which the key must have made. It need not be in the header.
func (rd Reader) ReadWith(text string, k *Key) (Proof, error) {
	if k == nil {
		return Proof{}, errors.New("there is no key that a proof could be of")
	}
	return rd.read(text, k)
}

// read reads a proof by the key, or by the one in its header.
func (rd Reader) read(text string, k *Key) (Proof, error) {
	parts, err := jose.Split(text, MaxText)
	if err != nil {
		return Proof{}, err
	}
	brought, alg, err := rd.header(parts.Header)
	switch {
	case err != nil:
		return Proof{}, err
	case k == nil && brought == nil:
		return Proof{}, errors.New("header brings no key")
	case k == nil:
		k = brought
	case brought != nil && brought.Thumbprint != k.Thumbprint:
		return Proof{}, errors.New("header brings another key")
	case alg != k.Algorithm:
		return Proof{}, errors.New("alg is not that of the key")
	}
	sig, err := jose.Decode(parts.Signature)
	if err != nil {
		return Proof{}, err
	}
	if err := k.verify(parts.Signed, sig); err != nil {
		return Proof{}, err
	}
	payload, err := jose.Decode(parts.Payload)
	if err != nil {
		return Proof{}, err
	}
	p := Proof{Key: k}
	if err := jose.Scan(payload, p.Claims.set); err != nil {
		return Proof{}, err
	}
	return p, nil
}

// header returns the key in a header, nil if there is none, and the algorithm.
func (rd Reader) header(segment string) (*Key, string, error) {
	h, err := jose.ParseProofHeader(segment, MaxText)
	switch {
	case err != nil:
		return nil, "", err
	case h.Typ != rd.Type:
		return nil, "", errors.New("typ is not " + rd.Type)
	case !slices.Contains(rd.Algorithms, h.Alg):
		return nil, "", errors.New("alg is not one of " + strings.Join(rd.Algorithms, ", "))
	case h.JWK == nil:
		return nil, h.Alg, nil
	}
	k, err := readJWK(h.Alg, h.JWK)
	return k, h.Alg, err
}
