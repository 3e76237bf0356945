package backendtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/inga-auth/inga/backends"
)

func usersPromises() []promise {
	return slices.Concat(userPromises(), credentialPromises())
}

func userPromises() []promise {
	return []promise{
		{"a user who was created is found by name, with the password hash", foundByName},
		{"names are compared exactly", namesAreExact},
		{"an ID or a name that is taken is a conflict, and takes nothing", takenUser},
		{"of simultaneous creations with one name exactly one succeeds", oneNameOnce},
		{"every text that is valid is kept", validUserText},
		{"a user without a name is found by none, and there may be many", unnamedUsers},
		{"a user, a role or a password hash that is not valid is a mistake, and changes nothing", invalidUsers},
		{"the version of a new user is the store's own, and never 0", firstVersion},
		{"a user may be created disabled", createdDisabled},
		{"users are listed page by page, in the order of their IDs", listedByPage},
		{"an unknown user cannot be changed", unknownUser},
		{"slices of users are the caller's own", userCopies},
		{"with a context that has ended every method fails and changes nothing", usersWithoutContext},
	}
}

func (t *tester) users() backends.Users { return t.Store.(backends.UserStore).Users() }

// join creates a user with a password hash.
func (t *tester) join(id string, roles ...string) string {
	t.Helper()
	if err := t.users().CreateUser(t.ctx, backends.User{ID: id, Name: id, Roles: roles}, "hash of "+id); err != nil {
		t.Fatalf("CreateUser %q: %v", id, err)
	}
	return id
}

// named returns the user of that name and their password hash.
func (t *tester) named(name string) (backends.User, string) {
	t.Helper()
	u, hash, err := t.users().UserByName(t.ctx, name)
	if err != nil {
		t.Fatalf("UserByName %q: %v", name, err)
	}
	return u, hash
}

func (t *tester) nobodyNamed(name string) {
	t.Helper()
	if u, _, err := t.users().UserByName(t.ctx, name); !errors.Is(err, backends.ErrNotFound) {
		t.Errorf("UserByName %.40q: user %q, error %v; want ErrNotFound", name, u.ID, err)
	}
}

func foundByName(t *tester) {
	t.ok("CreateUser", t.users().CreateUser(t.ctx, backends.User{ID: "u-1", Name: "ann", Roles: []string{"user", "admin"}}, "$argon2id$…"))
	u, hash := t.named("ann")
	if u.ID != "u-1" || u.Name != "ann" || !slices.Equal(u.Roles, []string{"user", "admin"}) || u.Disabled || hash != "$argon2id$…" {
		t.Errorf("user %+v with hash %q, want u-1, ann, [user admin], enabled, $argon2id$…", u, hash)
	}
	t.nobodyNamed("u-1")
	_, found := t.live(t.open("u-1", at(0)), at(0))
	if found.ID != u.ID || found.Name != u.Name || found.Version != u.Version {
		t.Errorf("a session's user is %+v, by name it is %+v; want the same", found, u)
	}
}

func namesAreExact(t *tester) {
	t.join("ann")
	t.join("Ann")
	for _, name := range []string{"ANN", "ann ", " ann", "an", "ann%", "a_n", "", "a\u0301nn"} {
		t.nobodyNamed(name)
	}
	if u, _ := t.named("Ann"); u.ID != "Ann" {
		t.Errorf("Ann is %q, want Ann", u.ID)
	}
	t.ok("CreateUser", t.users().CreateUser(t.ctx, backends.User{ID: "composed", Name: "\u00e9"}, ""))
	t.nobodyNamed("e\u0301")
}

func takenUser(t *tester) {
	t.join("ann", "user")
	for _, u := range []backends.User{
		{ID: "ann", Name: "ann", Roles: []string{"admin"}},
		{ID: "ann", Name: "free name", Roles: []string{"admin"}},
		{ID: "free ID", Name: "ann", Roles: []string{"admin"}},
	} {
		if err := t.users().CreateUser(t.ctx, u, "stolen"); !errors.Is(err, backends.ErrConflict) {
			t.Errorf("CreateUser %q, %q: %v, want ErrConflict", u.ID, u.Name, err)
		}
	}
	if u, hash := t.named("ann"); u.ID != "ann" || hash != "hash of ann" || !slices.Equal(u.Roles, []string{"user"}) {
		t.Errorf("ann is %+v with hash %q now, want as she was", u, hash)
	}
	t.nobodyNamed("free name")
	t.ok("CreateUser with what was free", t.users().CreateUser(t.ctx, backends.User{ID: "free ID", Name: "free name"}, ""))
}

