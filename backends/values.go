package backends

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/inga-auth/inga/internal/text"
)

// Values remembers small values for a session. It is an optional contract of a [Store].
//
// Each key is written by itself and at once, so that two requests of one session do not lose
// each other's writes. Values end with their session. All methods return an error that wraps
// [ErrNotLive] if there is no such live session.
type Values interface {
	// SetValue stores the value under the key, replacing what was there. Error:
	// ErrInvalidArgument; see [ValidValue].
	SetValue(ctx context.Context, now time.Time, id, key string, value []byte) error

	// Value returns the value under the key, or [ErrNoValue].
	Value(ctx context.Context, now time.Time, id, key string) ([]byte, error)

	// TakeValue is Value, and removes it. Of simultaneous calls one gets the value.
	TakeValue(ctx context.Context, now time.Time, id, key string) ([]byte, error)
}

// ErrNoValue: nothing is stored under that key.
var ErrNoValue = errors.New("backends: no value")

// MaxValue is the length in bytes of the longest value.
const MaxValue = 4096

// ValidKey reports whether s can be the key of a value: a [ValidText] of at most 64 bytes.
func ValidKey(s string) bool { return text.Valid(s, maxWord) }

// A ValueKey is the name of a value and says what type it has:
//
//	const notice backends.ValueKey[string] = "notice"
//
//	err := notice.Set(ctx, store, id.SessionID, "Saved.")
//	text, ok, err := notice.Take(ctx, store, id.SessionID)
//
// Values are stored as JSON. A stored value that cannot be decoded, because the type has
// changed since, counts as absent.
type ValueKey[T any] string

// Set stores v for the session. It returns the errors of [Values].SetValue: ErrInvalidArgument
// also if v cannot be encoded.
func (k ValueKey[T]) Set(ctx context.Context, s Values, sessionID string, v T) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%w: value of %q: %w", ErrInvalidArgument, string(k), err)
	}
	return s.SetValue(ctx, time.Now(), sessionID, string(k), raw)
}

// Get returns the value of the session, and false if there is none.
func (k ValueKey[T]) Get(ctx context.Context, s Values, sessionID string) (v T, ok bool, err error) {
	return k.decode(s.Value(ctx, time.Now(), sessionID, string(k)))
}

// Take is Get, and removes the value: for a notice that is shown once. Of simultaneous calls
// one gets it.
func (k ValueKey[T]) Take(ctx context.Context, s Values, sessionID string) (v T, ok bool, err error) {
	return k.decode(s.TakeValue(ctx, time.Now(), sessionID, string(k)))
}

func (k ValueKey[T]) decode(raw []byte, err error) (v T, ok bool, _ error) {
	if errors.Is(err, ErrNoValue) {
		return v, false, nil
	}
	if err != nil {
		return v, false, err
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		var none T // Unmarshal may have filled a part of v
		return none, false, nil
	}
	return v, true, nil
}
