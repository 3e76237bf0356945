package browser

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/inga-auth/inga/middleware"
)

// Origins decides which pages may make a browser send unsafe requests with a cookie: those of
// our own origin, and those of trusted origins. It must not be copied.
type Origins struct{ protection http.CrossOriginProtection }

// Trust adds trusted origins, and returns what is wrong with them. Each error begins with
// prefix and the index.
func (o *Origins) Trust(prefix string, origins []string) []error {
	var errs []error
	for i, origin := range origins {
		if err := o.protection.AddTrustedOrigin(origin); err != nil {
			errs = append(errs, fmt.Errorf("%s[%d]: %w", prefix, i, err))
		}
	}
	return errs
}

// Check returns [middleware.ErrCrossOrigin] for unsafe requests from other origins, and for
// their WebSocket handshakes, which are GET requests and yet open a channel to write to.
func (o *Origins) Check(r *http.Request) error {
	if isWebSocket(r) {
		as := *r // a copy: the request is not ours to change
		as.Method = http.MethodPost
		r = &as
	}
	if err := o.protection.Check(r); err != nil {
		return fmt.Errorf("%w: %w", middleware.ErrCrossOrigin, err)
	}
	return nil
}

func isWebSocket(r *http.Request) bool {
	// RFC 8441: over HTTP/2 the handshake is a CONNECT, which is not a safe method anyway.
	upgrade := r.Header["Upgrade"]
	return len(upgrade) > 0 && strings.EqualFold(upgrade[0], "websocket")
}

// Challenge returns the challenge for a request without a good cookie. A 401 must carry one (RFC
// 9110, section 15.5.2); this one does not make browsers ask for a password.
func Challenge(d middleware.Denial) string {
	if d.Status == http.StatusUnauthorized {
		return fmt.Sprintf("Cookie realm=%q", d.Realm)
	}
	return ""
}

// Unsafe returns an error if r has a safe method (RFC 9110, section 9.2.1): following a link
// logs no one in or out.
func Unsafe(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return fmt.Errorf("%w: a session cannot change with %s", middleware.ErrMalformedRequest, r.Method)
	}
	return nil
}

// CheckUnsafe is [Unsafe] and then Check.
func (o *Origins) CheckUnsafe(r *http.Request) error {
	if err := Unsafe(r); err != nil {
		return err
	}
	return o.Check(r)
}
