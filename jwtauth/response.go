package jwtauth

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/tokens"
)

// A Response is the response to a login or refresh: RFC 6749, section 5.1. encoding/json makes
// the body of it, with the tokens. Printed and logged it only names the session; but as a part of
// another value, a slice for example, [slog.JSONHandler] logs it by encoding/json.
type Response struct {
	AccessToken string `json:"access_token"` // a JWT
	TokenType   string `json:"token_type"`   // "Bearer"
	ExpiresIn   int64  `json:"expires_in"`   // seconds, when it was issued

	// RefreshToken is empty if Config.RefreshKeys is.
	RefreshToken string `json:"refresh_token,omitempty"`

	// Session is the one that the tokens name.
	Session backends.Session `json:"-"`
}

func response(issued tokens.Issued, err error) (Response, error) {
	if err != nil {
		return Response{}, err
	}
	return Response{
		AccessToken:  issued.Access.Token,
		TokenType:    "Bearer",
		ExpiresIn:    issued.Access.ExpiresIn,
		RefreshToken: issued.Refresh,
		Session:      issued.Session,
	}, nil
}

// Write responds with the tokens as JSON, which caches may not store.
func (resp Response) Write(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(resp) // an error means that the client has gone
}

// String names the session.
func (resp Response) String() string { return "[tokens of session " + resp.Session.ID + "]" }

// Format implements [fmt.Formatter], so that no verb prints a token.
func (resp Response) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(resp.String())) }

// LogValue implements [slog.LogValuer].
func (resp Response) LogValue() slog.Value { return slog.StringValue(resp.String()) }
