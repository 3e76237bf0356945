package jwtauth

import (
	"net/http"
	"time"

	"github.com/inga-auth/inga/internal/session"
)

// settles is how long a token is new at most: longer than a request is under way.
const settles = 5 * time.Second

// settling returns the tokens of r, as long as they are new.
//
// A tab may refresh just after another one was answered, while a request of a third is under
// way with the token of before. To replace the new one at once would make that two generations
// old, and that is theft: RT-6.
func (k *Cookies) settling(r *http.Request) (Response, bool) {
	access, refresh := one(r, k.access.Name), one(r, k.refresh.Name)
	c, err := k.tokens.verify(access)
	now := session.Now()
	if err != nil || now.Sub(c.IssuedAt.Time) >= min(k.tokens.ttl/3, settles) {
		return Response{}, false
	}
	rt, err := parseRefresh(refresh, k.tokens.refreshKeys)
	if err != nil || rt.sessionID != c.SessionID || rt.generation != c.Generation {
		return Response{}, false
	}
	row, _, err := k.tokens.find(r.Context(), now, c)
	if err != nil {
		return Response{}, false // whoever presents the refresh token is told why
	}
	k.tokens.markSeen(r.Context(), now, &row, c.Generation)
	return Response{
		AccessToken: access, TokenType: "Bearer", ExpiresIn: int64(c.ExpiresAt.Sub(now) / time.Second),
		RefreshToken: refresh, Session: row,
	}, true
}