func oneNameOnce(t *tester) {
	for i := range rounds {
		name := fmt.Sprintf("user %d", i)
		var nr, created atomic.Int32
		together(nTimes(8, func() {
			u := backends.User{ID: fmt.Sprintf("%d-%d", i, nr.Add(1)), Name: name}
			switch err := t.users().CreateUser(t.ctx, u, ""); {
			case err == nil:
				created.Add(1)
			case !errors.Is(err, backends.ErrConflict):
				t.Errorf("CreateUser: %v, want ErrConflict", err)
			}
		})...)
		if created.Load() != 1 {
			t.Fatalf("%d of 8 users of one name were created, want 1", created.Load())
		}
		t.named(name)
	}
}

func validUserText(t *tester) {
	longest := strings.Repeat("h", 1024)
	t.ok("CreateUser", t.users().CreateUser(t.ctx, backends.User{ID: "longest hash", Name: "longest hash"}, longest))
	if _, hash := t.named("longest hash"); hash != longest {
		t.Errorf("hash %q, want 1024 bytes", hash)
	}
	for _, text := range []string{"x", "안나", "o'Hara; DROP TABLE users--", `a"b\c{d},e`, "ann@example.com", "😀", "%_", strings.Repeat("x", 255), "NULL"} {
		t.ok("CreateUser", t.users().CreateUser(t.ctx, backends.User{ID: text, Name: text, Roles: []string{text, "user"}}, text))
		u, hash := t.named(text)
		if u.ID != text || u.Name != text || !slices.Equal(u.Roles, []string{text, "user"}) || hash != text {
			t.Errorf("got %+v with hash %q, want %q in every field", u, hash, text)
		}
		s, _ := t.live(t.open(text, at(0)), at(0))
		if s.UserID != text {
			t.Errorf("session of %q, want of %q", s.UserID, text)
		}
	}
}

func unnamedUsers(t *tester) {
	t.join("ann")
	for _, id := range []string{"device 1", "device 2"} {
		t.ok("CreateUser", t.users().CreateUser(t.ctx, backends.User{ID: id, Roles: []string{"user"}}, ""))
		_, u := t.live(t.open(id, at(0)), at(0))
		if u.ID != id || u.Name != "" || !slices.Equal(u.Roles, []string{"user"}) {
			t.Errorf("user %+v, want %q without a name", u, id)
		}
	}
	t.nobodyNamed("")
	list, err := t.users().ListUsers(t.ctx, "ann", 10)
	t.ok("ListUsers", err)
	if len(list) != 2 || list[0].ID != "device 1" || list[0].Name != "" || list[1].ID != "device 2" {
		t.Errorf("listed %+v, want the two without a name", list)
	}
	t.ok("SetRoles", t.users().SetRoles(t.ctx, "device 1", nil))
	t.ok("DeleteUser", t.users().DeleteUser(t.ctx, at(0), "device 2"))
	t.page("", 10, "anndevice 1")
}

func firstVersion(t *tester) {
	// For Create the version 0 stands for any version.
	for _, v := range []int64{0, -1, 42, 1 << 62} {
		id := fmt.Sprint("user ", v)
		t.ok("CreateUser", t.users().CreateUser(t.ctx, backends.User{ID: id, Name: id, Version: v}, ""))
		if u, _ := t.named(id); u.Version == 0 || u.Version == v {
			t.Errorf("version %d for a user created with %d; want neither that nor 0", u.Version, v)
		}
	}
}

func createdDisabled(t *tester) {
	t.ok("CreateUser", t.users().CreateUser(t.ctx, backends.User{ID: "ann", Name: "ann", Disabled: true}, ""))
	if u, _ := t.named("ann"); !u.Disabled {
		t.Error("the user is enabled, want disabled")
	}
	t.refused(session("ann", at(0)), backends.CreateOptions{}, backends.ErrUserDisabled)
}

