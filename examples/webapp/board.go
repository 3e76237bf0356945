package main

import (
	"slices"
	"sync"
	"time"
)

// A note is a text and its author.
type note struct {
	ID   int       `json:"-"` // from 1, in order
	Text string    `json:"text"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// maxNotes is how many notes are kept, until the process ends.
const maxNotes = 30

// A board keeps the last notes, and passes each new one on to the listeners.
type board struct {
	mu        sync.Mutex
	last      int
	notes     []note // the newest last
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
	b.last++
	n.ID = b.last
	b.notes = append(b.notes, n)
	b.notes = slices.Clone(b.notes[max(0, len(b.notes)-maxNotes):])
	for c := range b.listeners {
		select {
		case c <- n:
		default: // a listener this slow misses the note
		}
	}
}

// all returns the notes, the newest last, and the ID of the last one.
func (b *board) all() ([]note, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.notes), b.last
}

// listen returns the notes after the one with the ID, and a channel of new ones.
func (b *board) listen(since int) (missed []note, notes <-chan note, leave func()) {
	c := make(chan note, maxNotes)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listeners[c] = struct{}{}
	for _, n := range b.notes {
		if n.ID > since {
			missed = append(missed, n)
		}
	}
	return missed, c, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.listeners, c)
	}
}
