package middleware

import (
	"context"
	"time"
)

// An Event is something that an audit trail wants to know. It holds no secret, and its texts
// no control characters.
type Event struct {
	Type      EventType
	Time      time.Time
	Subject   string
	SessionID string
}

// An EventType says what happened.
type EventType string

// The events of refresh tokens.
const (
	// EventRefreshed: a refresh token was replaced by its successor.
	EventRefreshed EventType = "refreshed"
	// EventReplayed: one that had just been replaced came again, and got the same successor.
	EventReplayed EventType = "replayed"
	// EventTheft: one came that had been replaced long before. The session has been ended.
	EventTheft EventType = "theft"
)

// An EventHook is told of events. It is called in the request, before the answer: it must be
// quick, and may be called concurrently.
type EventHook func(ctx context.Context, e Event)
