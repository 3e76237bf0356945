package jwtauth

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/inga-auth/inga/backends"
)

// A Response is the answer to a login: RFC 6749, section 5.1. Encoding/json makes the body
// of it, with the tokens; printed and logged it names the session only.
type Response struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"` // "Bearer"
	ExpiresIn   int64  `json:"expires_in"` // seconds from now

	// RefreshToken is empty if Config.RefreshKeys is.
	RefreshToken string `json:"refresh_token,omitempty"`

	// Session is the one that the tokens name.
	Session backends.Session `json:"-"`
}

// Write answers with the response as JSON, not to be stored by caches.
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
