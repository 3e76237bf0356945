package jwtauth

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/internal/tokens"
	"github.com/inga-auth/inga/middleware"
)

// Subprotocol is the WebSocket subprotocol that announces a token; see [WebSocket].
const Subprotocol = "inga.bearer"

// WebSocket returns an authenticator for WebSocket handshakes from scripts, which cannot set an
// Authorization header. They offer the token as a subprotocol, right after inga.bearer. Others
// may come before and after the two:
//
//	new WebSocket(url, ["graphql-transport-ws", "inga.bearer", token])
//
// The server must select inga.bearer or another one that was offered, and never the token.
//
// It does not renew: a handshake has no response in which a script could receive another token.
//
// A token that a script sends on purpose is not ambient, so its origin is not checked. A query
// parameter is not looked at: queries are logged.
func WebSocket(t *Tokens) middleware.Authenticator { return &webSocket{t.Engine()} }

type webSocket struct{ engine *tokens.Engine }

var (
	_ middleware.Authenticator  = (*webSocket)(nil)
	_ middleware.Challenger     = (*webSocket)(nil)
	_ middleware.SessionWatcher = (*webSocket)(nil)
)

// Challenge implements [middleware.Challenger].
func (ws *webSocket) Challenge(r *http.Request, d middleware.Denial) string {
	return bearer.Challenge(r, d)
}

// WatchSession implements [middleware.SessionWatcher].
func (ws *webSocket) WatchSession(id middleware.Identity, end func(cause error)) (stop func()) {
	return ws.engine.Sessions.WatchSession(id, end)
}

func (ws *webSocket) Authenticate(r *http.Request) (id middleware.Identity, err error) {
	if err := ws.engine.Made(); err != nil {
		return id, err
	}
	token, err := protocolToken(r)
	if err != nil {
		return id, err
	}
	err = ws.engine.Identify(r.Context(), token, &id)
	return id, err
}

func protocolToken(r *http.Request) (string, error) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return "", middleware.ErrNoCredentials
	}
	offered := protocols(r)
	i := slices.Index(offered, Subprotocol)
	switch {
	case i < 0:
		return "", middleware.ErrNoCredentials
	case i+1 == len(offered), slices.Contains(offered[i+1:], Subprotocol):
		return "", fmt.Errorf("%w: want one token after the subprotocol inga.bearer", middleware.ErrMalformedRequest)
	}
	return offered[i+1], nil
}

// protocols returns the subprotocols that r offers. The header is a list, which may be on
// several lines and have empty elements (RFC 9110, section 5.6.1).
func protocols(r *http.Request) (all []string) {
	for _, line := range r.Header.Values("Sec-WebSocket-Protocol") {
		for item := range strings.SplitSeq(line, ",") {
			if item = strings.Trim(item, " \t"); item != "" {
				all = append(all, item)
			}
		}
	}
	return all
}
