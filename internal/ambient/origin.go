package ambient

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/inga-auth/inga/middleware"
)

// Origins says which pages may make a browser send unsafe requests with a cookie: those of
// our own origin, and those of the origins that are trusted. It must not be copied.
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

// Check returns [middleware.ErrCrossOrigin] for unsafe requests of other origins, and for
// WebSocket handshakes, which are GET requests and yet open a channel to write to.
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
