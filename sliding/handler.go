package sliding

import (
	"context"
	"net/http"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// Handler counts a request as activity of the session behind it, if that is due, before it
// passes the request on. It belongs inside a guard; a request without an identity, or with
// one that has no session, passes untouched.
//
// The session is extended and the renewed credential put into the header before next runs,
// so the ResponseWriter is not wrapped, and next may stream, hijack or answer with any
// status.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, ok := middleware.FromContext(r.Context()); ok && !isPassive(r) {
			if until, due := Due(id.Session, time.Now()); due {
				r = middleware.Renew(w, r, until)
			}
		}
		next.ServeHTTP(w, r)
	})
}

// Passive marks the requests to next as no activity: a page that polls, or an event stream
// that reconnects, then does not keep a session alive whose user has gone. They are
// authenticated all the same.
//
// The mark is seen by a [Handler] inside: sliding.Passive(private(events)), where private
// is the chain of the guard and the Handler. Between the Handler and next it comes too late,
// as in private(sliding.Passive(events)): the request has been counted by then.
func Passive(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), passiveKey{}, true)))
	})
}

type passiveKey struct{}

func isPassive(r *http.Request) bool { return r.Context().Value(passiveKey{}) != nil }
