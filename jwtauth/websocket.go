package jwtauth

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/middleware"
)

// Subprotocol is the WebSocket subprotocol that announces a token, and SubprotocolDPoP one that announces
// a token and a proof; see [WebSocket].
const (
	Subprotocol     = "inga.bearer"
	SubprotocolDPoP = "inga.dpop"
)

// WebSocket returns an authenticator for WebSocket handshakes from scripts, which cannot set an
// Authorization header. They offer the token as a subprotocol, right after inga.bearer. Others
// may come before and after the two:
//
//	new WebSocket(url, ["graphql-transport-ws", "inga.bearer", token])
//
// A token that is bound to a key comes with its proof (package dpop), for a GET of the URL with https in
// place of wss:
//
//	new WebSocket(url, ["inga.dpop", token, proof])
//
// The server must select inga.bearer, inga.dpop or another one that was offered, and never the token.
//
// It does not renew: a handshake has no response in which a script could receive another token.
//
// A token that a script sends on purpose is not ambient, so its origin is not checked. A query
// parameter is not looked at: queries are logged.
func WebSocket(t *Tokens) middleware.Authenticator { return &webSocket{t} }

type webSocket struct{ tokens *Tokens }

var (
	_ middleware.Authenticator  = (*webSocket)(nil)
	_ middleware.Challenger     = (*webSocket)(nil)
	_ middleware.SessionWatcher = (*webSocket)(nil)
)

// Challenge implements [middleware.Challenger].
func (ws *webSocket) Challenge(r *http.Request, d middleware.Denial) string {
	return ws.tokens.Challenge(r, d)
}

// WatchSession implements [middleware.SessionWatcher].
func (ws *webSocket) WatchSession(id middleware.Identity, end func(cause error)) (stop func()) {
	return ws.tokens.WatchSession(id, end)
}

func (ws *webSocket) Authenticate(r *http.Request) (id middleware.Identity, err error) {
	if err := ws.tokens.Engine().Made(); err != nil {
		return id, err
	}
	credential, err := protocolCredential(r)
	if err != nil {
		return id, err
	}
	// As the headers of a client that can set them.
	asHeaders := *r
	asHeaders.Header = http.Header{}
	asHeaders.Header.Set("User-Agent", r.UserAgent()) // for events
	scheme := bearer.Bearer
	if len(credential) == 2 {
		scheme = bearer.DPoP
		asHeaders.Header.Set("DPoP", credential[1])
	}
	return ws.tokens.authenticate(&asHeaders, credential[0], scheme)
}

// protocolCredential returns the token that r offers as a subprotocol, and the proof if there is one.
func protocolCredential(r *http.Request) ([]string, error) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return nil, middleware.ErrNoCredentials
	}
	offered := protocols(r)
	announces := func(name string) bool { return name == Subprotocol || name == SubprotocolDPoP }
	i := slices.IndexFunc(offered, announces)
	if i < 0 {
		return nil, middleware.ErrNoCredentials
	}
	n := 1
	if offered[i] == SubprotocolDPoP {
		n = 2
	}
	rest := offered[i+1:]
	if len(rest) < n || slices.ContainsFunc(rest, announces) {
		return nil, fmt.Errorf("%w: want one token after the subprotocol inga.bearer, or a token and a proof after inga.dpop", middleware.ErrMalformedRequest)
	}
	return rest[:n], nil
}

// protocols returns the subprotocols that r offers. The header is a list, which may be on
// several lines and have empty elements (RFC 9110, section 5.6.1).
func protocols(r *http.Request) (all []string) {
	for item := range strings.SplitSeq(strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","), ",") {
		if item = strings.Trim(item, " \t"); item != "" {
			all = append(all, item)
		}
	}
	return all
}
