package backends

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Values is the optional contract of a backend that remembers small values for a session.
//
// Each key is written by itself and at once, so that two requests of one session lose
// nothing of each other. The values are as mortal as their session: once that has ended they
// cannot be read, and they are removed with its row.
//
// All methods return an error that wraps [ErrNotLive] if there is no such session, or none
// any more.
type Values interface {
	// SetValue remembers the value under the key, in place of what was there. An error that
	// is none of ours says that the key is not [ValidKey], or the value longer than [MaxValue].
	SetValue(ctx context.Context, now time.Time, id, key string, value []byte) error

	// Value returns what is remembered under the key, or [ErrNoValue].
	Value(ctx context.Context, now time.Time, id, key string) ([]byte, error)

	// TakeValue is Value, and forgets it. Of simultaneous calls one gets the value.
	TakeValue(ctx context.Context, now time.Time, id, key string) ([]byte, error)
}

// ErrNoValue: nothing is remembered under that key.
var ErrNoValue = errors.New("backends: no value")

// MaxValue is the length in bytes of the longest value. What is larger belongs into a table
// of the application.
const MaxValue = 4096

const maxKeyText = 64 // bytes

// ValidKey reports whether s can be a key: a [ValidText] of at most 64 bytes.
func ValidKey(s string) bool { return len(s) <= maxKeyText && ValidText(s) }

// CheckValue returns an error if a store must refuse the value, or its key.
func CheckValue(key string, value []byte) error {
	if !ValidKey(key) {
		return fmt.Errorf("backends: key of a value is %.80q, want 1 to %d bytes of UTF-8 without control characters", key, maxKeyText)
	}
	if len(value) > MaxValue {
		return fmt.Errorf("backends: value of %q has %d bytes, want at most %d", key, len(value), MaxValue)
	}
	return nil
}

// A Key is the name of a value, and says of what type it is:
//
//	const notice backends.Key[string] = "notice"
//
//	err := notice.Set(ctx, store, id.SessionID, "Saved.")
//	text, ok, err := notice.Take(ctx, store, id.SessionID)
//
// Values are kept as JSON. What cannot be decoded, because the type has changed since, is
// absent.
type Key[T any] string

// Set remembers v for the session.
func (k Key[T]) Set(ctx context.Context, s Values, sessionID string, v T) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("backends: value of %q: %w", string(k), err)
	}
	return s.SetValue(ctx, time.Now(), sessionID, string(k), raw)
}

// Get returns what is remembered for the session, and false if there is nothing.
func (k Key[T]) Get(ctx context.Context, s Values, sessionID string) (v T, ok bool, err error) {
	return k.decode(s.Value(ctx, time.Now(), sessionID, string(k)))
}

// Take is Get, and forgets the value: a notice that is to be shown once. Of simultaneous
// calls one gets it.
func (k Key[T]) Take(ctx context.Context, s Values, sessionID string) (v T, ok bool, err error) {
	return k.decode(s.TakeValue(ctx, time.Now(), sessionID, string(k)))
}

func (k Key[T]) decode(raw []byte, err error) (v T, ok bool, _ error) {
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
