package memory_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

func heap() (bytes, objects uint64) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc, m.HeapObjects
}

func TestFindingAllocatesTheListsAndTheAddressAndNothingElse(t *testing.T) {
	// Two allocations, whatever is stored: the address of the client, and both lists.
	c := newCrowd(t, 1000)
	now := noon()
	for what, find := range map[string]func() error{
		"with its secret": func() error { _, _, err := c.Find(t.Context(), now, c.ids[500], c.secrets[500]); return err },
		"without":         func() error { _, _, err := c.Find(t.Context(), now, c.ids[500], backends.SecretHash{}); return err },
	} {
		got := testing.AllocsPerRun(100, func() {
			if err := find(); err != nil {
				t.Error(err)
			}
		})
		if got != 2 {
			t.Errorf("%s: %v allocations, want 2", what, got)
		}
	}
}

func TestExtendingAllocatesNothing(t *testing.T) {
	c := newCrowd(t, 1000)
	now := noon()
	got := testing.AllocsPerRun(100, func() {
		now = now.Add(3 * time.Minute)
		if _, ok, err := c.Extend(t.Context(), now, c.ids[500]); !ok || err != nil {
			t.Errorf("Extend: %v, error %v; want true", ok, err)
		}
	})
	if got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

func TestTheMemoryOfSweptSessionsIsUsedAgain(t *testing.T) {
	// Sessions come and go for a week; what is live stays the same, and so does the heap.
	m := memory.New()
	if err := m.Users().CreateUser(t.Context(), backends.User{ID: "ann", Name: "ann"}, ""); err != nil {
		t.Fatal(err)
	}
	day := func(n int) {
		now := noon().Add(time.Duration(n) * 24 * time.Hour)
		for range 5_000 {
			if _, err := m.Create(t.Context(), now, session("ann", now), backends.NewSecret().Hash(), backends.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if removed, err := m.Sweep(t.Context(), now.Add(23*time.Hour)); removed != 5_000 || err != nil {
			t.Fatalf("Sweep: %d, error %v; want 5000", removed, err)
		}
	}
	day(0)
	before, _ := heap()
	for n := range 7 {
		day(n + 1)
	}
	if after, _ := heap(); after > before+1<<20 {
		t.Errorf("the heap grew from %d to %d KiB in a week", before>>10, after>>10)
	}
	runtime.KeepAlive(m)
}

func TestASessionTakesFewBytesAndNoObjectOfItsOwn(t *testing.T) {
	const n = 20_000
	bytes, objects := heap()
	m := filled(t, n, 10, func(user string) string { return user })
	bytesAfter, objectsAfter := heap()
	if each := float64(int64(bytesAfter-bytes)) / n; each > 400 {
		t.Errorf("%.0f bytes for each session and a tenth of its user, want at most 400", each)
	}
	if each := float64(int64(objectsAfter-objects)) / n; each > 0.5 {
		t.Errorf("%.2f objects for each session and a tenth of its user, want at most 0.5", each)
	}
	runtime.KeepAlive(m)
}

func TestSweepStopsBetweenTwoBatches(t *testing.T) {
	c := newCrowd(t, 5_000)
	ctx, cancel := context.WithCancel(t.Context())
	stop := &stopping{Context: ctx, after: 100, cancel: cancel}
	removed, err := c.Sweep(stop, noon().Add(2000*time.Hour))
	if err != context.Canceled || removed == 0 || removed == 5_000 {
		t.Errorf("removed %d with error %v, want some of 5000 and context.Canceled", removed, err)
	}
	rest, err := c.Sweep(t.Context(), noon().Add(2000*time.Hour))
	if err != nil || removed+rest != 5_000 {
		t.Errorf("then removed %d with error %v, want %d", rest, err, 5_000-removed)
	}
}

// stopping is a context that ends when it has been asked a number of times.
type stopping struct {
	context.Context
	after  int
	cancel func()
}

func (s *stopping) Err() error {
	if s.after--; s.after == 0 {
		s.cancel()
	}
	return s.Context.Err()
}

func TestAnotherUsersSessionsAreNotInTheWay(t *testing.T) {
	// A user's list costs what the user's own sessions cost.
	m := memory.New()
	for _, id := range []string{"ann", "bob"} {
		if err := m.Users().CreateUser(t.Context(), backends.User{ID: id, Name: id}, ""); err != nil {
			t.Fatal(err)
		}
	}
	for range 10_000 {
		if _, err := m.Create(t.Context(), noon(), session("bob", noon()), backends.NewSecret().Hash(), backends.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	got := testing.AllocsPerRun(10, func() {
		if list, _, err := m.List(t.Context(), noon(), "ann", backends.Page{}); len(list) != 0 || err != nil {
			t.Errorf("List: %d, error %v; want none", len(list), err)
		}
	})
	if got != 0 {
		t.Errorf("%v allocations for a user without sessions, want 0", got)
	}
}
