package backendtest

import (
	"errors"
	"slices"

	"github.com/inga-auth/inga/backends"
)

func finderPromises() []promise {
	return []promise{
		{"a user is found by ID, disabled or not", userFound},
		{"a user who does not exist is not found", userNotFound},
		{"what FindUser returned is the caller's own", foundUserCopies},
		{"FindUser with a context that has ended says nothing about the user", findUserWithoutContext},
	}
}

func (t *tester) finder() backends.UserFinder { return t.Store.(backends.UserFinder) }

func userFound(t *tester) {
	t.user("ann", "user", "admin")
	t.disable("bob")
	u, err := t.finder().FindUser(t.ctx, "ann")
	if err != nil || u.ID != "ann" || !slices.Equal(u.Roles, []string{"user", "admin"}) || u.Disabled || u.Version == 0 {
		t.Errorf("FindUser: %+v, error %v; want ann with the roles user and admin", u, err)
	}
	if u, err := t.finder().FindUser(t.ctx, "bob"); err != nil || u.ID != "bob" || !u.Disabled {
		t.Errorf("FindUser: %+v, error %v; want bob, disabled", u, err)
	}
}

func userNotFound(t *tester) {
	t.user("ann")
	t.user("bob")
	t.DropUser(t.T, "bob")
	ids := notText()
	ids["deleted"], ids["other case"] = "bob", "ANN"
	for what, id := range ids {
		if u, err := t.finder().FindUser(t.ctx, id); !errors.Is(err, backends.ErrNotFound) {
			t.Errorf("%s: %+v, error %v; want ErrNotFound", what, u, err)
		}
	}
}

func foundUserCopies(t *tester) {
	t.user("ann", "user")
	for range 2 { // what the first round changes, the second must not see
		u, err := t.finder().FindUser(t.ctx, "ann")
		t.ok("FindUser", err)
		if !slices.Equal(u.Roles, []string{"user"}) {
			t.Fatalf("roles %q, want [user]: the store shares slices with its caller", u.Roles)
		}
		u.Roles[0] = "root"
	}
}

func findUserWithoutContext(t *tester) {
	t.user("ann")
	_, err := t.finder().FindUser(ended(t.ctx), "ann")
	t.aboutTheStore("FindUser", err)
}
