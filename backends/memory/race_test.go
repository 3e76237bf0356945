package memory_test

import (
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

// TestEverythingAtOnceLeavesNothingBehind runs all methods against few users, for the race
// detector, and then sweeps: whatever happened, no session is found by any key.
func TestEverythingAtOnceLeavesNothingBehind(t *testing.T) {
	m := memory.New()
	var everySession sync.Map // ID to hash
	var work sync.WaitGroup
	for w := range 8 {
		work.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(w)))
			for range 2_000 {
				anything(t, m, random, &everySession)
			}
		})
	}
	work.Wait()
	if _, err := m.Sweep(t.Context(), noon().Add(10_000*time.Hour)); err != nil {
		t.Fatal(err)
	}
	everySession.Range(func(id, h any) bool {
		_, _, byID := m.FindByID(t.Context(), noon(), id.(string))
		_, _, bySecret := m.FindBySecret(t.Context(), noon(), h.(backends.SecretHash))
		if !errors.Is(byID, backends.ErrNotFound) || !errors.Is(bySecret, backends.ErrNotFound) {
			t.Errorf("by ID: %v, by secret: %v; want ErrNotFound for both", byID, bySecret)
		}
		return true
	})
}

// anything calls a random method for a random user or session. What the method answers
// depends on the others, so nobody looks at it.
func anything(t *testing.T, m *memory.Store, random *rand.Rand, everySession *sync.Map) {
	ctx, now := t.Context(), noon().Add(time.Duration(random.IntN(120))*time.Minute)
	user := userID(random.IntN(3))
	s, h := session(user, now), backends.NewSecret().Hash()
	known, knownHash := s, h
	everySession.Range(func(id, h any) bool {
		known.ID, knownHash = id.(string), h.(backends.SecretHash)
		return random.IntN(4) > 0
	})
	calls := []func(){
		func() { _ = m.CreateUser(ctx, backends.User{ID: user, Name: user}, "") },
		func() { _, _ = m.Create(ctx, now, s, h, backends.Admission{}); everySession.Store(s.ID, h) },
		func() {
			limit := backends.Limit{Total: 2 + random.IntN(3), PerKind: random.IntN(3), Refuse: random.IntN(4) == 0}
			_, _ = m.Create(ctx, now, s, h, backends.Admission{Replaces: known.ID, Limit: limit.ForAll})
			everySession.Store(s.ID, h)
		},
		func() { _, _, _ = m.FindByID(ctx, now, known.ID) },
		func() { _, _, _ = m.FindBySecret(ctx, now, knownHash) },
		func() { _, _ = m.Extend(ctx, now, known.ID, now.Add(time.Hour)) },
		func() {
			former, _, _ := m.FindByID(ctx, now, known.ID)
			_ = m.Reauthenticate(ctx, now, known, former.AuthenticatedAt, h)
			everySession.Store(known.ID, h)
		},
		func() { _ = m.SetValue(ctx, now, known.ID, "k", []byte("v")) },
		func() { _, _ = m.Value(ctx, now, known.ID, "k") },
		func() { _, _ = m.TakeValue(ctx, now, known.ID, "k") },
		func() { _, _ = m.Revoke(ctx, now, known.ID, backends.ReasonLogout) },
		func() { _, _ = m.List(ctx, now, user) },
		func() { _, _ = m.RevokeUser(ctx, now, user, known.ID, backends.ReasonRevoked) },
		func() { _, _, _ = m.UserByName(ctx, user) },
		func() { _, _ = m.ListUsers(ctx, "", 2) },
		func() { _, _ = m.SetPassword(ctx, now, user, 0, "x", known.ID) },
		func() { _ = m.Rehash(ctx, user, "x", "y") },
		func() { _ = m.SetRoles(ctx, user, []string{"user"}) },
		func() { _ = m.SetDisabled(ctx, now, user, random.IntN(2) == 0) },
		func() { _, _ = m.Sweep(ctx, now) },
	}
	calls[random.IntN(len(calls))]()
	if random.IntN(100) == 0 {
		_ = m.DeleteUser(ctx, now, user)
		_, _ = m.RevokeAll(ctx, now, backends.ReasonRevoked)
	}
}