func listedByPage(t *tester) {
	for _, id := range []string{"d", "a", "g", "c", "f", "b", "e"} {
		t.join(id, "user")
	}
	for _, page := range []struct {
		after string
		limit int
		want  string
	}{
		{"", 3, "abc"}, {"c", 3, "def"}, {"f", 3, "g"}, {"g", 3, ""},
		{"", 7, "abcdefg"}, {"", 100, "abcdefg"}, {"", 1, "a"}, {"cc", 2, "de"}, {"z", 2, ""},
	} {
		t.page(page.after, page.limit, page.want)
	}
	t.ok("DeleteUser", t.users().DeleteUser(t.ctx, at(0), "c"))
	t.page("", 3, "abd")
	t.page("c", 3, "def") // c was deleted after the page that ends with it
	t.page("", 0, "")
	t.page("", -1, "")
	for _, never := range []string{"\x00", "\xff", strings.Repeat("a", 256)} {
		list, err := t.users().ListUsers(t.ctx, never, 1)
		if t.mistaken("ListUsers after what is no ID", err); len(list) != 0 {
			t.Errorf("listed %+v after what is no ID", list)
		}
	}
	list, err := t.users().ListUsers(t.ctx, "", 1)
	t.ok("ListUsers", err)
	if u, _ := t.named("a"); len(list) != 1 || list[0].Name != "a" || !slices.Equal(list[0].Roles, u.Roles) || list[0].Version != u.Version {
		t.Errorf("listed %+v, want %+v", list, u)
	}
}

func (t *tester) page(after string, limit int, want string) {
	t.Helper()
	list, err := t.users().ListUsers(t.ctx, after, limit)
	t.ok("ListUsers", err)
	var got string
	for _, u := range list {
		got += u.ID
	}
	if got != want {
		t.Errorf("the first %d after %q are %q, want %q", limit, after, got, want)
	}
}

func unknownUser(t *tester) {
	ids := notText()
	ids["unknown"] = "bob"
	ids["other case"] = "ANN"
	t.join("ann")
	for what, id := range ids {
		_, err := t.users().SetPassword(t.ctx, at(0), id, 0, "new", "")
		for call, err := range map[string]error{
			"SetPassword": err,
			"Rehash":      t.users().Rehash(t.ctx, id, "hash of ann", "new"),
			"SetRoles":    t.users().SetRoles(t.ctx, id, []string{"admin"}),
			"SetDisabled": t.users().SetDisabled(t.ctx, at(0), id, true),
			"DeleteUser":  t.users().DeleteUser(t.ctx, at(0), id),
		} {
			if !errors.Is(err, backends.ErrNotFound) {
				t.Errorf("%s for a user who is %s: %v, want ErrNotFound", call, what, err)
			}
		}
	}
	if u, hash := t.named("ann"); u.Disabled || len(u.Roles) > 0 || hash != "hash of ann" {
		t.Errorf("ann is %+v with hash %q, want untouched", u, hash)
	}
}

func userCopies(t *tester) {
	created, set := []string{"user"}, []string{"user"}
	t.ok("CreateUser", t.users().CreateUser(t.ctx, backends.User{ID: "ann", Name: "ann", Roles: created}, ""))
	t.join("bob")
	t.ok("SetRoles", t.users().SetRoles(t.ctx, "bob", set))
	created[0], set[0] = "admin", "admin"
	for range 2 { // what the first round changes, the second must not see
		list, err := t.users().ListUsers(t.ctx, "", 10)
		t.ok("ListUsers", err)
		ann, _ := t.named("ann")
		bob, _ := t.named("bob")
		for _, u := range append(list, ann, bob) {
			if !slices.Equal(u.Roles, []string{"user"}) {
				t.Fatalf("roles of %s are %q, want [user]: the store shares slices with its caller", u.ID, u.Roles)
			}
			u.Roles[0] = "admin"
		}
	}
}

// newVersion fails the test if the change leaves the user's version as it was, and returns
// the former version.
func (t *tester) newVersion(name string, change func() error) (before int64) {
	t.Helper()
	u, _ := t.named(name)
	t.ok("changing "+name, change())
	if now, _ := t.named(name); now.Version == u.Version {
		t.Errorf("the version of %s is %d before and after, want another", name, u.Version)
	}
	return u.Version
}
