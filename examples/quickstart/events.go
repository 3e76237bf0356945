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

// events streams the notes as server-sent events, after one with the identity of the user.
//
// A guard checks a request when it begins, and a stream goes on after that. EndWithSession, in
// front, cancels the context when the session ends; the last event then says why.
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
		case <-a.board.closed: // the server stops
			return
		}
	}
}

// writeWithin is how long a client may take to receive an event.
const writeWithin = 10 * time.Second

// A stream is a response of server-sent events.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

func newStream(w http.ResponseWriter) stream {
	// The server's timeouts are for short responses. inga does not wrap the ResponseWriter, so the
	// controller reaches the server's own.
	s := stream{w, http.NewResponseController(w)}
	_ = s.control.SetReadDeadline(time.Time{})
	w.Header().Set("Content-Type", "text/event-stream")
	return s
}

// send writes one event. JSON has no line breaks, so data is one line.
func (s stream) send(name string, data any) error {
	line, err := json.Marshal(data)
	if err != nil {
		return err
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(writeWithin))
	_, err = fmt.Fprintf(s.w, "event: %s\nretry: 1000\ndata: %s\n\n", name, line)
	return errors.Join(err, s.control.Flush())
}
