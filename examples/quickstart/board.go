package main

import (
	"sync"
	"time"
)

// A note is a text and its author.
type note struct {
	Text string    `json:"text"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// A board passes each note on to the current listeners.
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
		default: // a listener this slow misses the note
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
