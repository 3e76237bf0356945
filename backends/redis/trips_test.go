package redis_test

import (
	"context"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

func TestEveryOperationOfARequestIsOneRoundTrip(t *testing.T) {
	client := &counter{Client: dial(t, redistest.Shared(t).Addr())}
	s := open(t, redis.Config{Client: client})
	newOperations(t, s).each(func(_ string, _ int, do func(context.Context) error) { check(t, do(t.Context())) }) // sends the scripts
	newOperations(t, s).each(func(name string, want int, do func(context.Context) error) {
		client.trips.Store(0)
		if err := do(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := client.trips.Load(); got != int64(want) {
			t.Errorf("%s: %d round trips, want %d", name, got, want)
		}
	})
}

// operations are what a request, a login or an administrator does, with users of their own.
type operations struct {
	store  *redis.Store
	s, ann backends.Session
	secret backends.Secret
	user   backends.User
}

func newOperations(t *testing.T, store *redis.Store) *operations {
	t.Helper()
	o := &operations{store: store}
	id := backends.NewID("")
	join(t, store, id)
	o.s, o.secret = login(t, store, id)
	o.ann, _ = login(t, store, id)
	o.user = must(store.FindUser(t.Context(), id))(t)
	return o
}

// each calls f with each operation in an order in which each has something to do, and in how many round
// trips.
func (o *operations) each(f func(name string, trips int, do func(context.Context) error)) {
	s, users, h := o.store, o.store.Users(), o.secret.Hash()
	budgets := []backends.Budget{backends.PerAccount("password", o.user.ID), backends.PerAccount("totp", o.user.ID)}
	limit := backends.CreateOptions{Limit: backends.Limit{Total: 3}.ForAll}
	again := o.s
	again.Begin(t0.Add(20*time.Minute), 12*time.Hour)
	binding := backends.Binding{Algorithm: "ES256", Thumbprint: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU", Key: "{}", BoundAt: t0, ProvedAt: t0}
	for _, op := range []struct {
		name  string
		trips int
		do    func(context.Context) error
	}{
		{"Find", 1, func(ctx context.Context) error { _, _, err := s.Find(ctx, t0, o.s.ID, h); return err }},
		{"Extend", 1, func(ctx context.Context) error { _, _, err := s.Extend(ctx, t0.Add(2*time.Minute), o.s.ID); return err }},
		{"Rotate", 1, func(ctx context.Context) error {
			_, _, _, err := s.Rotate(ctx, t0.Add(3*time.Minute), o.s.ID, h, 1, backends.Grace{Overlap: time.Second})
			return err
		}},
		{"MarkSeen", 1, func(ctx context.Context) error { return s.MarkSeen(ctx, t0.Add(3*time.Minute), o.s.ID, 2) }},
		{"Create", 1, func(ctx context.Context) error {
			_, err := s.Create(ctx, t0, session(o.user.ID), h, backends.CreateOptions{Replaces: o.ann.ID})
			return err
		}},
		{"Create with a limit", 2, func(ctx context.Context) error { _, err := s.Create(ctx, t0, session(o.user.ID), h, limit); return err }},
		{"Bind", 1, func(ctx context.Context) error { _, err := s.Bind(ctx, t0, o.s.ID, binding); return err }},
		{"Proved", 1, func(ctx context.Context) error { return s.Proved(ctx, t0.Add(time.Minute), o.s.ID, binding.Thumbprint) }},
		{"Reauthenticate", 1, func(ctx context.Context) error {
			return s.Reauthenticate(ctx, t0.Add(20*time.Minute), again, h, backends.ReauthenticateOptions{Former: t0, UserVersion: o.user.Version})
		}},
		{"SetValue", 1, func(ctx context.Context) error { return s.SetValue(ctx, t0, o.s.ID, "k", []byte("v")) }},
		{"Value", 1, func(ctx context.Context) error { _, err := s.Value(ctx, t0, o.s.ID, "k"); return err }},
		{"TakeValue", 1, func(ctx context.Context) error { _, err := s.TakeValue(ctx, t0, o.s.ID, "k"); return err }},
		{"Claim", 1, func(ctx context.Context) error {
			_, err := s.Claim(ctx, t0, backends.HashName("link", o.user.ID), t0.Add(time.Hour))
			return err
		}},
		{"Attempt", 2, func(ctx context.Context) error { return s.Attempt(ctx, t0, budgets...) }},
		{"Succeed", 2, func(ctx context.Context) error { return s.Succeed(ctx, t0, budgets...) }},
		{"List", 2, func(ctx context.Context) error { _, _, err := s.List(ctx, t0, o.user.ID, backends.Page{}); return err }},
		{"FindUser", 1, func(ctx context.Context) error { _, err := s.FindUser(ctx, o.user.ID); return err }},
		{"UserByName", 2, func(ctx context.Context) error { _, _, err := users.UserByName(ctx, o.user.Name); return err }},
		{"ListUsers", 2, func(ctx context.Context) error { _, err := users.ListUsers(ctx, "", 1); return err }},
		{"Rehash", 1, func(ctx context.Context) error { return users.Rehash(ctx, o.user.ID, "hash of "+o.user.ID, "stronger") }},
		{"SetRoles", 1, func(ctx context.Context) error { return users.SetRoles(ctx, o.user.ID, nil) }},
		{"SetPassword", 1, func(ctx context.Context) error {
			_, err := users.SetPassword(ctx, t0, o.user.ID, 0, "new", o.s.ID)
			return err
		}},
		{"Revoke", 1, func(ctx context.Context) error {
			_, err := s.Revoke(ctx, t0, o.s.ID, backends.ReasonLogout)
			return err
		}},
		{"RevokeUser", 1, func(ctx context.Context) error {
			_, err := s.RevokeUser(ctx, t0, o.user.ID, "", backends.ReasonRevoked)
			return err
		}},
		{"RevokeAll", 1024, func(ctx context.Context) error { return s.RevokeAll(ctx, t0, backends.ReasonRevoked) }},
		{"SetDisabled", 1, func(ctx context.Context) error { return users.SetDisabled(ctx, t0, o.user.ID, true) }},
		{"DeleteUser", 4, func(ctx context.Context) error { return users.DeleteUser(ctx, t0, o.user.ID) }},
		{"CreateUser", 4, func(ctx context.Context) error { return users.CreateUser(ctx, o.user, "") }},
	} {
		f(op.name, op.trips, op.do)
	}
}
