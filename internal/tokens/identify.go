package tokens

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/identity"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/internal/recall"
	"github.com/inga-auth/inga/middleware"
)

// Identify fills in the identity that an access token proves, as it is now, and returns the thumbprint of
// the key that must be proved with it, or "" for none.
func (e *Engine) Identify(ctx context.Context, token string, id *middleware.Identity) (key string, err error) {
	if sid, ok := unverifiedID(token); ok {
		if n, entry := e.recall(sid, token); n != nil {
			n.identity(entry, id)
			return n.needs(id), nil
		}
	}
	c, err := e.Verify(token)
	if err != nil {
		return "", err
	}
	s, u, err := e.FindAccess(ctx, c)
	if err != nil {
		return "", err
	}
	n := note{
		claims: string(c.Raw), generation: c.Generation, granted: c.Kind != "", key: c.JKT,
		authAt: c.authenticatedAt(), expires: c.ExpiresAt.Time, until: c.ExpiresAt.Add(e.Leeway),
	}
	e.identify(ctx, token, &s, &u, id, n)
	return n.needs(id), nil
}

// IdentifyRefresh fills in the identity that a refresh token proves, given as text and parsed,
// with the claims that an access token would have now. It replaces nothing.
func (e *Engine) IdentifyRefresh(ctx context.Context, text string, rt RefreshToken, id *middleware.Identity) error {
	n, entry := e.recall(recall.ID([]byte(rt.SessionID)), text)
	if n != nil && entry.Session.Refresh().Generation == rt.Generation { // the verdict holds for the current one
		n.identity(entry, id)
		return nil
	}
	s, u, err := e.FindRefresh(ctx, rt)
	if err != nil {
		return err
	}
	custom, err := e.custom(ctx, u)
	if err != nil {
		return err
	}
	payload, until, err := e.compose(time.Now(), &s, "", rt.Generation, custom)
	if err != nil {
		return err
	}
	e.identify(ctx, text, &s, &u, id, note{claims: string(payload), generation: rt.Generation, expires: s.AbsoluteDeadline, until: until})
	return nil
}

// identify fills in the identity of a token that proved the session, and remembers it.
func (e *Engine) identify(ctx context.Context, token string, s *backends.Session, u *backends.User, id *middleware.Identity, n note) {
	e.Sessions.MarkSeen(ctx, s, n.generation)
	*id = e.Sessions.Identity(s, u)
	n.limit(id)
	// Not of a session in which another user acts: that it is live is not in its row alone.
	if e.recaller != nil && s.Actor == (backends.Actor{}) {
		e.remember(token, s, n)
	}
}

// A note is what is remembered of a token that was verified. Others may share the store, with
// keys of their own and for another audience, so it says who verified it.
type note struct {
	by         *Engine
	claims     string    // as JSON
	generation int64     // of the refresh token that it is, or that came with it
	key        string    // the thumbprint of the key that it is bound to; "" if it names none
	granted    bool      // whether another credential got it; see Grant
	authAt     time.Time // when the user authenticated for it; zero if it does not say
	expires    time.Time // when the identity does
	until      time.Time // when the note is void
}

// noteSize is about what a note takes besides the claims, in bytes.
const noteSize = 184

// limit adds the claims to the identity of a session, lets it end with its token, and corrects
// the time of authentication if the session was read before its user authenticated again; see
// package cache.
func (n *note) limit(id *middleware.Identity) {
	id.Claims = n.claims
	if n.expires.Before(id.ExpiresAt) {
		id.ExpiresAt = n.expires
	}
	newer := n.authAt.After(id.AuthTime)
	if newer {
		id.AuthTime = n.authAt
	}
	if n.key != "" && (newer || n.granted) {
		id.Binding = middleware.Binding{Thumbprint: n.key, BoundAt: id.AuthTime}
	}
}

// needs is Claims.Needs for a token that was verified, and the identity that it has.
func (n *note) needs(id *middleware.Identity) string {
	if n.granted {
		return n.key
	}
	return id.Binding.Thumbprint
}

func (n *note) identity(entry *recall.Entry, id *middleware.Identity) {
	identity.Recall(id, entry, n.by.Method)
	n.limit(id)
}

func (e *Engine) remember(token string, s *backends.Session, n note) {
	n.by = e
	e.recaller.Remember(recall.ID([]byte(s.ID)), s.AuthenticatedAt, digest(token), &n, noteSize+len(n.claims))
}

// recall returns what is remembered of a token, with its session, or nil. It is remembered by a
// hash of the whole text, so that another spelling is another token.
func (e *Engine) recall(sid recall.ID, token string) (*note, *recall.Entry) {
	if e.recaller == nil || len(token) > jose.MaxToken {
		return nil, nil
	}
	now := time.Now()
	v, entry, ok := e.recaller.Recall(now, sid, digest(token))
	n, _ := v.(*note)
	if !ok || n == nil || n.by != e || !now.Before(n.until) {
		return nil, nil
	}
	if entry.Session.Refresh().Unseen(n.generation) {
		return nil, nil // the store is to record it; see session.Method.MarkSeen
	}
	return n, entry
}

// digest hashes most tokens on the stack.
func digest(token string) recall.Digest {
	if buf := [1024]byte{}; len(token) <= len(buf) {
		return sha256.Sum256(buf[:copy(buf[:], token)])
	}
	return sha256.Sum256([]byte(token))
}

// Plausible reports whether text has the form of a token of ours, without looking at what
// authenticates it.
func Plausible(text string) bool {
	_, ok := unverifiedID(text)
	return ok || IsRefresh(text)
}

// Seems reports whether a token of ours seems to belong to the session with the ID, without
// looking at the signature.
func Seems(token, sessionID string) bool {
	id, ok := unverifiedID(token)
	return ok && string(id[:]) == sessionID
}

// unverifiedID returns the session's ID that a token of ours seems to hold, without looking at
// the signature. It is good for finding what is known of the token, and for nothing else.
func unverifiedID(token string) (id recall.ID, ok bool) {
	const raw = (sidFrom + len(id) + 2) / 3 * 3
	var digits [raw / 3 * 4]byte
	var payload [raw]byte
	from := strings.IndexByte(token, '.') + 1
	if from == 0 || len(token) < from+len(digits) {
		return id, false
	}
	copy(digits[:], token[from:])
	if _, err := base64.RawURLEncoding.Decode(payload[:], digits[:]); err != nil {
		return id, false
	}
	copy(id[:], payload[sidFrom:])
	return id, string(payload[:sidFrom]) == `{"sid":"`
}
