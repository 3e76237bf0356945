package redis

import (
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
)

// A row is a session as it is stored, in one string: a format, whether it has ended, and numbers at
// fixed places, which the scripts know; then what stays, what a re-authentication replaces, and the
// reason of the end. A hash would take twice the memory, because one text of more than 64 bytes
// makes Redis spread it out.
//
//	 0  format        50  idle timeout      98  epoch of all sessions
//	 1  has ended     58  renewal interval  106 hash of the secret
//	 2  ended at      66  generation        138 length of what stays
//	10  created       74  rotated at        140 user, kind, actor, address, label, user agent
//	18  authenticated 82  generation seen       authentication methods, binding
//	26  last seen     90  epoch of the user     reason
//	34  idle deadline, absolute deadline
type row string

const (
	rowFormat = 1

	ofCreated = 10
	ofIdle    = 34
	ofEpochs  = 90
	ofAll     = 98
	ofSecret  = 106
	ofStays   = 138
	ofTexts   = 140
)

var errRow = errors.New("a row has another format")

// encode returns the row of s without its epochs.
func encode(s *backends.Session, h backends.SecretHash) string {
	b := make([]byte, 0, 2*ofTexts+len(s.Client.UserAgent)+len(s.Binding.Key))
	b = append(b, rowFormat, 0)
	b = appendTimes(b, time.Time{}, s.CreatedAt)
	b = append(b, lifetime(s)...)
	b = append(b, make([]byte, ofSecret-ofEpochs)...)
	b = append(b, h[:]...)
	b = append(b, 0, 0)
	b = appendTexts(b, s.UserID, string(s.Kind), s.Actor.UserID)
	if s.Actor.UserID != "" {
		b = appendNumbers(appendTexts(b, s.Actor.SessionID), s.Actor.UserVersion)
	}
	b = appendLong(appendTexts(b, address(s.Client.IP), s.Client.Label), s.Client.UserAgent)
	binary.BigEndian.PutUint16(b[ofStays:], uint16(len(b)-ofTexts))
	return string(append(b, replaceable(s)...))
}

// lifetime returns the numbers that a re-authentication replaces.
func lifetime(s *backends.Session) string {
	b := appendTimes(nil, s.AuthenticatedAt, s.LastSeenAt, s.IdleDeadline, s.AbsoluteDeadline)
	b = appendNumbers(b, s.IdleTimeout.Microseconds(), s.RenewalInterval.Microseconds(), s.Refresh.Generation)
	return string(appendTimes(b, s.Refresh.RotatedAt, s.Refresh.SeenAt))
}

// replaceable returns the texts that a re-authentication replaces.
func replaceable(s *backends.Session) string {
	b := appendLong(nil, join(s.AMR))
	return string(appendBinding(b, &s.Binding))
}

func appendBinding(b []byte, of *backends.Binding) []byte {
	b = appendTexts(b, of.Algorithm)
	if of.Algorithm == "" {
		return b
	}
	b = appendTimes(b, of.BoundAt, of.ProvedAt)
	return appendLong(appendTexts(b, of.Thumbprint), of.Key)
}

// opens reports whether h is the hash of the session's secret. Nothing is the hash of the secret
// of a session that has none.
func (r row) opens(h backends.SecretHash) bool {
	return len(r) > ofStays && subtle.ConstantTimeCompare([]byte(r[ofSecret:ofStays]), h[:]) == 1 && !h.IsZero()
}

// session returns the session with the ID, without what ended it together with others.
func (r row) session(id string) (s backends.Session, err error) {
	c := cursor{rest: string(r)}
	if c.take(1) != string(rune(rowFormat)) {
		return s, errRow
	}
	s.ID = id
	over := c.take(1) != "\x00"
	s.Ended.At, s.CreatedAt = c.time(), c.time()
	s.AuthenticatedAt, s.LastSeenAt, s.IdleDeadline, s.AbsoluteDeadline = c.time(), c.time(), c.time(), c.time()
	s.IdleTimeout, s.RenewalInterval = c.duration(), c.duration()
	s.Refresh = backends.Refresh{Generation: c.number(), RotatedAt: c.time(), SeenAt: c.time()}
	c.take(ofTexts - ofEpochs)
	s.UserID, s.Kind = c.text(), backends.Kind(c.text())
	if s.Actor.UserID = c.text(); s.Actor.UserID != "" {
		s.Actor.SessionID, s.Actor.UserVersion = c.text(), c.number()
	}
	s.Client.IP, _ = netip.AddrFromSlice([]byte(c.text()))
	s.Client.Label, s.Client.UserAgent = c.text(), c.long()
	s.AMR = split(c.long())
	s.Binding = c.binding()
	if over {
		s.Ended.Reason = backends.Reason(c.rest)
	}
	if c.bad {
		return backends.Session{}, errRow
	}
	return s, nil
}

func (c *cursor) binding() (b backends.Binding) {
	if b.Algorithm = c.text(); b.Algorithm != "" {
		b.BoundAt, b.ProvedAt, b.Thumbprint, b.Key = c.time(), c.time(), c.text(), c.long()
	}
	return b
}

// address returns a's 4 or 16 bytes, none if it is not known.
func address(a netip.Addr) string { return string(a.AsSlice()) }

// join and split keep a list as one text. No item is empty or has the separator in it.
func join(list []string) string { return strings.Join(list, "\x00") }

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\x00")
}
