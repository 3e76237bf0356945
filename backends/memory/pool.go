package memory

import (
	"sync"

	"github.com/inga-auth/inga/internal/record"
)

// chunk is how many rows are allocated at once.
const chunk = 1024

// A pool allocates rows and takes them back to use them again. A chunk is one object, and the
// garbage collector reads it from beginning to end; a million objects, which it would find in
// random order, take it more than twice as long. The price is that the memory of rows is never
// freed. The lock is a leaf.
type pool struct {
	mu     sync.Mutex
	free   *row  // a list of the rows to be used again
	unused []row // the rest of the last chunk
}

// take returns a row that has no owner.
func (p *pool) take() *row {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.free; r != nil {
		p.free, r.next = r.next, nil
		return r
	}
	if len(p.unused) == 0 {
		p.unused = make([]row, chunk)
	}
	r := &p.unused[0]
	p.unused = p.unused[1:]
	return r
}

// give takes back a row that is in no index and no list. Its owner is locked.
func (p *pool) give(r *row) {
	r.owner.Store(nil)
	r.Session, r.values, r.id, r.prev = record.Session{}, nil, sessionID{}, nil
	p.mu.Lock()
	defer p.mu.Unlock()
	r.next, p.free = p.free, r
}
