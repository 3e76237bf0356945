package redis

import (
	"crypto/rand"
	"encoding/binary"

	"github.com/inga-auth/inga/backends"
)

// An account is a user as they are stored, without their ID and password: version, epoch, whether
// disabled, when and why the epoch began, name and roles. A session is over once its user has
// another epoch than the one that it began in, so that all end at once.
//
// Versions and epochs are random: a counter that a failover sets back would give one of them twice.
type account string

// newAccount returns the account of u, with a version of its own.
func newAccount(u *backends.User) string {
	b := appendNumbers(nil, newVersion())
	b = append(b, newEpoch()...)
	b = append(b, 0)
	if u.Disabled {
		b[16] = 1
	}
	b = appendNumbers(b, 0)
	b = appendTexts(b, string(backends.ReasonUser), u.Name) // what ended the sessions of a deleted user with this ID
	return string(append(b, join(u.Roles)...))
}

// newVersion returns a version that no user has had. JSON of all languages can carry it.
func newVersion() int64 {
	for {
		if v := int64(binary.BigEndian.Uint64([]byte(newEpoch())) >> 11); v != 0 {
			return v
		}
	}
}

// newEpoch returns an epoch that has not been.
func newEpoch() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // which never fails
	return string(b[:])
}

// user returns the user with the ID, and how the sessions of former epochs ended.
func (a account) user(id string) (u backends.User, epoch string, former backends.Ended, err error) {
	c := cursor{rest: string(a)}
	u.ID, u.Version = id, c.number()
	epoch = c.take(8)
	u.Disabled = c.take(1) != "\x00"
	former = backends.Ended{At: c.time(), Reason: backends.Reason(c.text())}
	u.Name = c.text()
	u.Roles = split(c.rest)
	if c.bad {
		return backends.User{}, "", former, errRow
	}
	return u, epoch, former, nil
}

// end returns the user of the session in the row, and ends the session if it began in a former epoch.
func (a account) end(s *backends.Session, r row) (*backends.User, error) {
	u, epoch, former, err := a.user(s.UserID)
	if s.Ended.Reason == "" && string(r[ofEpochs:ofAll]) != epoch {
		s.Ended = former
	}
	return &u, err
}
