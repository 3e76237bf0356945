package backendtest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends"
)

// A Harness is a store under test, and how the suite adds users to it.
//
// Leave the functions nil to test a [backends.UserStore] with the users that it keeps. For any
// other store they stand for the application that has a users table of its own. A store that
// can do both deserves a Run for each.
type Harness struct {
	// Store is the store under test. It has no sessions and no users.
	Store backends.Store

	// PutUser adds u, or replaces the user with the ID u.ID by it. The suite gives each change a
	// higher u.Version. A store may use another one that this user has not had before. It is
	// called while methods of Store run.
	PutUser func(t testing.TB, u backends.User)

	// DropUser removes the user.
	DropUser func(t testing.TB, id string)
}

// Run tests every contract that the store supports, each promise in a subtest, one after the
// other. It calls open for each subtest, and once more to see what the store supports. open
// returns an empty store and releases in t.Cleanup what it has opened.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	probe := newTester(t, open(t))
	var missing []string
	for _, c := range contracts(probe) {
		if !c.supported(probe) {
			missing = append(missing, c.name)
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			for _, p := range c.promises {
				t.Run(p.says, func(t *testing.T) { p.test(newTester(t, open(t))) })
			}
		})
	}
	if len(missing) > 0 {
		t.Logf("backendtest: not run, because the store does not support them: %s", strings.Join(missing, ", "))
	}
}

// A contract is a set of promises that a store supports or does not.
type contract struct {
	name      string
	supported func(*tester) bool
	promises  []promise
}

// A promise is a sentence about a store, and the test of it.
type promise struct {
	says string
	test func(t *tester)
}

func contracts(t *tester) []contract {
	users := usersPromises()
	if !keepsUsers(t) {
		users = noUsersPromises()
	}
	return []contract{
		{"Store", supports[backends.Store], storePromises()},
		{"Rotator", supports[backends.Rotator], rotatorPromises()},
		{"SessionLister", supports[backends.SessionLister], listerPromises()},
		{"Sweeper", supports[backends.Sweeper], sweeperPromises()},
		{"Values", supports[backends.Values], valuesPromises()},
		{"Binder", supports[backends.Binder], binderPromises()},
		{"Claims", supports[backends.Claims], claimsPromises()},
		{"Attempts", supports[backends.Attempts], attemptsPromises()},
		{"Feed", supports[backends.Feed], feedPromises()},
		{"Subscriber", supports[backends.Subscriber], subscriberPromises()},
		{"UserFinder", supports[backends.UserFinder], finderPromises()},
		{"UserStore", supports[backends.UserStore], users},
	}
}

// storePromises are those of backends.Store, which every store has.
func storePromises() []promise {
	return slices.Concat(
		createPromises(),
		limitPromises(),
		actorPromises(),
		findPromises(),
		clockPromises(),
		extendPromises(),
		reauthenticatePromises(),
		revokePromises(),
		invalidPromises(),
	)
}

func supports[C any](t *tester) bool { return backends.Supports[C](t.Store) }

// keepsUsers reports whether the store keeps users: the methods of a UserStore that leaves them
// to the application say that they are not supported.
func keepsUsers(t *tester) bool {
	if !supports[backends.UserStore](t) {
		return false
	}
	_, err := t.users().ListUsers(t.ctx, "", 1)
	return !errors.Is(err, errors.ErrUnsupported)
}

func newTester(t *testing.T, h Harness) *tester {
	t.Helper()
	if h.Store == nil {
		t.Fatal("backendtest: Harness.Store is nil")
	}
	if (h.PutUser == nil) != (h.DropUser == nil) {
		t.Fatal("backendtest: Harness has one of PutUser and DropUser, want both or neither")
	}
	test := &tester{T: t, Harness: h, ctx: t.Context()}
	if h.PutUser == nil {
		if !keepsUsers(test) {
			t.Fatal("backendtest: Harness.PutUser is nil, and the store keeps no users")
		}
		test.ownUsers = true
		test.PutUser, test.DropUser = throughUsers(test.users())
	}
	return test
}

// throughUsers implements PutUser and DropUser by the store's own methods.
func throughUsers(users backends.Users) (put func(testing.TB, backends.User), drop func(testing.TB, string)) {
	ctx := context.Background()
	put = func(t testing.TB, u backends.User) {
		t.Helper()
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
		if err := users.DeleteUser(ctx, at(0), id); err != nil {
			t.Fatalf("dropping user %q: %v", id, err)
		}
	}
	return put, drop
}
