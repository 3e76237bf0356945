package site

import (
	"context"
	"crypto/rand"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// The roles that there are.
const (
	RoleUser  = "user"
	RoleAdmin = "admin"
)

// Users are ann, whose password is ann-likes-tea, and root, an administrator, whose password
// is root-likes-keys. For a demonstration only.
type Users struct {
	users     backends.Users
	passwords *backends.Passwords
}

// NewUsers adds them to the backend.
func NewUsers(users backends.Users) (*Users, error) {
	passwords, err := backends.NewPasswords(backends.PasswordConfig{})
	u := &Users{users, passwords}
	if err == nil {
		err = u.add("ann", "ann-likes-tea", RoleUser)
	}
	if err == nil {
		err = u.add("root", "root-likes-keys", RoleUser, RoleAdmin)
	}
	return u, err
}

func (u *Users) add(name, password string, roles ...string) error {
	hash, err := u.passwords.Hash(context.Background(), password)
	if err != nil {
		return err
	}
	return u.users.CreateUser(context.Background(), backends.User{ID: name, Name: name, Roles: roles}, hash)
}

// Verify returns what to log in with, for whoever has the name and the password. Its error is
// [backends.ErrWrongPassword], or says that nobody could be asked.
func (u *Users) Verify(ctx context.Context, name, password string) (middleware.Login, error) {
	user, err := u.passwords.VerifyUser(ctx, u.users, name, password)
	return middleware.Login{Subject: user.ID, UserVersion: user.Version, AMR: []string{"pwd"}}, err
}

// NewKey returns a key that is good until the program ends. One for production is kept.
func NewKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	return key
}
