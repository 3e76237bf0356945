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
)

// The roles that there are, in the order in which they are shown.
const (
	roleUser  = "user"
	roleAdmin = "admin"
)

var roles = []string{roleUser, roleAdmin}

// adminName is who administers the application at first.
const adminName = "admin"

// addAdmin creates the first administrator, and returns the password, "" if there is one already.
//
// Not a password that is written here: what is deployed keeps it.
func (a *app) addAdmin(ctx context.Context) (string, error) {
	_, _, err := a.users.UserByName(ctx, adminName)
	if !errors.Is(err, backends.ErrNotFound) {
		return "", err
	}
	password := strings.ToLower(rand.Text())
	_, err = a.createUser(ctx, adminName, password, roleUser, roleAdmin)
	if errors.Is(err, backends.ErrConflict) {
		return "", nil // another process was faster
	}
	return password, err
}

// createUser creates a user and returns their ID.
func (a *app) createUser(ctx context.Context, name, password string, roles ...string) (string, error) {
	hash, err := a.passwords.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	id := newUserID()
	return id, a.users.CreateUser(ctx, backends.User{ID: id, Name: name, Roles: roles}, hash)
}

// newUserID returns an ID that nobody has had: a name may be taken again after its account was
// deleted, and must not bring anything of the former one along. Users are listed by ID, so it
// begins with the time.
func newUserID() string {
	return strconv.FormatInt(time.Now().UnixMilli(), 36) + "-" + strings.ToLower(rand.Text()[:12])
}

// A name is the same in capitals: nobody is to be taken for somebody else.
func canonical(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,31}$`)

func nameMistake(name string) string {
	if !nameForm.MatchString(name) {
		return "Two to 32 letters, digits, dots and hyphens, please."
	}
	return ""
}

// minPassword is in characters: OWASP ASVS 5.0, requirement 6.2.1, which recommends 15.
const minPassword = 8

func passwordMistake(password string) string {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return "At least " + strconv.Itoa(minPassword) + " characters, please."
	case len(password) > backends.MaxPassword:
		return "That is too long."
	}
	return ""
}
