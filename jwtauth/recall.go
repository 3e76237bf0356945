package jwtauth

import (
	"bytes"
	"crypto/sha256"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/session"
	"github.com/inga-auth/inga/middleware"
)

// A recollection is of a token that was verified. Others may share the store, with keys of
// their own and for another audience, so it says who verified it.
type recollection struct {
	by     *Tokens
	claims *claims
}

// recollectionSize is about what one takes besides the claims as text, in bytes.
const recollectionSize = 400

// recall returns who a token says that a request is from, if the store remembers that it was
// verified. It is remembered by a hash of the whole text, so that another spelling is another
// token; and the session is looked at like that of any other.
func (t *Tokens) recall(token, method string) (middleware.Identity, bool) {
	if t.recaller == nil || len(token) > maxToken {
		return middleware.Identity{}, false
	}
	now := session.Now()
	note, row, user, ok := t.recaller.Recall(now, hashOf(token))
	v, _ := note.(*recollection)
	if !ok || v == nil || v.by != t || !now.Before(v.claims.ExpiresAt.Add(t.leeway)) {
		return middleware.Identity{}, false
	}
	if unseen(&row, v.claims.generation) {
		return middleware.Identity{}, false // to be told; see markSeen
	}
	id := identity(v.claims, &row, &user, method)
	id.Claims = bytes.Clone(id.Claims)
	return id, true
}

// remember is called with a token that was just verified, and its session.
func (t *Tokens) remember(token string, c *claims, row *backends.Session) {
	if t.recaller != nil {
		t.recaller.Remember(hashOf(token), *row, &recollection{t, c}, recollectionSize+len(c.raw))
	}
}

func hashOf(token string) backends.CredentialHash { return sha256.Sum256([]byte(token)) }
