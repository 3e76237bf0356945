package main

import (
	"context"
	"crypto/rand"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
)

// The roles, in the order in which they are shown.
const (
	roleUser  = "user"
	roleAdmin = "admin"
)

var roles = []string{roleUser, roleAdmin}

// firstUsers exist from the first start on.
var firstUsers = []backends.User{
	{Name: "admin", Roles: []string{roleUser, roleAdmin}},
	{Name: "guest", Roles: []string{roleUser}},
}

// addFirstUsers creates those that do not exist, and returns how to log in as each, a line for
// each. The passwords are random: one that is written here would end up in production.
func (a *app) addFirstUsers(ctx context.Context) (logins string, err error) {
	for _, u := range firstUsers {
		text := "the password that was shown at the first start"
		given := strings.ToLower(rand.Text())
		_, err := a.createUser(ctx, u.Name, given, u.Roles...)
		switch {
		case err == nil:
			text = "the password " + given + " (shown only this once)"
		case !errors.Is(err, backends.ErrConflict):
			return "", err
		}
		logins += "    " + u.Name + " with " + text + "\n"
	}
	return logins, nil
}

// createUser creates a user and returns their ID.
func (a *app) createUser(ctx context.Context, name, given string, roles ...string) (string, error) {
	hash, err := a.passwords.Hash(ctx, given)
	if err != nil {
		return "", err
	}
	id := newUserID()
	return id, a.users.CreateUser(ctx, backends.User{ID: id, Name: name, Roles: roles}, hash)
}

// newUserID returns a new ID. It is not the name: a name may be used again after its account was
// deleted, and the new account must not inherit anything. It begins with the time, because users
// are listed in the order of their IDs.
func newUserID() string {
	return strconv.FormatInt(time.Now().UnixMilli(), 36) + "-" + strings.ToLower(rand.Text()[:12])
}

// canonical makes names that differ in case or spaces only the same name.
func canonical(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,31}$`)

func nameMistake(name string) string {
	if !nameForm.MatchString(name) {
		return "Two to 32 letters, digits, dots and hyphens, please."
	}
	return ""
}

// minPassword is in characters. OWASP ASVS 5.0, requirement 6.2.1, recommends 15.
const minPassword = 8

func passwordMistake(given string) string {
	switch {
	case utf8.RuneCountInString(given) < minPassword:
		return "At least " + strconv.Itoa(minPassword) + " characters, please."
	case len(given) > password.MaxLength:
		return "That is too long."
	}
	return ""
}
