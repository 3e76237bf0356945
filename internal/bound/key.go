package bound

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"strings"
	"sync"
)

// encoding refuses spare bits that are set: a value has one spelling.
var encoding = base64.RawURLEncoding.Strict()

const macSize = sha256.Size

// maxMessage is the length of the longest text that is authenticated: that of a bound cookie.
const maxMessage = 1 + loginSize + timeSize + 64

// keys authenticate: the first one what is new. Each is a pool of scratches, which prints as an address,
// in whatever struct it is.
type keys []*sync.Pool

// A scratch computes MACs with one key. It is used again and again, so that a request allocates none.
type scratch struct {
	mac     hash.Hash
	message [maxMessage]byte
	sum     [macSize]byte
}

// newKeys derives a key of its own from each secret.
func newKeys(secrets [][]byte, info string) (ks keys) {
	for _, secret := range secrets {
		derived, _ := hkdf.Key(sha256.New, secret, nil, info, macSize) // it fails for 8 KB of output and more
		ks = append(ks, &sync.Pool{New: func() any { return &scratch{mac: hmac.New(sha256.New, derived)} }})
	}
	return ks
}

// compute sets s.sum to the MAC of the parts. A purpose has a letter of its own, and all parts but the
// last one have a fixed length, so that no value of one purpose is one of another.
func (s *scratch) compute(purpose byte, l Login, fixed []byte, rest string) {
	m := append(s.message[:0], purpose)
	m = l.append(m)
	m = append(m, fixed...)
	m = append(m, rest...)
	s.mac.Reset()
	s.mac.Write(m)
	s.mac.Sum(s.sum[:0])
}

// sign appends the MAC of the parts to raw, and returns all as text.
func (ks keys) sign(raw []byte, purpose byte, l Login, fixed []byte, rest string) string {
	s := ks[0].Get().(*scratch)
	defer ks[0].Put(s)
	s.compute(purpose, l, fixed, rest)
	return encoding.EncodeToString(append(raw, s.sum[:]...))
}

// verify reports whether one of the keys made the MAC of the parts.
func (ks keys) verify(mac []byte, purpose byte, l Login, fixed []byte, rest string) (ok bool) {
	for i := 0; i < len(ks) && !ok; i++ {
		s := ks[i].Get().(*scratch)
		s.compute(purpose, l, fixed, rest)
		ok = subtle.ConstantTimeCompare(mac, s.sum[:]) == 1
		ks[i].Put(s)
	}
	return ok
}

// decode decodes text into dst, whose length it must have exactly.
func decode(dst []byte, text string) bool {
	// encoding/base64 skips line breaks, so that a value would have many spellings.
	if len(text) != encoding.EncodedLen(len(dst)) || strings.ContainsAny(text, "\r\n") {
		return false
	}
	var buf [128]byte
	n, err := encoding.Decode(dst, buf[:copy(buf[:], text)])
	return err == nil && n == len(dst)
}
