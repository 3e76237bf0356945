package foreign

import (
	"errors"
	"math"
	"slices"
	"time"

	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/internal/jose"
)

// A keySet is the result of one fetch. It never changes.
type keySet struct {
	keys   []publicKey
	number uint64    // of the fetch
	at     time.Time // when it began
}

var errUnknownKey = bearer.Invalid(errors.New("key of the token is not one of the issuer's"))

// verify returns nil if a key of the set signed the text, and errUnknownKey if none of the set
// can have signed it. A wrong signature under a known kid is final: no fetch would change it, and
// it must not cause one.
func (s *keySet) verify(h jose.Header, text string, sig []byte) error {
	unfit := errUnknownKey
	for _, k := range s.keys {
		// RFC 7515, section 4.1.4: a token need not say which key it is. A set, for its part,
		// may have two keys of one ID (RFC 7517, section 4.5).
		if h.Kid != "" && h.Kid != k.id {
			continue
		}
		method, fits := k.methods[h.Alg]
		switch {
		case fits && method.Verify(k.key, text, sig) == nil:
			return nil
		case h.Kid != "":
			unfit = bearer.Invalid(errors.New("alg or signature is not that of the key"))
		}
	}
	return unfit
}

// age returns how old the set is. A nil set is older than any other.
func (s *keySet) age() time.Duration {
	if s == nil {
		return math.MaxInt64
	}
	return between(s.at, time.Now())
}

// between is the larger difference of the two clocks: the monotonic one stands still while a
// machine sleeps, and a key may be withdrawn meanwhile.
func between(then, now time.Time) time.Duration {
	return max(now.Sub(then), now.Round(0).Sub(then.Round(0)))
}

// answers reports whether the set was fetched after the question was asked.
func (s *keySet) answers(q question) bool { return s.number > uint64(q) }

func (s *keySet) has(kid string) bool {
	return kid != "" && slices.ContainsFunc(s.keys, func(k publicKey) bool { return k.id == kid })
}
