package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/recall"
)

// loadTimeout bounds a reading that may have outlived the requests that wait for it. Backends
// have bounds of their own.
const loadTimeout = 10 * time.Second

// Find implements [backends.Store]. It asks the backend unless a cached session is trusted, has
// the secret, and is live. The cache never refuses by itself: another process may have given
// the session another secret, or extended it.
func (s *Store) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	k, ok := recall.ParseID(id)
	if !ok {
		return s.backend.Find(ctx, now, id, h)
	}
	if err := ctx.Err(); err != nil {
		return backends.Session{}, backends.User{}, err
	}
	if e, _ := s.table.GetIfPresent(k); e != nil && e.opensWith(h) && e.Session.LiveAt(now) && s.trusted(e, s.moment(time.Now())) {
		row, u := e.Copy()
		return row, u, nil
	}
	return s.load(ctx, now, k, h).result()
}

// load asks the backend, once for simultaneous callers that ask the same.
//
// A caller that joins may use the answer if it is about an outage, or a live session that is
// still trusted or was read after the call began. Other answers may be older than a change that
// was made here before it joined. It then joins the next reading, which begins after the call.
func (s *Store) load(ctx context.Context, now time.Time, k recall.ID, h backends.SecretHash) answer {
	for began := s.stamps.next(); ; {
		a, first := s.join(ctx, now, k, h)
		switch {
		case first || a.outage():
			return a
		case a.entry == nil || !a.entry.Session.LiveAt(now):
			return s.read(ctx, now, k, h)
		case a.entry.stamp > began || s.trusted(a.entry, s.moment(time.Now())):
			return a
		}
	}
}

// join waits for the reading that is under way, or begins it, and is then the first.
func (s *Store) join(ctx context.Context, now time.Time, k recall.ID, h backends.SecretHash) (_ answer, first bool) {
	mine := false
	flight := s.flights.DoChan(string(k[:])+string(h[:]), func() (any, error) {
		mine = true
		// The others still wait when the request that was first is gone.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		return s.readSafely(ctx, now, k, h), nil
	})
	select {
	case <-ctx.Done():
		return answer{err: ctx.Err()}, false
	case result := <-flight:
		a := result.Val.(answer)
		if a.panicked != nil {
			panic(a.panicked)
		}
		return a, mine
	}
}

// readSafely is read, and returns a panic of the backend as part of the answer: a panic in the
// goroutine of singleflight would end the process.
func (s *Store) readSafely(ctx context.Context, now time.Time, k recall.ID, h backends.SecretHash) (a answer) {
	defer func() {
		if v := recover(); v != nil {
			a.panicked = fmt.Errorf("cache: the backend panicked: %v\n\n%s", v, debug.Stack())
		}
	}()
	return s.read(ctx, now, k, h)
}

// read asks the backend and caches a live session.
func (s *Store) read(ctx context.Context, now time.Time, k recall.ID, h backends.SecretHash) answer {
	// Both before the backend is asked: its answer may lack what changes later.
	e := &entry{stamp: s.stamps.next(), read: s.moment(time.Now())}
	row, u, err := s.backend.Find(ctx, now, string(k[:]), h)
	if err != nil {
		if errors.Is(err, backends.ErrNotLive) {
			s.forget(string(k[:])) // a clock that is set back must not make it trusted again
		}
		return answer{row: row, err: err}
	}
	e.Entry = recall.NewEntry(&row, &u, h)
	e.ofUser, e.ofID = s.stamps.ofUser(u.ID), s.stamps.ofSession(row.ID)
	s.table.Compute(k, func(was *entry, found bool) (*entry, otter.ComputeOp) {
		if !found {
			return e, otter.WriteOp
		}
		if was.stamp > e.stamp { // a later reading was faster
			return was, otter.CancelOp
		}
		// A change may have replaced the secret.
		if !s.stamps.changedSince(was.stamp, was.ofUser, was.ofID) {
			e.inherit(was)
		}
		return e, otter.WriteOp
	})
	return answer{entry: e}
}

// An answer of the backend is an entry, or an error and the session that came with it.
type answer struct {
	entry    *entry
	row      backends.Session
	err      error
	panicked error
}

func (a answer) result() (backends.Session, backends.User, error) {
	if a.err != nil {
		return a.row, backends.User{}, a.err
	}
	row, u := a.entry.Copy()
	return row, u, nil
}

// outage reports whether the backend could not be asked.
func (a answer) outage() bool {
	return a.err != nil && !errors.Is(a.err, backends.ErrNotFound) && !errors.Is(a.err, backends.ErrNotLive)
}
