package sliding

import (
	"context"
	"net/http"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// Handler records requests as activity of their sessions, when that is due; see [Due]. It
// belongs inside a guard. A request without a session passes untouched.
//
// The session is extended and a renewed credential put into the response header before next
// runs: no ResponseWriter is wrapped, and next may stream, hijack or answer with any status.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, ok := middleware.FromContext(r.Context()); ok && Due(id.Session, time.Now()) && !isPassive(r) {
			r = middleware.Renew(w, r)
		}
		next.ServeHTTP(w, r)
	})
}

// Passive keeps requests to next from counting as activity, so that a page that polls, or an
// event stream that reconnects, does not keep an abandoned session alive. They are still
// authenticated.
//
// Passive goes around [Handler]: sliding.Passive(private(events)), where private is the chain of
// the guard and Handler. The other way round, as in private(sliding.Passive(events)), it has no
// effect: the request was recorded before Passive saw it.
func Passive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), passiveKey{}, true)))
	})
}

type passiveKey struct{}

func isPassive(r *http.Request) bool { return r.Context().Value(passiveKey{}) != nil }
