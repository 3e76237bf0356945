package redis

import (
	"time"

	"github.com/inga-auth/inga/backends"
)

// Row returns a session as it is stored.
func Row(s *backends.Session, h backends.SecretHash) string { return encode(s, h) }

// Account returns a user as they are stored.
func Account(u *backends.User) string { return newAccount(u) }

// Read reads what a look-up has read.
func Read(session, user, epoch, id string, now time.Time) (backends.Session, backends.User, error) {
	f := found{row(session), account(user), epoch}
	f.row.opens(backends.SecretHash{1})
	s, u, _, err := f.live(id, now)
	return s, u, err
}
