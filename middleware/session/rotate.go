package session

import (
	"context"
	"fmt"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// Rotate presents generation n of the refresh token of the session with the ID and the secret,
// and returns the session as it is afterwards; see [backends.Rotator]. A token that was replaced
// long before ends the session and is [middleware.ErrSessionStolen]. The store must be a
// Rotator.
func (m *Method) Rotate(r *http.Request, id string, secret backends.Secret, n int64, g backends.Grace) (backends.Session, backends.User, error) {
	rotator, err := optional[backends.Rotator](m.sessions)
	if err != nil {
		return backends.Session{}, backends.User{}, err
	}
	at := now()
	s, u, rotation, err := rotator.Rotate(r.Context(), at, id, secret.Hash(), n, g)
	if err != nil {
		return s, u, ended(&s, err)
	}
	switch rotation {
	case backends.Rotated:
		m.emit(r, at, middleware.EventRefreshed, &s, "")
	case backends.Replayed, backends.Recovered:
		m.emit(r, at, middleware.EventReplayed, &s, "")
	default:
		m.emit(r, at, middleware.EventTheft, &s, string(backends.ReasonTheft))
		return s, u, fmt.Errorf("%w: refresh token had been replaced long before", middleware.ErrSessionStolen)
	}
	return s, u, nil
}

// MarkSeen records that a credential issued with generation n of the refresh token of s, which
// was just found, is in use. It asks the store only for the first such credential. A failure is
// not reported: the next request tries again, and until then a retry with the previous refresh
// token is answered for longer.
func (m *Method) MarkSeen(ctx context.Context, s *backends.Session, n int64) {
	if rotator, ok := m.sessions.store.(backends.Rotator); ok && s.Refresh.Unseen(n) {
		_ = rotator.MarkSeen(ctx, now(), s.ID, n)
	}
}
