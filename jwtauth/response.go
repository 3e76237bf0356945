package jwtauth

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/tokens"
	"github.com/inga-auth/inga/jwtauth/dpop"
)

// A Response is the response to a login or refresh: RFC 6749, section 5.1. Printed, logged or
// encoded, alone or in another value, it only names its session: [Response.Write] alone writes
// the tokens. A part of a larger JSON object needs a type of its own, which has no methods: type
// tokenBody jwtauth.Response. Encoding/json decodes the tokens, for clients.
type Response struct {
	AccessToken string `json:"access_token"` // a JWT
	TokenType   string `json:"token_type"`   // "Bearer", or "DPoP" for tokens that are bound to a key
	ExpiresIn   int64  `json:"expires_in"`   // seconds, when it was issued

	// RefreshToken is empty if Config.RefreshKeys is.
	RefreshToken string `json:"refresh_token,omitempty"`

	// Session is the one that the tokens name.
	Session backends.Session `json:"-"`

	nonce string // for the next proof of the client
}

func (t *Tokens) response(issued tokens.Issued, err error) (Response, error) {
	if err != nil {
		return Response{}, err
	}
	resp := Response{issued.Access, "Bearer", issued.ExpiresIn, issued.Refresh, issued.Session, ""}
	if issued.Key != "" {
		resp.TokenType, resp.nonce = "DPoP", t.proofs.Nonce()
	}
	return resp, nil
}

// Write responds with the tokens as JSON, which caches may not store.
func (resp Response) Write(w http.ResponseWriter) {
	type shown Response // without MarshalText
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if resp.nonce != "" {
		w.Header().Set(dpop.NonceHeader, resp.nonce)
	}
	_ = json.NewEncoder(w).Encode(shown(resp)) // an error means that the client has gone
}

// MarshalText keeps the tokens out of JSON and other encodings, as [slog.JSONHandler] uses for
// parts of a value.
func (resp Response) MarshalText() ([]byte, error) {
	return []byte("[tokens of session " + resp.Session.ID + "]"), nil
}

// Format implements [fmt.Formatter], so that no verb prints a token.
func (resp Response) Format(f fmt.State, _ rune) {
	text, _ := resp.MarshalText()
	_, _ = f.Write(text)
}

// LogValue implements [slog.LogValuer].
func (resp Response) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(resp)) }
