package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/inga-auth/inga/backends"
)

// demo is the one user. Everybody can read the password here: for a demonstration only.
var demo = demoUser{name: "ann", password: "ann-likes-tea"}

type demoUser struct{ name, password string }

// add creates the user, if there is none of the name yet.
func (u demoUser) add(ctx context.Context, users backends.Users, passwords *backends.Passwords) error {
	hash, err := passwords.Hash(ctx, u.password)
	if err == nil {
		err = users.CreateUser(ctx, backends.User{ID: u.name, Name: u.name, Roles: []string{"user"}}, hash)
	}
	if err != nil && !errors.Is(err, backends.ErrConflict) {
		return fmt.Errorf("demo user: %w", err)
	}
	return nil
}
