package cookie

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/internal/recall"
)

// recall returns the cached session of the cookie in r, if the cookie was verified before. If
// there are several cookies it decides nothing.
func (k *Cookies) recall(r *http.Request) (*recall.Entry, bool) {
	if k == nil || k.recaller == nil {
		return nil, false
	}
	value, one := "", false
	for v := range browser.Values(r, k.cookie.Name) {
		if one {
			return nil, false
		}
		value, one = v, true
	}
	id, ok := unverifiedID(value)
	if !ok {
		return nil, false
	}
	note, entry, ok := k.recaller.Recall(time.Now(), id, digest(value))
	// Other cookies may share the store, with keys and names of their own.
	by, _ := note.(*Cookies)
	return entry, ok && by == k
}

func (k *Cookies) remember(p proof) {
	// Not of a session in which another user acts: that it is live is not in its row alone.
	if k.recaller != nil && p.session.Actor == (backends.Actor{}) {
		k.recaller.Remember(p.id, p.session.AuthenticatedAt, digest(p.value), k, 0)
	}
}

// digest hashes on the stack: no value is that long.
func digest(value string) recall.Digest {
	var buf [maxValue]byte
	return sha256.Sum256(buf[:copy(buf[:], value)])
}

// Where the ID is in a value, which securecookie makes as base64(time|base64(payload)|MAC). As
// long as the time has ten digits, the group of three bytes of the payload in which the ID begins
// is at byte 51 of the outer text, which is its digit 68.
const (
	innerFrom, innerTo = 68, 124
	innerDigits        = 40 // of bytes 30 to 58 of the payload
	skipped            = 2  // bytes before the ID
)

// unverifiedID returns the ID that a value seems to hold, without looking at the signature. It
// is good for finding what is known of the value, and for nothing else.
func unverifiedID(value string) (id recall.ID, ok bool) {
	if len(value) < minValue || len(value) > maxValue {
		return id, false
	}
	var outer [innerTo - innerFrom]byte
	// Decode is slow where there is padding, and where its destination ends.
	var inner, payload [innerDigits + 8]byte
	copy(outer[:], value[innerFrom:innerTo])
	if n, err := base64.URLEncoding.Decode(inner[:], outer[:]); err != nil || n < innerDigits || inner[innerDigits-1] != '=' {
		return id, false
	}
	if inner[innerDigits-1] = 'A'; inner[innerDigits-2] == '=' { // not if one more byte follows the ID
		inner[innerDigits-2] = 'A'
	}
	if _, err := base64.URLEncoding.Decode(payload[:], inner[:innerDigits]); err != nil {
		return id, false
	}
	copy(id[:], payload[skipped:])
	return id, true
}
