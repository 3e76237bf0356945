package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// A note is what somebody said, and who that was.
type note struct {
	Text string    `json:"text"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// A board passes each note on to everybody who listens at that moment.
type board struct {
	mu        sync.Mutex
	listeners map[chan note]struct{}
	closed    chan struct{}
	close     func()
}

func newBoard() *board {
	b := &board{listeners: map[chan note]struct{}{}, closed: make(chan struct{})}
	b.close = sync.OnceFunc(func() { close(b.closed) })
	return b
}

func (b *board) post(n note) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.listeners {
		select {
		case c <- n:
		default: // a listener this slow misses the note; nobody waits for it
		}
	}
}

func (b *board) listen() (notes <-chan note, leave func()) {
	c := make(chan note, 16)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listeners[c] = struct{}{}
	return c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.listeners, c)
	}
}

// streamFor is how long a stream goes on before the client has to connect again.
const streamFor = time.Minute

// events streams the notes as server-sent events, after one that says whose stream it is.
//
// A guard checks a request when it begins, and a stream outlives that. So this one ends when
// the proof does, and after a minute at the latest; the browser connects again by itself,
// and is checked again: who has logged out elsewhere reads on for a minute at most.
func (a *app) events(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	end := time.Now().Add(streamFor)
	if id.ExpiresAt.Before(end) {
		end = id.ExpiresAt
	}
	ctx, cancel := context.WithDeadline(r.Context(), end)
	defer cancel()
	notes, leave := a.board.listen()
	defer leave()

	// The server's timeouts are made for short answers. The ResponseWriter is the server's
	// own, so all that it can do is there.
	stream := http.NewResponseController(w)
	_ = stream.SetReadDeadline(end.Add(time.Second))
	_ = stream.SetWriteDeadline(end.Add(time.Second))
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(event string, data any) error {
		return errors.Join(writeEvent(w, event, data), stream.Flush())
	}
	err := send("session", id)
	for err == nil {
		select {
		case n := <-notes:
			err = send("note", n)
		case <-ctx.Done():
			return
		case <-a.board.closed:
			return
		}
	}
}

// writeEvent writes one event. JSON has no line breaks, so it is one line of data.
func writeEvent(w io.Writer, name string, data any) error {
	line, err := json.Marshal(data)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "event: %s\nretry: 1000\ndata: %s\n\n", name, line)
	return err
}
