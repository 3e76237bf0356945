package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
)

// The roles, in the order in which they are shown.
const (
	roleUser  = "user"
	roleAdmin = "admin"
)

var roles = []string{roleUser, roleAdmin}

// A demoUser can log in with a password that anyone can read here: for a demonstration only.
type demoUser struct {
	Name, Password string
	Roles          []string
	hash           string // of the password; computed at the start if it is ""
}

var demoUsers = []demoUser{
	{Name: "ann", Password: "ann-likes-tea", Roles: []string{roleUser}},
	{Name: "root", Password: "root-likes-keys", Roles: []string{roleUser, roleAdmin}},
}

// addDemoUsers creates those that do not exist yet.
func addDemoUsers(ctx context.Context, users backends.Users, passwords *password.Hasher, list []demoUser) error {
	for _, u := range list {
		if err := u.add(ctx, users, passwords); err != nil && !errors.Is(err, backends.ErrConflict) {
			return fmt.Errorf("demo user %s: %w", u.Name, err)
		}
	}
	return nil
}

func (u demoUser) add(ctx context.Context, users backends.Users, passwords *password.Hasher) (err error) {
	if u.hash == "" {
		u.hash, err = passwords.Hash(ctx, u.Password)
	}
	if err != nil {
		return err
	}
	return users.CreateUser(ctx, backends.User{ID: u.Name, Name: u.Name, Roles: u.Roles}, u.hash)
}
