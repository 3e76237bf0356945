package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

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

// send writes one event, with the ID unless it is 0. JSON has no line breaks, so data is one line.
func (s stream) send(name string, id int, data any) error {
	line, err := json.Marshal(data)
	if err != nil {
		return err
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(writeWithin))
	if id != 0 {
		_, err = fmt.Fprintf(s.w, "id: %d\n", id)
	}
	if err == nil {
		_, err = fmt.Fprintf(s.w, "event: %s\nretry: 1000\ndata: %s\n\n", name, line)
	}
	return errors.Join(err, s.control.Flush())
}
