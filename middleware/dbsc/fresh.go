package dbsc

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/inga-auth/inga/internal/bound"
	"github.com/inga-auth/inga/middleware"
)

// minFresh is longer than a browser takes to prove a key and to follow a redirect.
const minFresh = 10 * time.Second

// Fresh returns middleware for sensitive routes, to be put inside a guard: a bound session passes if its
// key was proved within the time. If it was longer ago, the browser is sent to the same address again
// (307, which keeps the method and the body) without its bound cookie, and proves the key on the way. A
// copy of the cookies passes for so long only. Sessions that are not bound pass: middleware.Bound refuses
// them. A request with a token passes if it proves the key of a bound session, and gets 401 otherwise.
//
// Each time costs one of the six proofs that a browser makes in nine minutes. The time is at least 10
// seconds.
func (h *Handler) Fresh(within time.Duration) (func(http.Handler) http.Handler, error) {
	if h == nil || h.binder == nil {
		return nil, errors.New("dbsc: Fresh: this Handler is not from New")
	}
	if within < minFresh {
		return nil, fmt.Errorf("dbsc: Fresh: the time is %v, want at least %v", within, minFresh)
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, _ := middleware.FromContext(r.Context())
			l := bound.Login{SessionID: id.SessionID, At: id.AuthTime}
			byToken := id.Method != h.method
			switch {
			case id.Binding.Thumbprint == "",
				byToken && id.Binding.Proved, // by a proof that was made for this request
				!byToken && h.binder.ProvedSince(r, l, id.Binding.Thumbprint, time.Now().Add(-within)):
				next.ServeHTTP(w, r)
			case byToken: // whose client has no bound cookie to replace
				middleware.Refuse(w, r, middleware.ErrUnproved)
			default:
				h.again(w, r, l)
			}
		})
	}, nil
}

// again sends the browser to the same address without the bound cookie.
func (h *Handler) again(w http.ResponseWriter, r *http.Request, l bound.Login) {
	target := r.URL.RequestURI()
	if strings.HasPrefix(r.RequestURI, "/") { // which http.StripPrefix leaves alone
		target = r.RequestURI
	}
	if middleware.LocalPath(target) != target {
		middleware.Refuse(w, r, middleware.ErrUnproved)
		return
	}
	h.binder.Drop(w.Header(), l)
	http.Redirect(w, r, target, http.StatusTemporaryRedirect)
}
