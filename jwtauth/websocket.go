package jwtauth

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/inga-auth/inga/middleware"
)

// Subprotocol is the WebSocket subprotocol that announces a token; see [Tokens.WebSocket].
const Subprotocol = "inga.bearer"

// WebSocket returns an authenticator for WebSocket handshakes from scripts, which cannot set
// an Authorization header: new WebSocket(url, ["inga.bearer", token]). The server must select
// the subprotocol inga.bearer, and never echo the token.
//
// It does not slide: there is no answer in which a handshake could bring another token.
//
// A token that a script sends on purpose is not ambient: its origin does not matter. A query
// parameter is not looked at: queries are logged.
func (t *Tokens) WebSocket() middleware.Authenticator { return &webSocket{t} }

type webSocket struct{ tokens *Tokens }

var (
	_ middleware.Authenticator = (*webSocket)(nil)
	_ middleware.Attendant     = (*webSocket)(nil)
)

// Attend implements [middleware.Attendant].
func (ws *webSocket) Attend(id middleware.Identity, end func(cause error)) (stop func()) {
	return ws.tokens.Attend(id, end)
}

func (ws *webSocket) Authenticate(r *http.Request) (middleware.Identity, error) {
	token, err := protocolToken(r)
	if err != nil {
		return middleware.Identity{}, err
	}
	return ws.tokens.identify(r.Context(), token, Method)
}

func protocolToken(r *http.Request) (string, error) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return "", middleware.ErrNoCredentials
	}
	var offered []string
	for _, line := range r.Header.Values("Sec-WebSocket-Protocol") {
		for item := range strings.SplitSeq(line, ",") {
			offered = append(offered, strings.TrimSpace(item))
		}
	}
	switch {
	case len(offered) == 0 || offered[0] != Subprotocol:
		return "", middleware.ErrNoCredentials
	case len(offered) != 2:
		return "", fmt.Errorf("%w: want inga.bearer and one token", middleware.ErrMalformedRequest)
	}
	return offered[1], nil
}
