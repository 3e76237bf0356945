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
// detector, and then sweeps: whatever happened, no session is found.
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
	everySession.Range(func(id, _ any) bool {
		if _, _, err := m.Find(t.Context(), noon(), id.(string), backends.SecretHash{}); !errors.Is(err, backends.ErrNotFound) {
			t.Errorf("Find: %v, want ErrNotFound", err)
		}
		return true
	})
}

// anything calls a random method for a random user or session. What the method answers
// depends on the others, so it is not checked.
func anything(t *testing.T, m *memory.Store, random *rand.Rand, everySession *sync.Map) {
	ctx, now := t.Context(), noon().Add(time.Duration(random.IntN(120))*time.Minute)
	user := userID(random.IntN(3))
	s, h := session(user, now), backends.NewSecret().Hash()
	s.Refresh = backends.Refresh{Generation: 1, RotatedAt: now}
	known, knownHash := s, h
	everySession.Range(func(id, h any) bool {
		known.ID, knownHash = id.(string), h.(backends.SecretHash)
		return random.IntN(4) > 0
	})
	calls := []func(){
		func() { _ = m.Users().CreateUser(ctx, backends.User{ID: user, Name: user}, "") },
		func() { _, _ = m.Create(ctx, now, s, h, backends.CreateOptions{}); everySession.Store(s.ID, h) },
		func() {
			limit := backends.Limit{Total: 2 + random.IntN(3), PerKind: random.IntN(3), Refuse: random.IntN(4) == 0}
			_, _ = m.Create(ctx, now, s, h, backends.CreateOptions{Replaces: known.ID, Limit: limit.ForAll})
			everySession.Store(s.ID, h)
		},
		func() { _, _, _ = m.Find(ctx, now, known.ID, backends.SecretHash{}) },
		func() { _, _, _ = m.Find(ctx, now, known.ID, knownHash) },
		func() { _, _, _ = m.Extend(ctx, now, known.ID) },
		func() {
			_, _, _, _ = m.Rotate(ctx, now, known.ID, knownHash, random.Int64N(3), backends.Grace{})
			_ = m.MarkSeen(ctx, now, known.ID, random.Int64N(3))
		},
		func() {
			former, _, _ := m.Find(ctx, now, known.ID, backends.SecretHash{})
			_ = m.Reauthenticate(ctx, now, known, h, backends.ReauthenticateOptions{Former: former.AuthenticatedAt})
			everySession.Store(known.ID, h)
		},
		func() { _ = m.SetValue(ctx, now, known.ID, "k", []byte("v")) },
		func() { _, _ = m.Value(ctx, now, known.ID, "k") },
		func() { _, _ = m.TakeValue(ctx, now, known.ID, "k") },
		func() { _, _ = m.Revoke(ctx, now, known.ID, backends.ReasonLogout) },
		func() { _, _, _ = m.List(ctx, now, user, backends.Page{}) },
		func() { _, _ = m.RevokeUser(ctx, now, user, known.ID, backends.ReasonRevoked) },
		func() { _, _, _ = m.Users().UserByName(ctx, user) },
		func() { _, _ = m.Users().ListUsers(ctx, "", 2) },
		func() { _, _ = m.Users().SetPassword(ctx, now, user, 0, "x", known.ID) },
		func() { _ = m.Users().Rehash(ctx, user, "x", "y") },
		func() { _ = m.Users().SetRoles(ctx, user, []string{"user"}) },
		func() { _ = m.Users().SetDisabled(ctx, now, user, random.IntN(2) == 0) },
		func() { _, _ = m.Sweep(ctx, now) },
	}
	calls[random.IntN(len(calls))]()
	if random.IntN(100) == 0 {
		_ = m.Users().DeleteUser(ctx, now, user)
		_ = m.RevokeAll(ctx, now, backends.ReasonRevoked)
	}
}

func TestASessionFoundWhileItIsSweptIsThatSessionOrNone(t *testing.T) {
	m := with(t, "ann", "bob")
	for range 200 {
		ids := make([]string, 100)
		for i := range ids {
			s := session("ann", noon())
			create(t, m, s, backends.CreateOptions{})
			ids[i] = s.ID
		}
		later := noon().Add(2 * time.Hour)
		var work sync.WaitGroup
		work.Go(func() { _, _ = m.Sweep(t.Context(), later) })
		work.Go(func() {
			for range ids { // they take the places of those that are swept
				_, _ = m.Create(t.Context(), later, session("bob", later), backends.SecretHash{1}, backends.CreateOptions{})
			}
		})
		work.Go(func() {
			for _, id := range ids {
				s, _, err := m.Find(t.Context(), noon(), id, backends.SecretHash{})
				if err == nil && s.UserID != "ann" || err != nil && !errors.Is(err, backends.ErrNotFound) {
					t.Errorf("Find: a session of %q, error %v; want ann's, or ErrNotFound", s.UserID, err)
				}
			}
		})
		work.Wait()
	}
}
