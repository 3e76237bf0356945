package link

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// A Token is what makes a URL a link. It prints as a fixed word.
type Token struct {
	text func() string // a function, because package fmt would print a text in an unexported field
}

// Text returns the token, of letters, digits, - and _. It belongs into the mail and nowhere
// else. That of the zero Token is empty.
func (t Token) Text() string {
	if t.text == nil {
		return ""
	}
	return t.text()
}

// Format implements [fmt.Formatter], so that no verb prints the token.
func (t Token) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue implements [slog.LogValuer].
func (t Token) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText keeps the token out of JSON and other encodings.
func (t Token) MarshalText() ([]byte, error) { return []byte(redacted), nil }

const redacted = "[link]"

// maxValue is how long the value of a link may be, in bytes.
const maxValue = 512

// content is what a token holds.
type content struct {
	UserID  string `json:"u"`
	Version int64  `json:"n"`
	Value   []byte `json:"v,omitempty"` // in base64, so that no character takes six bytes
}

// Make returns a link for the user as they are now, by their ID and Version. value comes back when the
// link is opened; it may be empty, and has at most 512 bytes: the address to verify, for example. It
// stores nothing. Error: [middleware.ErrInvalidArgument].
func (l *Links) Make(u backends.User, value string) (Token, error) {
	if l == nil || l.box == nil {
		return Token{}, errNotMade
	}
	if !backends.ValidText(u.ID) || u.Version == 0 || len(value) > maxValue {
		return Token{}, fmt.Errorf("%w: link: user %.40q of version %d, value of %d bytes; want the ID and the version of a user, and at most %d", middleware.ErrInvalidArgument, u.ID, u.Version, len(value), maxValue)
	}
	plain, err := json.Marshal(content{u.ID, u.Version, []byte(value)})
	if err != nil {
		return Token{}, fmt.Errorf("%w: link: %w", middleware.ErrInvalidArgument, err)
	}
	text, err := l.box.Seal("", time.Now().Add(l.maxAge), plain)
	if err != nil {
		return Token{}, fmt.Errorf("%w: link: %w", middleware.ErrInvalidArgument, err)
	}
	return Token{func() string { return text }}, nil
}
