package redis

import (
	"encoding/base64"

	"github.com/inga-auth/inga/backends"
)

// keys are the names of all keys; the value is Config.Prefix.
//
// The first two letters of a place are the hash tag of all that belongs to its users: 1024 tags, so
// that a user with their sessions and values is in one slot, and the end of all sessions is a key
// for each tag. The scripts make the same names; see scripts/lib.lua.
type keys string

const tagLen = 2

// tags returns all hash tags.
func tags() []string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	all := make([]string, 0, len(letters)*len(letters))
	for _, a := range letters {
		for _, b := range letters {
			all = append(all, string([]rune{a, b}))
		}
	}
	return all
}

// tag returns the hash tag of a session or place, of which it is the beginning.
func tag(id string) string { return id[:tagLen] }

// tagged returns the key of a kind for what follows the tag.
func (k keys) tagged(kind, tag, rest string) string {
	return string(k) + kind + ":{" + tag + "}" + rest
}

// session is a string; see row.go. It and its values go when they can no longer be used.
func (k keys) session(id string) string { return k.tagged("s", tag(id), id[tagLen:]) }

// values is a hash: the values of a session.
func (k keys) values(id string) string { return k.tagged("v", tag(id), id[tagLen:]) }

// users is a hash: the users of a place by their IDs; see account.go. The ID of a session says no
// more of its user than the place.
func (k keys) users(place string) string {
	return k.tagged("u", tag(place), place[tagLen:len(backends.Place(""))])
}

// list is a sorted set: the IDs of a user's sessions by when they were last seen.
func (k keys) list(userID string) string { return k.tagged("l", tag(backends.Place(userID)), userID) }

// password is a string: the hash of a user's password.
func (k keys) password(userID string) string {
	return k.tagged("p", tag(backends.Place(userID)), userID)
}

// ids is a sorted set: the IDs of the users of a tag.
func (k keys) ids(tag string) string { return k.tagged("i", tag, "") }

// changes begins the keys that a feed tracks. The one of a tag is a string: when and why all
// sessions of the tag were ended. Those that have the ID of a user after it are never there: each
// script that changes what a look-up finds of a user sets and deletes one, which Redis announces.
func (k keys) changes() string { return string(k) + "c:" }

// epoch is the string of a tag among changes.
func (k keys) epoch(tag string) string { return k.tagged("c", tag, "") }

// moving are never there, and each script about users and sessions names them. While a slot is moved
// to another node Redis refuses scripts that name several keys of which one is missing: none runs with
// half of a user's keys. That is why scripts need not name the others, most of which they learn
// from the row of a session.
func (k keys) moving(tag string) []string {
	key := k.tagged("m", tag, "")
	return []string{key, key + "2"}
}

// name is a string: the ID of the user with the name; see names.go.
func (k keys) name(name string) string { return string(k) + "n:" + name }

// claim is a string: until when the name is claimed.
func (k keys) claim(name backends.NameHash) string { return string(k) + "k:" + digits(name) }

// tries is a string. All have one hash tag, because a call decides about several together.
func (k keys) tries(name backends.NameHash) string { return k.tagged("a", "a", digits(name)) }

func digits(name backends.NameHash) string { return base64.RawURLEncoding.EncodeToString(name[:]) }
