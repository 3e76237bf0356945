package site

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

// Events streams server-sent events: the name of the user, then the time once a second, and at
// the end why the session ended. Put EndWithSession in front of it.
func Events(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	id, _ := middleware.FromContext(ctx)
	control := http.NewResponseController(w)
	// The server's timeouts are for short responses. This fails if a middleware has wrapped the
	// writer without an Unwrap method.
	if err := errors.Join(control.SetReadDeadline(time.Time{}), control.SetWriteDeadline(time.Time{})); err != nil {
		Problem(w, r, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	err := send(w, control, "hello", id.Subject)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for err == nil {
		select {
		case now := <-tick.C:
			err = send(w, control, "time", now.UTC().Format(time.TimeOnly))
		case <-ctx.Done():
			_ = send(w, control, "bye", ending(ctx))
			return
		}
	}
}

func send(w http.ResponseWriter, control *http.ResponseController, event, data string) error {
	_, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, data)
	return errors.Join(err, control.Flush())
}

// ending says why ctx has ended, in words that any client may see.
func ending(ctx context.Context) string {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, middleware.ErrSessionExpired):
		return "session expired"
	case errors.Is(cause, middleware.ErrInvalidCredentials):
		return "session ended"
	default:
		return "server stopped"
	}
}

// Echo sends back each message of a WebSocket until the session ends. Put EndWithSession in
// front of it.
func Echo(w http.ResponseWriter, r *http.Request) {
	// Scripts send their token beside this subprotocol; see jwtauth.WebSocket. On an error,
	// Accept has responded already.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{jwtauth.Subprotocol}})
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	// If the context of a Read ends, the connection closes without a close frame. So Read gets a
	// context that does not end, and the reason is sent from here.
	ctx := context.WithoutCancel(r.Context())
	stop := context.AfterFunc(r.Context(), func() {
		_ = conn.Close(websocket.StatusPolicyViolation, ending(r.Context()))
	})
	defer stop()
	for {
		kind, message, err := conn.Read(ctx)
		if err != nil {
			return
		}
		if err := conn.Write(ctx, kind, message); err != nil {
			return
		}
	}
}
