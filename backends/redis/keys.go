package redis

import (
	"encoding/base64"

	"github.com/inga-auth/inga/backends"
)

// keys are the names of all keys; the value is Config.Prefix.
//
// The first two letters of a place are the hash tag of all that belongs to its users: 1024 tags, so
// that a user, their sessions and values are in one slot, and the end of all sessions is a key for
// each tag. No more than two letters, because that end writes each of these keys.
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

// session is a string: see row.go.
func (k keys) session(id string) string {
	return string(k) + "s:{" + id[:tagLen] + "}" + id[tagLen:]
}

// values is a hash: the values of a session.
func (k keys) values(id string) string { return string(k) + "v:{" + id[:tagLen] + "}" + id[tagLen:] }

// users is a hash: the users of a place by their IDs. A session's ID says no more of its user than
// the place.
func (k keys) users(place string) string {
	return string(k) + "u:{" + place[:tagLen] + "}" + place[tagLen:]
}

// list is a sorted set: the IDs of a user's sessions by when they were last seen.
func (k keys) list(userID string) string {
	return string(k) + "l:{" + backends.Place(userID)[:tagLen] + "}" + userID
}

// password is a string: the hash of a user's password.
func (k keys) password(userID string) string {
	return string(k) + "p:{" + backends.Place(userID)[:tagLen] + "}" + userID
}

// ids is a sorted set: the IDs of the users of a tag.
func (k keys) ids(tag string) string { return string(k) + "i:{" + tag + "}" }

// name is a string: the ID of the user with the name.
func (k keys) name(name string) string { return string(k) + "n:" + name }

// changes begins the keys that a feed tracks: change and epoch.
func (k keys) changes() string { return string(k) + "c:" }

// change is never there: each script that changes what a look-up finds of the user sets and deletes
// it, which is announced to those that track it.
func (k keys) change(userID string) string {
	return k.epoch(backends.Place(userID)[:tagLen]) + userID
}

// epoch is a string: when all sessions of the tag were ended.
func (k keys) epoch(tag string) string { return k.changes() + "{" + tag + "}" }

// moving is never there, and each script names it. While a slot is moved to another node, Redis
// refuses scripts of which a key is not where they run: a script never runs with half of a user's
// keys.
func (k keys) moving(tag string) string { return string(k) + "m:{" + tag + "}" }

// claim is a string: until when the name is claimed.
func (k keys) claim(name backends.NameHash) string { return string(k) + "k:" + text(name) }

// tries is a string. All have one hash tag, because a call decides about several together.
func (k keys) tries(name backends.NameHash) string { return string(k) + "a:{a}" + text(name) }

func text(name backends.NameHash) string { return base64.RawURLEncoding.EncodeToString(name[:]) }
