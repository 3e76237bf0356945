package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// maxTurns is how many statements look up sessions at once before others wait and share the
	// next one. With one, a look-up that just missed a statement would wait for the whole of it.
	maxTurns = 2

	// maxBatch is how many look-ups one statement answers.
	maxBatch = 128

	// latePatience is how long a statement may take before the next one need not wait for it: it
	// may never be answered.
	latePatience = 20 * time.Millisecond
)

const findAllSQL = `
SELECT a.n, {found}
FROM unnest($1::text[], $2::bytea[]) WITH ORDINALITY a (id, hash, n), {found_tables}
WHERE s.id = a.id AND (a.hash IS NULL OR s.secret_hash = a.hash)`

// lookups let the look-ups that wait at the same time share a statement. There is no timer that
// collects them: one that finds a turn free is sent at once, by itself. The others wait for a
// turn to end, and that sends all of them.
type lookups struct {
	store *Store

	mu      sync.Mutex
	turns   int // that are taken; none of them is late
	waiting []*lookup
}

// A lookup is one that waits.
type lookup struct {
	ctx  context.Context
	id   string
	hash []byte

	batch *batch        // guarded by lookups.mu; nil until it is sent
	done  chan struct{} // closed when the batch has ended
	found *found        // nil if there is none
	err   error
}

// A batch is what one statement looks up.
type batch struct {
	asked  []*lookup
	left   int // of them, those that still wait; guarded by lookups.mu
	ctx    context.Context
	cancel context.CancelFunc
}

// find returns the session with the ID and its user. It returns when ctx ends, whatever becomes
// of a statement that it shares. If that fails it sends one of its own, so that it has no part
// in what another look-up causes.
func (q *lookups) find(ctx context.Context, id string, hash []byte) (*found, error) {
	q.mu.Lock()
	if q.turns < maxTurns {
		q.turns++
		q.mu.Unlock()
		defer q.turn()()
		return q.store.findAlone(ctx, id, hash)
	}
	l := &lookup{ctx: ctx, id: id, hash: hash, done: make(chan struct{})}
	q.waiting = append(q.waiting, l)
	q.mu.Unlock()
	select {
	case <-l.done:
	case <-ctx.Done():
		q.leave(l)
		return nil, ctx.Err()
	}
	switch {
	case l.err != nil:
		return q.store.findAlone(ctx, id, hash)
	case l.found == nil:
		return nil, pgx.ErrNoRows
	}
	return l.found, nil
}

// leave cancels the batch of l if nobody waits for it any more.
func (q *lookups) leave(l *lookup) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if l.batch == nil {
		return
	}
	if l.batch.left--; l.batch.left == 0 {
		l.batch.cancel()
	}
}

// turn begins a turn, which ends with the call of what it returns, or when it is late.
func (q *lookups) turn() (end func()) {
	late := time.AfterFunc(latePatience, q.next)
	return func() {
		if late.Stop() {
			q.next()
		}
	}
}

// next passes a turn on to those who wait, if any do.
func (q *lookups) next() {
	q.mu.Lock()
	defer q.mu.Unlock()
	b := &batch{}
	for len(q.waiting) > 0 && len(b.asked) < maxBatch {
		l := q.waiting[0]
		q.waiting[0], q.waiting = nil, q.waiting[1:]
		if l.ctx.Err() == nil {
			l.batch = b
			b.asked = append(b.asked, l)
		}
	}
	if b.left = len(b.asked); b.left == 0 {
		q.turns--
		return
	}
	// Half of the time, so that each has the other half for a statement of its own.
	b.ctx, b.cancel = context.WithTimeout(context.WithoutCancel(b.asked[0].ctx), q.store.timeout/2)
	go q.send(b)
}

// send sends the statement of b, in a turn, and wakes all that wait for it.
func (q *lookups) send(b *batch) {
	defer b.cancel()
	end := q.turn()
	err := q.store.findAll(b)
	end() // first, so that the database works meanwhile
	for _, l := range b.asked {
		l.err = err
		close(l.done)
	}
}

func (s *Store) findAll(b *batch) (err error) {
	defer func() {
		if r := recover(); r != nil { // it happens again to each one that caused it
			err = fmt.Errorf("postgres: panic: %v", r)
		}
	}()
	ids, hashes := make([]string, len(b.asked)), make([][]byte, len(b.asked))
	for i, l := range b.asked {
		ids[i], hashes[i] = l.id, l.hash
	}
	rows, err := s.pool.Query(b.ctx, s.sql.findAll, ids, hashes)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var n int
		f := &found{}
		if err := rows.Scan(append([]any{&n}, f.targets()...)...); err != nil {
			return err
		}
		b.asked[n-1].found = f
	}
	return rows.Err()
}
