package site

import (
	"errors"
	"strconv"
	"sync"
)

// ErrNoNote: there is no such note.
var ErrNoNote = errors.New("site: no such note")

// A Note is a text that a user wrote.
type Note struct {
	ID   int    `json:"id"`
	By   string `json:"by"`
	Text string `json:"text"`
}

// Notes are kept in memory. The zero value is empty, and safe for concurrent use.
type Notes struct {
	mu  sync.Mutex
	all []Note
}

// Add stores a note and returns it with its ID.
func (n *Notes) Add(by, text string) Note {
	n.mu.Lock()
	defer n.mu.Unlock()
	note := Note{ID: len(n.all) + 1, By: by, Text: text}
	n.all = append(n.all, note)
	return note
}

// Find returns the note with the ID, or ErrNoNote.
func (n *Notes) Find(id string) (Note, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	i, err := strconv.Atoi(id)
	if err != nil || i < 1 || i > len(n.all) {
		return Note{}, ErrNoNote
	}
	return n.all[i-1], nil
}

// Bug fails as handlers do: with an error, or for the kind "panic" with a panic.
func Bug(kind string) error {
	const secret = "a detail that no client should see"
	if kind == "panic" {
		panic(secret)
	}
	return errors.New(secret)
}
