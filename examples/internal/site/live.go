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

// Events streams server-sent events: one that says whose stream it is, one each second, and
// one that says why it ends when the session does. EndWithSession belongs in front of it.
func Events(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	id, _ := middleware.FromContext(ctx)
	control := http.NewResponseController(w)
	// The server's timeouts are for short answers. A writer that cannot do this was wrapped by
	// somebody who did not think of it.
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

// ending says why ctx has ended, and nothing that the client should not know.
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

// Echo sends back what comes through a WebSocket, until the session ends. EndWithSession
// belongs in front of it.
func Echo(w http.ResponseWriter, r *http.Request) {
	// The subprotocol is for scripts, which send their token in its place; see
	// jwtauth.Tokens.WebSocket. Accept has answered if there is an error.
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{jwtauth.Subprotocol}})
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	// A context that ends while Read waits closes the connection without a word. So Read gets
	// one that does not end, and the reason is sent from here.
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
