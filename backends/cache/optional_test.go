package cache_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

// minimal has the five methods that every backend has.
type minimal struct{ backends.Store }

func TestWhatTheBackendLacksIsAnErrorThatSaysSo(t *testing.T) {
	ctx, now := t.Context(), time.Now()
	s := newCache(t, minimal{memory.New()})
	users := s.Users()
	for call, row := range map[string]struct {
		lacks string
		do    func() error
	}{
		"Rotate": {"backends.Rotator", func() error {
			_, _, _, err := s.Rotate(ctx, now, "id", backends.SecretHash{}, 1, backends.Grace{})
			return err
		}},
		"MarkSeen":    {"backends.Rotator", func() error { return s.MarkSeen(ctx, now, "id", 1) }},
		"List":        {"backends.SessionLister", func() error { _, _, err := s.List(ctx, now, "ann", backends.Page{}); return err }},
		"RevokeUser":  {"backends.SessionLister", func() error { _, err := s.RevokeUser(ctx, now, "ann", "", "why"); return err }},
		"RevokeAll":   {"backends.SessionLister", func() error { return s.RevokeAll(ctx, now, "why") }},
		"Sweep":       {"backends.Sweeper", func() error { _, err := s.Sweep(ctx, now); return err }},
		"SetValue":    {"backends.Values", func() error { return s.SetValue(ctx, now, "id", "key", nil) }},
		"Value":       {"backends.Values", func() error { _, err := s.Value(ctx, now, "id", "key"); return err }},
		"TakeValue":   {"backends.Values", func() error { _, err := s.TakeValue(ctx, now, "id", "key"); return err }},
		"Bind":        {"backends.Binder", func() error { _, err := s.Bind(ctx, now, "id", backends.Binding{}); return err }},
		"Proved":      {"backends.Binder", func() error { return s.Proved(ctx, now, "id", "key") }},
		"Claim":       {"backends.Claims", func() error { _, err := s.Claim(ctx, now, backends.NameHash{}, now); return err }},
		"Attempt":     {"backends.Attempts", func() error { return s.Attempt(ctx, now) }},
		"Succeed":     {"backends.Attempts", func() error { return s.Succeed(ctx, now) }},
		"Watch":       {"backends.Feed", func() error { return s.Watch(ctx, time.Second, nil) }},
		"Follow":      {"backends.Feed", func() error { return s.Follow(ctx, nil) }},
		"FindUser":    {"backends.UserFinder", func() error { _, err := s.FindUser(ctx, "ann"); return err }},
		"CreateUser":  {"backends.UserStore", func() error { return users.CreateUser(ctx, backends.User{ID: "ann"}, "") }},
		"UserByName":  {"backends.UserStore", func() error { _, _, err := users.UserByName(ctx, "ann"); return err }},
		"ListUsers":   {"backends.UserStore", func() error { _, err := users.ListUsers(ctx, "", 1); return err }},
		"SetPassword": {"backends.UserStore", func() error { _, err := users.SetPassword(ctx, now, "ann", 0, "", ""); return err }},
		"Rehash":      {"backends.UserStore", func() error { return users.Rehash(ctx, "ann", "", "") }},
		"SetRoles":    {"backends.UserStore", func() error { return users.SetRoles(ctx, "ann", nil) }},
		"SetDisabled": {"backends.UserStore", func() error { return users.SetDisabled(ctx, now, "ann", true) }},
		"DeleteUser":  {"backends.UserStore", func() error { return users.DeleteUser(ctx, now, "ann") }},
	} {
		err := row.do()
		if !errors.Is(err, errors.ErrUnsupported) || !strings.Contains(err.Error(), "cache_test.minimal") || !strings.Contains(err.Error(), row.lacks) {
			t.Errorf("%s: %v, want ErrUnsupported that names the backend and %s", call, err, row.lacks)
		}
	}
}

func TestTheCacheSupportsWhatItsBackendDoes(t *testing.T) {
	supported := func(b backends.Store) (all []string) {
		s := newCache(t, b)
		for name, ok := range map[string]bool{
			"Rotator":       backends.Supports[backends.Rotator](s),
			"SessionLister": backends.Supports[backends.SessionLister](s),
			"Sweeper":       backends.Supports[backends.Sweeper](s),
			"Values":        backends.Supports[backends.Values](s),
			"Binder":        backends.Supports[backends.Binder](s),
			"Claims":        backends.Supports[backends.Claims](s),
			"Attempts":      backends.Supports[backends.Attempts](s),
			"Feed":          backends.Supports[backends.Feed](s),
			"UserFinder":    backends.Supports[backends.UserFinder](s),
			"UserStore":     backends.Supports[backends.UserStore](s),
			"Subscriber":    backends.Supports[backends.Subscriber](s),
		} {
			if ok {
				all = append(all, name)
			}
		}
		slices.Sort(all)
		return all
	}
	if got := supported(minimal{memory.New()}); !slices.Equal(got, []string{"Subscriber"}) {
		t.Errorf("around a minimal store: %q, want Subscriber alone, which needs nothing of it", got)
	}
	want := []string{"Attempts", "Binder", "Claims", "Feed", "Rotator", "SessionLister", "Subscriber", "Sweeper", "UserFinder", "UserStore", "Values"}
	if got := supported(memory.New()); !slices.Equal(got, want) {
		t.Errorf("around a full store: %q, want %q", got, want)
	}
}

func TestAMinimalStoreIsReadAgainAfterMaxLag(t *testing.T) {
	m := memory.New()
	if err := m.Users().CreateUser(t.Context(), backends.User{ID: "ann"}, ""); err != nil {
		t.Fatal(err)
	}
	s := newCache(t, minimal{m})
	id, secret := login(t.Context(), s, "ann")
	if _, _, err := s.Find(t.Context(), time.Now(), id, secret.Hash()); err != nil {
		t.Fatal(err)
	}
	if s.Following() {
		t.Error("Following without a feed")
	}
	if ok, err := s.Revoke(t.Context(), time.Now(), id, backends.ReasonLogout); !ok || err != nil {
		t.Fatalf("Revoke: %v, %v", ok, err)
	}
	if _, _, err := s.Find(t.Context(), time.Now(), id, secret.Hash()); !errors.Is(err, backends.ErrRevoked) {
		t.Errorf("%v, want ErrRevoked", err)
	}
}
