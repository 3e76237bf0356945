package cache

import "sync"

// callbacks are who wants to be called when a user changes.
type callbacks struct {
	mu     sync.Mutex
	byUser map[string]map[*func()]struct{}
}

// Notify implements [backends.Notifier].
func (s *Store) Notify(userID string, f func()) (stop func()) {
	c := &s.calls
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byUser == nil {
		c.byUser = make(map[string]map[*func()]struct{})
	}
	if c.byUser[userID] == nil {
		c.byUser[userID] = make(map[*func()]struct{})
	}
	c.byUser[userID][&f] = struct{}{}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.byUser[userID], &f)
		if len(c.byUser[userID]) == 0 {
			delete(c.byUser, userID)
		}
	}
}

// call calls those of the user. They are quick, and take no lock of ours.
func (c *callbacks) call(userID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for f := range c.byUser[userID] {
		(*f)()
	}
}

func (c *callbacks) callAll() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, fs := range c.byUser {
		for f := range fs {
			(*f)()
		}
	}
}
