package password_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
)

// A member is a row of an application's own table, here in a map by e-mail address.
type member struct {
	number  int
	hash    string
	blocked bool
}

type members map[string]*member

func (m members) UserByName(_ context.Context, email string) (backends.User, string, error) {
	row, ok := m[email]
	if !ok {
		return backends.User{}, "", backends.ErrNotFound
	}
	return backends.User{ID: fmt.Sprint(row.number), Name: email, Disabled: row.blocked}, row.hash, nil
}

func (m members) Rehash(_ context.Context, userID, old, hash string) error {
	for _, row := range m { // UPDATE members SET hash = $3 WHERE number = $1 AND hash = $2
		if fmt.Sprint(row.number) == userID && row.hash == old {
			row.hash = hash
		}
	}
	return nil
}

// An application with its own table of users needs two methods. The hashes that another system
// made with bcrypt are replaced as their users log in.
func ExampleUsers() {
	table := members{"ann@example.com": {number: 42, hash: "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG"}}
	hasher, err := password.New(password.Config{})
	if err != nil {
		log.Fatal(err)
	}
	user, err := hasher.VerifyUser(context.Background(), table, "ann@example.com", "correct horse battery staple", password.Client{})
	fmt.Println(user.ID, err)
	fmt.Println(strings.HasPrefix(table["ann@example.com"].hash, "$argon2id$"))
	// Output:
	// 42 <nil>
	// true
}
