package memory_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

// with returns a store with these users.
func with(t *testing.T, users ...string) *memory.Store {
	t.Helper()
	m := memory.New()
	for _, id := range users {
		if err := m.Users().CreateUser(t.Context(), backends.User{ID: id}, ""); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func create(t *testing.T, m *memory.Store, s backends.Session, o backends.CreateOptions) {
	t.Helper()
	if _, err := m.Create(t.Context(), s.CreatedAt, s, backends.SecretHash{1}, o); err != nil {
		t.Fatal(err)
	}
}

func TestASweptSessionLeavesNothingToTheOneThatTakesItsPlace(t *testing.T) {
	m := with(t, "ann", "bob")
	old := session("ann", noon())
	old.Refresh = backends.Refresh{Generation: 7, RotatedAt: noon(), SeenAt: noon()}
	create(t, m, old, backends.CreateOptions{})
	if err := m.SetValue(t.Context(), noon(), old.ID, "notice", []byte("Saved.")); err != nil {
		t.Fatal(err)
	}
	later := noon().Add(31*time.Minute + backends.Retention)
	if n, err := m.Sweep(t.Context(), later); n != 1 || err != nil {
		t.Fatalf("Sweep: %d, error %v; want 1", n, err)
	}

	next := session("bob", later)
	next.Client, next.AMR = backends.Client{}, nil
	create(t, m, next, backends.CreateOptions{})
	s, u, err := m.Find(t.Context(), later, next.ID, backends.SecretHash{1})
	if err != nil || u.ID != "bob" {
		t.Fatalf("Find: user %q, error %v; want bob", u.ID, err)
	}
	if s.UserID != "bob" || s.Client != (backends.Client{}) || s.AMR != nil || s.Refresh != (backends.Refresh{}) || s.Ended != (backends.Ended{}) {
		t.Errorf("found %+v, want nothing of the session that was swept", s)
	}
	if _, err := m.Value(t.Context(), later, next.ID, "notice"); !errors.Is(err, backends.ErrNoValue) {
		t.Errorf("Value: %v, want ErrNoValue", err)
	}
	if _, _, err := m.Find(t.Context(), later, old.ID, backends.SecretHash{}); !errors.Is(err, backends.ErrNotFound) {
		t.Errorf("Find of the one that was swept: %v, want ErrNotFound", err)
	}
}

func TestASessionDoesNotReplaceItself(t *testing.T) {
	m := with(t, "ann")
	s := session("ann", noon())
	create(t, m, s, backends.CreateOptions{Replaces: s.ID})
	if _, _, err := m.Find(t.Context(), noon(), s.ID, backends.SecretHash{1}); err != nil {
		t.Errorf("Find: %v, want the new session", err)
	}
}

func TestASweepOfManyBatchesOfOneUserLeavesTheLiveSessions(t *testing.T) {
	m := with(t, "ann")
	live := map[string]bool{}
	for i := range 2_000 {
		s := session("ann", noon())
		create(t, m, s, backends.CreateOptions{})
		if live[s.ID] = i%3 == 0 || i > 1_000 && i < 1_400; live[s.ID] {
			continue
		}
		delete(live, s.ID)
		if ok, err := m.Revoke(t.Context(), noon(), s.ID, backends.ReasonLogout); !ok || err != nil {
			t.Fatalf("Revoke: %v, error %v; want true", ok, err)
		}
	}
	now := noon().Add(backends.Retention)
	want := 2_000 - len(live)
	// The live ones are older than their idle timeout now, and have not been dead for long.
	if n, err := m.Sweep(t.Context(), now); n != want || err != nil {
		t.Errorf("Sweep: %d, error %v; want %d", n, err, want)
	}
	list, _, err := m.List(t.Context(), noon(), "ann", backends.Page{Limit: 1000})
	if err != nil || len(list) != len(live) {
		t.Errorf("%d sessions are left, error %v; want %d", len(list), err, len(live))
	}
	for _, s := range list {
		if !live[s.ID] {
			t.Errorf("session %s is left, want it swept", s.ID)
		}
	}
}

func TestASweepThatWaitsForAnotherStopsWhenItsContextEnds(t *testing.T) {
	m := with(t, "ann")
	create(t, m, session("ann", noon()), backends.CreateOptions{})
	ctx, cancel := context.WithCancel(t.Context())
	first := &held{Context: t.Context(), reached: make(chan struct{}), release: make(chan struct{})}
	swept := make(chan error)
	go func() { _, err := m.Sweep(first, noon()); swept <- err }()
	<-first.reached
	cancel()
	if n, err := m.Sweep(ctx, noon()); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("second sweep: %d, error %v; want 0, context.Canceled", n, err)
	}
	close(first.release)
	if err := <-swept; err != nil {
		t.Errorf("first sweep: %v", err)
	}
}

// held is a context whose first Err waits.
type held struct {
	context.Context
	once             sync.Once
	reached, release chan struct{}
}

func (h *held) Err() error {
	h.once.Do(func() { close(h.reached); <-h.release })
	return h.Context.Err()
}
