package redis

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
)

// run runs the call, whose result a failover may undo.
func (s *Store) run(ctx context.Context, c call) ([]rueidis.RedisMessage, error) {
	return repeat(ctx, c, s.client)
}

// end runs the call, and returns [backends.ErrUnconfirmed] with its result unless as many replicas
// as configured have it. What the call finds done must be written again by it: WAIT is about
// what this connection wrote last.
func (s *Store) end(ctx context.Context, c call) ([]rueidis.RedisMessage, error) {
	if s.confirm == 0 {
		return s.run(ctx, c)
	}
	w := &waiter{store: s}
	answer, err := repeat(ctx, c, w)
	if err == nil {
		err = w.err
	}
	return answer, err
}

// A doer is a client, or a waiter.
type doer interface {
	B() rueidis.Builder
	Do(ctx context.Context, command rueidis.Completed) rueidis.RedisResult
}

// A waiter has each command confirmed by replicas.
type waiter struct {
	store *Store
	err   error // of the last
}

func (w *waiter) B() rueidis.Builder { return w.store.client.B() }

// Do sends the command and WAIT over one connection of their own: over a shared one WAIT may be sent
// by another connection, and answers at once. It may be sent twice, after a script that the server does
// not know, and must be done before the call has to be.
func (w *waiter) Do(ctx context.Context, command rueidis.Completed) rueidis.RedisResult {
	conn, release, err := w.store.dedicate(ctx)
	if err != nil {
		return rueidis.NewErrorResult(err)
	}
	defer release()
	wait := conn.B().Wait().Numreplicas(int64(w.store.confirm)).Timeout((w.store.timeout / 4).Milliseconds()).Build()
	results := conn.DoMulti(ctx, command, wait)
	n, err := results[1].AsInt64()
	switch {
	case err != nil:
		w.err = fmt.Errorf("%w: %w", backends.ErrUnconfirmed, err)
		conn.Close() // its answer may be outstanding
	case n < int64(w.store.confirm):
		w.err = fmt.Errorf("%w: %d of %d replicas", backends.ErrUnconfirmed, n, w.store.confirm)
	default:
		w.err = nil
	}
	return results[0]
}

// dedicate returns a connection, and what gives it back. A client of one server waits for it whatever
// becomes of ctx: here it is given back as soon as it comes.
func (s *Store) dedicate(ctx context.Context) (rueidis.DedicatedClient, func(), error) {
	type dedicated struct {
		conn    rueidis.DedicatedClient
		release func()
	}
	taken := make(chan dedicated)
	go func() {
		conn, release := s.client.Dedicate()
		select {
		case taken <- dedicated{conn, release}:
		case <-ctx.Done():
			release()
		}
	}()
	select {
	case d := <-taken:
		return d.conn, d.release, nil
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

// repeat runs the call, and again while the server says that it did not run it: because it no longer
// or not yet has the slot, is not yet or no longer a master, or does not know the script.
func repeat(ctx context.Context, c call, to doer) ([]rueidis.RedisMessage, error) {
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		result := to.Do(ctx, c.bySHA(to.B()))
		if e, ok := rueidis.IsRedisErr(result.Error()); ok && e.IsNoScript() {
			result = to.Do(ctx, c.byText(to.B()))
		}
		if !notRun(result.Error()) {
			return result.ToArray()
		}
		select {
		case <-ctx.Done():
			return nil, result.Error()
		case <-time.After(pause):
		}
	}
}

func notRun(err error) bool {
	e, ok := rueidis.IsRedisErr(err)
	if !ok {
		return false
	}
	word, _, _ := strings.Cut(e.Error(), " ")
	switch word {
	case "TRYAGAIN", "MOVED", "ASK", "CLUSTERDOWN", "MASTERDOWN", "LOADING", "READONLY":
		return true
	}
	return false
}
