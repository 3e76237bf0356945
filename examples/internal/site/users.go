package site

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/clientip"
)

// The roles of the users.
const (
	RoleUser  = "user"
	RoleAdmin = "admin"
)

// A demoUser can log in with a password that anyone can read here: for a demonstration only.
type demoUser struct {
	name, password string
	roles          []string
}

var (
	ann  = demoUser{"ann", "ann-likes-tea", []string{RoleUser}}
	root = demoUser{"root", "root-likes-keys", []string{RoleUser, RoleAdmin}}
)

// Users are ann and root, an administrator. They are safe for concurrent use.
type Users struct {
	users     backends.Users
	passwords *password.Hasher
	known     *cookie.Value[password.Device]
}

// A Store keeps users, and counts tries at their passwords.
type Store interface {
	backends.UserStore
	backends.Attempts
}

// NewUsers adds them to the store.
func NewUsers(store Store) (*Users, error) {
	passwords, err1 := password.New(password.Config{Attempts: store})
	known, err2 := cookie.NewValue[password.Device](cookie.ValueConfig{
		Name: "device", Keys: [][]byte{NewKey()}, MaxAge: 365 * 24 * time.Hour,
	})
	u, err := &Users{store.Users(), passwords, known}, errors.Join(err1, err2)
	for _, d := range []demoUser{ann, root} {
		if err == nil {
			err = u.add(d)
		}
	}
	return u, err
}

func (u *Users) add(d demoUser) error {
	hash, err := u.passwords.Hash(context.Background(), d.password)
	if err != nil {
		return err
	}
	return u.users.CreateUser(context.Background(), backends.User{ID: d.name, Name: d.name, Roles: d.roles}, hash)
}

// Verify returns the login of the user with the name and the password. Its error is
// [password.ErrWrong], says that the client has to wait before it tries again, or that the store
// could not be asked.
func (u *Users) Verify(r *http.Request, name, given string) (middleware.Login, error) {
	device, _ := u.known.Get(r)
	user, err := u.passwords.VerifyUser(r.Context(), u.users, name, given, password.Client{Address: clientip.Of(r), Device: device})
	return middleware.Login{Subject: user.ID, UserVersion: user.Version, AMR: []string{"pwd"}}, err
}

// Know remembers that the user with the name has logged in with this browser. Guesses at the password
// that come from elsewhere do not keep them out of it.
func (u *Users) Know(w http.ResponseWriter, name string) error {
	return u.known.Set(w, password.Device{Name: name, ID: rand.Text()})
}

// NewKey returns a new key. An application keeps its keys, so that a restart logs no one out.
func NewKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never returns an error
	return key
}
