package jwtauth

import (
	"crypto/sha256"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/middleware"
)

// A recollection is of a token that was verified. Others may share the store, with keys of
// their own and for another audience, so it says who verified it.
type recollection struct {
	by      *Tokens
	claims  claims
	text    string    // of the claims
	expires time.Time // with the leeway
}

// recollectionSize is about what one takes besides the claims as text, in bytes.
const recollectionSize = 400

// recall fills in who a token says that a request is from, if the store remembers that it was
// verified. It is remembered by a hash of the whole text, so that another spelling is another
// token; and the session is looked at like that of any other.
func (t *Tokens) recall(token, method string, id *middleware.Identity) bool {
	if t.recaller == nil || len(token) > jose.MaxToken {
		return false
	}
	now := time.Now()
	note, row, user, ok := t.recaller.Recall(now, hashOf(token))
	v, _ := note.(*recollection)
	if !ok || v == nil || v.by != t || !now.Before(v.expires) {
		return false
	}
	if unseen(row, v.claims.Generation) {
		return false // to be told; see markSeen
	}
	session.Recalled(id, row, user, method)
	addTimes(id, &v.claims, row)
	id.Claims = v.text
	return true
}

// remember is called with a token that was just verified, and its session.
func (t *Tokens) remember(token string, c *claims, row *backends.Session) {
	if t.recaller == nil {
		return
	}
	v := &recollection{by: t, claims: *c, text: string(c.Raw), expires: c.ExpiresAt.Add(t.leeway)}
	v.claims.Raw = nil
	t.recaller.Remember(hashOf(token), *row, v, recollectionSize+len(v.text))
}

// hashOf hashes most tokens on the stack.
func hashOf(token string) backends.CredentialHash {
	if buf := [1024]byte{}; len(token) <= len(buf) {
		return sha256.Sum256(buf[:copy(buf[:], token)])
	}
	return sha256.Sum256([]byte(token))
}
