package backendtest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/inga-auth/inga/backends"
)

// A Harness is a store under test, and how the suite gets users into it.
//
// A store that implements [backends.Users] needs neither function. Any other has its
// users put there by the application, and the functions stand for the application. A
// store that can do both ways is worth a Run for each.
type Harness struct {
	// Store is empty: no session and no user.
	Store backends.Store

	// PutUser makes the user u.ID exist as u says: it adds the user or replaces what
	// differs. The suite gives each change of a user a higher u.Version; a store may use
	// another that has not been this user's before.
	PutUser func(t testing.TB, u backends.User)

	// DropUser makes the user not exist.
	DropUser func(t testing.TB, id string)
}

// Run tests the promises of every contract that the store implements, each in a subtest,
// one after the other. open is called once for each of them, with its own t, and returns
// an empty store; what it opened is closed in t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Run("Store", func(t *testing.T) { run(t, open, storePromises()) })
	t.Run("Rotator", func(t *testing.T) { runOptional[backends.Rotator](t, open, rotatorPromises) })
	t.Run("Values", func(t *testing.T) { runOptional[backends.Values](t, open, valuesPromises) })
	t.Run("Feed", func(t *testing.T) { runOptional[backends.Feed](t, open, feedPromises) })
	t.Run("Directory", func(t *testing.T) { runOptional[backends.Directory](t, open, directoryPromises) })
	t.Run("Sweeper", func(t *testing.T) { runOptional[backends.Sweeper](t, open, sweeperPromises) })
	t.Run("Users", func(t *testing.T) { runOptional[backends.Users](t, open, usersPromises) })
}

// storePromises are those of backends.Store, which every store has.
func storePromises() []promise {
	return slices.Concat(
		createPromises(),
		admissionPromises(),
		findPromises(),
		clockPromises(),
		extendPromises(),
		reauthenticatePromises(),
		revokePromises(),
	)
}

// A promise is a sentence about a store, and the test of it.
type promise struct {
	says string
	test func(t *tester)
}

func run(t *testing.T, open func(*testing.T) Harness, promises []promise) {
	for _, p := range promises {
		t.Run(p.says, func(t *testing.T) { p.test(newTester(t, open(t))) })
	}
}

// runOptional runs the promises of the contract C, if the store has its methods.
func runOptional[C any](t *testing.T, open func(*testing.T) Harness, promises func() []promise) {
	if _, ok := open(t).Store.(C); !ok {
		t.Skip("the store does not implement this contract")
	}
	run(t, open, promises())
}

func newTester(t *testing.T, h Harness) *tester {
	t.Helper()
	if h.Store == nil {
		t.Fatal("backendtest: Harness.Store is nil")
	}
	if (h.PutUser == nil) != (h.DropUser == nil) {
		t.Fatal("backendtest: Harness has one of PutUser and DropUser, want both or neither")
	}
	if h.PutUser == nil {
		users, ok := h.Store.(backends.Users)
		if !ok {
			t.Fatal("backendtest: Harness.PutUser is nil, and the store does not implement backends.Users")
		}
		h.PutUser, h.DropUser = throughUsers(users)
	}
	return &tester{T: t, Harness: h, ctx: t.Context()}
}

// throughUsers has the store's own methods do the work of PutUser and DropUser.
func throughUsers(users backends.Users) (put func(testing.TB, backends.User), drop func(testing.TB, string)) {
	put = func(t testing.TB, u backends.User) {
		t.Helper()
		ctx := context.Background()
		err := users.CreateUser(ctx, u, "")
		if errors.Is(err, backends.ErrConflict) {
			err = errors.Join(users.SetRoles(ctx, u.ID, u.Roles), users.SetDisabled(ctx, at(0), u.ID, u.Disabled))
		}
		if err != nil {
			t.Fatalf("putting user %q: %v", u.ID, err)
		}
	}
	drop = func(t testing.TB, id string) {
		t.Helper()
		if err := users.DeleteUser(context.Background(), at(0), id); err != nil {
			t.Fatalf("dropping user %q: %v", id, err)
		}
	}
	return put, drop
}
