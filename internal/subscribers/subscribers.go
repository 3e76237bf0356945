// Package subscribers is how stores implement backends.Subscriber.
package subscribers

import "sync"

// A Table holds the functions to call when a user changes. The zero Table is empty. Its methods
// may be called concurrently, but not by the functions in it.
type Table struct {
	mu     sync.Mutex
	byUser map[string]map[*func()]struct{}
}

// Subscribe adds f for the user, until stop is called.
func (t *Table) Subscribe(userID string, f func()) (stop func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byUser == nil {
		t.byUser = make(map[string]map[*func()]struct{})
	}
	if t.byUser[userID] == nil {
		t.byUser[userID] = make(map[*func()]struct{})
	}
	t.byUser[userID][&f] = struct{}{}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.byUser[userID], &f)
		if len(t.byUser[userID]) == 0 {
			delete(t.byUser, userID)
		}
	}
}

// Call calls the functions of the user, or all of them if userID is empty. It holds the lock
// meanwhile, so that a function is not called after its stop has returned.
func (t *Table) Call(userID string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if userID != "" {
		callEach(t.byUser[userID])
		return
	}
	for _, functions := range t.byUser {
		callEach(functions)
	}
}

func callEach(functions map[*func()]struct{}) {
	for f := range functions {
		(*f)()
	}
}
