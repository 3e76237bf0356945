package cache_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
)

// A puppet is a crowd whose feed does what the test says.
type puppet struct {
	crowd
	listener backends.Listener
}

func (p *puppet) Watch(ctx context.Context, _ time.Duration, l backends.Listener) error {
	l.Listening()
	l.UpToDate(time.Now())
	p.listener = l
	<-ctx.Done()
	return ctx.Err()
}

func TestAFeedThatCatchesUpWhileASessionIsLookedAtVouchesForNothing(t *testing.T) {
	// LO-10: the feed was late for longer than MaxLag. Before it reports the change nothing is known,
	// and afterwards the change is.
	synctest.Test(t, func(t *testing.T) {
		p := &puppet{}
		s := newCache(t, p, maxAge(time.Hour))
		follow(t, s)
		synctest.Wait()
		for round := range 2000 {
			row, u, err := s.Find(t.Context(), time.Now(), stringOf(0), hashOf(0))
			if err != nil {
				t.Fatal(err)
			}
			s.Remember(idOf(0), row.AuthenticatedAt, digestOf(0, 'c'), nil, 0)
			time.Sleep(6 * time.Second)
			now := time.Now()
			var group sync.WaitGroup
			var ready, over atomic.Bool
			group.Go(func() {
				for !over.Load() {
					if _, _, ok := s.Recall(now, idOf(0), digestOf(0, 'c')); ok {
						t.Errorf("round %d: it is believed", round)
						return
					}
					ready.Store(true)
				}
			})
			for !ready.Load() { // it is being looked at all the time
			}
			p.listener.Changed(backends.Change{UserID: u.ID})
			p.listener.UpToDate(now)
			over.Store(true)
			group.Wait()
			if t.Failed() {
				return
			}
		}
	})
}
