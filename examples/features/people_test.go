package features_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/examples/features"
)

// ann signs up and logs in, and returns her browser and ID.
func (s *shop) ann() (b *browser, id string) {
	s.t.Helper()
	b = s.browser()
	b.post("/signup", "email", "Ann@example.com", "password", "ann likes tea").want(303, "/")
	return b, s.text(`SELECT id::text FROM people WHERE email = 'ann@example.com'`)
}

func TestRolesAndBansOfTheOwnTablesHoldFromTheNextRequest(t *testing.T) {
	s := open(t)
	ann, id := s.ann()
	ann.get("/account").want(200, "account of "+id)
	ann.get("/admin").want(403, "page: Not allowed")
	s.exec(`INSERT INTO people_roles VALUES ($1::bigint, 'admin')`, id)
	ann.get("/admin").want(200, "account of "+id)
	s.exec(`DELETE FROM people_roles`)
	ann.get("/admin").want(403, "page: Not allowed")
	s.exec(`UPDATE people SET banned = true`)
	ann.get("/account").want(303, "/login?next=%2Faccount")
	s.exec(`UPDATE people SET banned = false`)
	ann.get("/account").want(303, "/login?next=%2Faccount") // what was refused because of its user stays ended
}

func TestAPersonOfTheFormerSystemLogsInWithTheirBcryptHash(t *testing.T) {
	s := open(t)
	people := features.NewPeople(s.db)
	id, err := people.Import(t.Context(), "bob@example.com", "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG")
	if err != nil {
		t.Fatal(err)
	}
	bob := s.browser()
	bob.login("bob@example.com", "correct horse battery stable").want(401, "form: /login: that is not right")
	bob.login("bob@example.com", "correct horse battery staple").want(303, "/")
	bob.get("/account").want(200, "account of "+id)
	if hash := s.text(`SELECT password_hash FROM people`); !strings.HasPrefix(hash, "$argon2id$") {
		t.Errorf("the hash is %q, want argon2id", hash)
	}
	s.browser().login("bob@example.com", "correct horse battery staple").want(303, "/")
}

func TestAPersonSignsUpWithAGoodPasswordOnce(t *testing.T) {
	s := open(t)
	b := s.browser()
	b.post("/signup", "email", "ann@example.com", "password", "Password1").want(422, "sign up: choose a password that is harder to guess")
	b.post("/signup", "email", "ann@example.com", "password", "ann likes tea").want(303, "/")
	id := s.text(`SELECT id::text FROM people`)
	b.get("/account").want(200, "account of "+id)
	s.browser().post("/signup", "email", " ANN@example.com", "password", "another one of hers").want(409, "sign up: that address has an account")
	b.post("/logout").want(303, "/login")
	b.get("/account").want(303, "/login?next=%2Faccount")
}

func TestBasicsIsALoginOnMemoryAndOnOwnTables(t *testing.T) {
	page := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) })
	}
	hasher, err := password.New(password.Config{})
	if err != nil {
		t.Fatal(err)
	}
	hash, err := hasher.Hash(t.Context(), "ann likes tea")
	if err != nil {
		t.Fatal(err)
	}
	check := func(t *testing.T, s *shop, store features.Store, users password.Users) {
		handler, err := features.Basics(store, users, random(), page("account"), page("admin"))
		if err != nil {
			t.Fatal(err)
		}
		s.serve(handler)
		b := s.browser()
		b.get("/account").wantProblem(401, "no-credentials")
		b.login("ann@example.com", "ann likes coffee").wantProblem(401, "invalid-credentials")
		b.login("ann@example.com", "ann likes tea").want(200, "")
		b.get("/account").want(200, "account")
		b.get("/admin").wantProblem(403, "forbidden")
	}
	t.Run("memory", func(t *testing.T) {
		store := memory.New()
		if err := store.Users().CreateUser(t.Context(), backends.User{ID: "u-1", Name: "ann@example.com"}, hash); err != nil {
			t.Fatal(err)
		}
		check(t, &shop{t: t}, store, store.Users())
	})
	t.Run("postgres", func(t *testing.T) {
		s := newDatabase(t)
		people := features.NewPeople(s.db)
		if _, err := people.Create(t.Context(), "ann@example.com", hash); err != nil {
			t.Fatal(err)
		}
		check(t, s, s.store(), people)
	})
}
