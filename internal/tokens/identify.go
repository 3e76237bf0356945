package tokens

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/identity"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/internal/recall"
	"github.com/inga-auth/inga/middleware"
)

// Identify fills in the identity that an access token proves, as it is now.
func (e *Engine) Identify(ctx context.Context, token string, id *middleware.Identity) error {
	if e.Recall(token, id) {
		return nil
	}
	c, err := e.Verify(token)
	if err != nil {
		return err
	}
	s, u, err := e.FindAccess(ctx, c)
	if err != nil {
		return err
	}
	e.sessions.MarkSeen(ctx, &s, c.Generation)
	e.remember(token, c, &s)
	*id = e.sessions.Identity(&s, &u)
	id.Claims = string(c.Raw)
	limit(id, c, s.AuthenticatedAt)
	return nil
}

// IdentifyRefresh fills in the identity that a refresh token proves, given as text and parsed,
// with the claims that an access token would have now. It replaces nothing.
func (e *Engine) IdentifyRefresh(ctx context.Context, text string, rt RefreshToken, id *middleware.Identity) error {
	if e.recallRefresh(text, rt, id) {
		return nil
	}
	s, u, err := e.FindRefresh(ctx, rt)
	if err != nil {
		return err
	}
	custom, err := e.claimsFor(ctx, func() (backends.User, error) { return u, nil })
	if err != nil {
		return err
	}
	payload, expiresAt, err := e.compose(time.Now(), &s, rt.Generation, custom)
	if err != nil {
		return fmt.Errorf("%w: jwtauth: %w", middleware.ErrInvalidArgument, err)
	}
	e.sessions.MarkSeen(ctx, &s, rt.Generation)
	*id = e.sessions.Identity(&s, &u)
	id.Claims = string(payload)
	if e.recaller != nil {
		n := &refreshNote{e.Codec, id.Claims, expiresAt}
		e.recaller.Remember(recall.ID([]byte(s.ID)), s.AuthenticatedAt, digest(text), n, noteSize+len(n.text))
	}
	return nil
}

// limit lets the identity end with its token, and corrects the time of authentication if the
// session was read before its user authenticated again; see package cache.
func limit(id *middleware.Identity, c *Claims, authenticatedAt time.Time) {
	if expires := c.ExpiresAt.Time; expires.Before(id.ExpiresAt) {
		id.ExpiresAt = expires
	}
	if at := c.authenticatedAt(); at.After(authenticatedAt) {
		id.AuthTime = at
	}
}

// A note is what is remembered of a token that was verified. Others may share the store, with
// keys of their own and for another audience, so it says who verified it.
type note struct {
	by      *Codec
	claims  Claims
	text    string    // of the claims
	expires time.Time // with the leeway
}

// noteSize is about what a note takes besides the text, in bytes.
const noteSize = 400

// Recall fills in the identity that an access token proves, if the token was verified before and
// its session is cached. It is remembered by a hash of the whole text, so that another spelling
// is another token.
func (e *Engine) Recall(token string, id *middleware.Identity) bool {
	if e.recaller == nil || len(token) > jose.MaxToken {
		return false
	}
	sid, ok := unverifiedID(token)
	if !ok {
		return false
	}
	now := time.Now()
	v, entry, ok := e.recaller.Recall(now, sid, digest(token))
	n, _ := v.(*note)
	if !ok || n == nil || n.by != e.Codec || !now.Before(n.expires) {
		return false
	}
	if entry.Session.Refresh().Unseen(n.claims.Generation) {
		return false // the store is to record it; see session.Method.MarkSeen
	}
	identity.Recall(id, entry, e.method)
	id.Claims = n.text
	limit(id, &n.claims, entry.Session.AuthenticatedAt())
	return true
}

// A refreshNote is what is remembered of a refresh token that was accepted. Its verdict holds as
// long as the token is the current one.
type refreshNote struct {
	by      *Codec
	text    string    // of the claims
	expires time.Time // of the claims
}

func (e *Engine) recallRefresh(text string, rt RefreshToken, id *middleware.Identity) bool {
	if e.recaller == nil {
		return false
	}
	now := time.Now()
	v, entry, ok := e.recaller.Recall(now, recall.ID([]byte(rt.SessionID)), digest(text))
	n, _ := v.(*refreshNote)
	if !ok || n == nil || n.by != e.Codec || !now.Before(n.expires) {
		return false
	}
	if r := entry.Session.Refresh(); r.Generation != rt.Generation || r.Unseen(rt.Generation) {
		return false
	}
	identity.Recall(id, entry, e.method)
	id.Claims = n.text
	return true
}

func (e *Engine) remember(token string, c *Claims, s *backends.Session) {
	if e.recaller == nil {
		return
	}
	n := &note{by: e.Codec, claims: *c, text: string(c.Raw), expires: c.ExpiresAt.Add(e.config.Leeway)}
	n.claims.Raw = nil
	e.recaller.Remember(recall.ID([]byte(s.ID)), s.AuthenticatedAt, digest(token), n, noteSize+len(n.text))
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
