package backendtest

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/inga-auth/inga/backends"
)

func noUsersPromises() []promise {
	return []promise{{"where the application keeps the users, every method says that it is unsupported", everyMethodUnsupported}}
}

func everyMethodUnsupported(t *tester) {
	o := t.begun()
	for call, err := range callAll(t.ctx, t.users()) {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v, want one that is errors.ErrUnsupported", call, err)
		}
		t.aboutTheStore(call, err)
	}
	t.unchanged(o, at(0))
}

// badHashes returns what can be no password hash.
func badHashes() map[string]string {
	bad := badText()
	delete(bad, "256 bytes") // which is valid
	bad["1025 bytes"] = strings.Repeat("h", 1025)
	return bad
}

func invalidUsers(t *tester) {
	o := t.open(t.join("ann", "user"), at(0))
	before, _ := t.named("ann")
	create := func(what string, u backends.User, hash string) {
		t.Helper()
		t.mistaken("CreateUser with "+what, t.users().CreateUser(t.ctx, u, hash))
	}
	for what, text := range notText() {
		create("ID "+what, backends.User{ID: text, Name: "bob"}, "")
		create("role "+what, backends.User{ID: "bob", Name: "bob", Roles: []string{"user", text}}, "")
		for _, id := range []string{"ann", "nobody"} {
			t.mistaken("SetRoles with "+what, t.users().SetRoles(t.ctx, id, []string{"admin", text}))
		}
	}
	for what, text := range badText() {
		create("Name "+what, backends.User{ID: "bob", Name: text}, "")
		t.nobodyNamed(text)
	}
	for what, hash := range badHashes() {
		create("hash "+what, backends.User{ID: "bob", Name: "bob"}, hash)
		for _, id := range []string{"ann", "nobody"} {
			_, err := t.users().SetPassword(t.ctx, at(0), id, 0, hash, "")
			t.mistaken("SetPassword with "+what, err)
			t.mistaken("Rehash with "+what, t.users().Rehash(t.ctx, id, "hash of ann", hash))
			t.mistaken("Rehash of "+what, t.users().Rehash(t.ctx, id, hash, "new"))
		}
	}
	t.nobodyNamed("bob")
	t.refused(session("bob", at(0)), backends.CreateOptions{}, backends.ErrNotFound)
	t.live(o, at(0))
	if u, hash := t.named("ann"); u.Version != before.Version || hash != "hash of ann" || !slices.Equal(u.Roles, []string{"user"}) {
		t.Errorf("ann is %+v with hash %q, want untouched", u, hash)
	}
}

func usersWithoutContext(t *tester) {
	o := t.open(t.join("ann", "user"), at(0))
	before, _ := t.named("ann")
	for call, err := range callAll(ended(t.ctx), t.users()) {
		t.aboutTheStore(call, err)
	}
	t.live(o, at(0))
	if u, hash := t.named("ann"); u.Version != before.Version || hash != "hash of ann" {
		t.Errorf("ann is %+v with hash %q, want untouched", u, hash)
	}
	t.nobodyNamed("bob")
}

// callAll calls all methods, in a way that works if ann exists, and returns their errors.
func callAll(ctx context.Context, users backends.Users) map[string]error {
	_, _, byName := users.UserByName(ctx, "ann")
	_, list := users.ListUsers(ctx, "", 10)
	_, password := users.SetPassword(ctx, at(0), "ann", 0, "new", "")
	return map[string]error{
		"UserByName":  byName,
		"ListUsers":   list,
		"SetPassword": password,
		"CreateUser":  users.CreateUser(ctx, backends.User{ID: "bob", Name: "bob"}, ""),
		"Rehash":      users.Rehash(ctx, "ann", "hash of ann", "new"),
		"SetRoles":    users.SetRoles(ctx, "ann", []string{"admin"}),
		"SetDisabled": users.SetDisabled(ctx, at(0), "ann", true),
		"DeleteUser":  users.DeleteUser(ctx, at(0), "ann"),
	}
}
