package recall

import (
	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/record"
)

// An Entry is a cached session with its user. It is shared and must not be changed.
type Entry struct {
	// names are the session's ID, the user's ID and the user's name: three strings would cost
	// two more objects and half as much memory again.
	names     string
	endOfUser int

	Session record.Session
	User    record.User
}

// NewEntry returns an entry for a session and its user. h is the hash of the session's secret,
// zero if it is not known.
func NewEntry(s *backends.Session, u *backends.User, h backends.SecretHash) Entry {
	return Entry{
		names:     s.ID + u.ID + u.Name,
		endOfUser: len(s.ID) + len(u.ID),
		Session:   record.NewSession(s, h),
		User:      record.NewUser(u),
	}
}

// ID returns the ID of the session.
func (e *Entry) ID() string { return e.names[:len(ID{})] }

// UserID returns the ID of the session's user.
func (e *Entry) UserID() string { return e.names[len(ID{}):e.endOfUser] }

// Copy returns the session and its user. They share nothing that can change with e.
func (e *Entry) Copy() (s backends.Session, u backends.User) {
	s.ID, s.UserID = e.ID(), e.UserID()
	u.ID, u.Name = s.UserID, e.names[e.endOfUser:]
	e.Session.Read(&s, &e.User, &u)
	return s, u
}

// Size returns how many bytes the texts of e take that no other entry shares.
func (e *Entry) Size() int { return len(e.names) }
