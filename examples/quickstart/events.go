package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// events streams the notes as server-sent events, after one that says whose stream it is.
//
// A guard checks a request when it begins, and a stream outlives that. EndWithSession, in
// front, cancels the context when the session ends; then the stream says goodbye, with the
// reason, and is over.
func (a *app) events(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	id, _ := middleware.FromContext(ctx)
	notes, leave := a.board.listen()
	defer leave()
	s := newStream(w)
	err := s.send("session", id)
	for err == nil {
		select {
		case n := <-notes:
			err = s.send("note", n)
		case <-ctx.Done():
			if e, ok := endingOf(context.Cause(ctx)); ok {
				_ = s.send("ended", e)
			}
			return
		case <-a.board.closed: // the server stops: see server.go
			return
		}
	}
}

// writeWithin is how long a client may take to read an event.
const writeWithin = 10 * time.Second

// A stream is a response of server-sent events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func newStream(w http.ResponseWriter) stream {
	// The server's timeouts are made for short answers. The ResponseWriter is the server's
	// own, so all that it can do is there.
	s := stream{w, http.NewResponseController(w)}
	_ = s.control.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	return s
}

// send writes one event. JSON has no line breaks, so it is one line of data.
func (s stream) send(name string, data any) error {
	line, err := json.Marshal(data)
	if err != nil {
		return err
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(writeWithin))
	_, err = fmt.Fprintf(s.w, "event: %s\nretry: 1000\ndata: %s\n\n", name, line)
	return errors.Join(err, s.control.Flush())
}
