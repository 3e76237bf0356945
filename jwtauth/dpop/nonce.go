package dpop

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/inga-auth/inga/internal/jose"
)

// A nonce is
//
//	jose.Encode( number of the window since 1970 | MAC )
//
// so that none has to be remembered. The MAC says nothing of a client: RFC 9449, section 8, lets all
// share one.
const (
	numberSize = 8
	nonceMAC   = 16
)

// nonces make and verify nonces. The first key makes new ones. Without keys there are none. Each is a
// function because package fmt would print a key.
type nonces struct {
	keys   []func(number []byte) []byte
	window time.Duration
}

func newNonces(secrets [][]byte, window time.Duration, url string) nonces {
	n := nonces{window: window}
	for _, secret := range secrets {
		derived := hmac.New(sha256.New, secret)
		derived.Write([]byte("inga dpop nonce\x00" + window.String() + "\x00" + url))
		key := derived.Sum(nil)
		n.keys = append(n.keys, func(number []byte) []byte {
			h := hmac.New(sha256.New, key)
			h.Write(number)
			return h.Sum(nil)[:nonceMAC]
		})
	}
	return n
}

// at returns the nonce of the window in which now is, or "".
func (n nonces) at(now time.Time) string {
	if len(n.keys) == 0 {
		return ""
	}
	raw := binary.BigEndian.AppendUint64(nil, uint64(n.number(now)))
	return jose.Encode(append(raw, n.keys[0](raw)...))
}

func (n nonces) number(now time.Time) int64 { return now.UnixNano() / int64(n.window) }

// until returns when a nonce is void: after the window that follows its own. ok is false unless a server
// made it, by a clock that differs from ours by less than the leeway, in this window or the one before.
func (n nonces) until(nonce string, now time.Time, leeway time.Duration) (until time.Time, ok bool) {
	raw, err := jose.Decode(nonce)
	if err != nil || len(raw) != numberSize+nonceMAC || jose.Encode(raw) != nonce {
		return time.Time{}, false
	}
	for _, key := range n.keys {
		if !hmac.Equal(raw[numberSize:], key(raw[:numberSize])) {
			continue
		}
		number := int64(binary.BigEndian.Uint64(raw))
		until = time.Unix(0, (number+2)*int64(n.window))
		return until, number >= n.number(now.Add(-leeway))-1 && number <= n.number(now.Add(leeway))
	}
	return time.Time{}, false
}
