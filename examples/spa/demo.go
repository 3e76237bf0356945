package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
)

// The roles of the users.
const (
	roleUser  = "user"
	roleAdmin = "admin"
)

var roles = []string{roleUser, roleAdmin}

// demoUsers have passwords that anyone can read here: for a demonstration only.
var demoUsers = []struct {
	name, password string
	roles          []string
}{
	{"ann", "ann-likes-tea", []string{roleUser}},
	{"root", "root-likes-keys", []string{roleUser, roleAdmin}},
}

// addDemoUsers creates those that do not exist yet.
func addDemoUsers(ctx context.Context, users backends.Users, passwords *password.Hasher) error {
	for _, u := range demoUsers {
		hash, err := passwords.Hash(ctx, u.password)
		if err == nil {
			err = users.CreateUser(ctx, backends.User{ID: u.name, Name: u.name, Roles: u.roles}, hash)
		}
		if err != nil && !errors.Is(err, backends.ErrConflict) {
			return fmt.Errorf("demo user %s: %w", u.name, err)
		}
	}
	return nil
}
