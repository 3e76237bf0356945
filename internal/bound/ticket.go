package bound

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/inga-auth/inga/backends"
)

const (
	idSize    = 26 // of backends.NewID
	timeSize  = 8
	loginSize = idSize + timeSize

	// validity is how long after it was issued a challenge is accepted. A browser answers at once; the
	// time is for a slow key store.
	validity = time.Minute
)

// The purposes of MACs.
const (
	forIdentifier    = 'i'
	forAuthorization = 'a'
	forCookie        = 'b'
)

// A Purpose is what a challenge is for.
type Purpose byte

// A proof that was made to register a key is none for a refresh.
const (
	ToRegister Purpose = 'r'
	ToRefresh  Purpose = 'c'
)

// A Login is one authentication of the user of a session. What was made for one is not good for the
// next, of the same session or of another.
type Login struct {
	SessionID string
	At        time.Time // AuthenticatedAt of the session
}

// LoginOf returns that of the session as it is.
func LoginOf(s *backends.Session) Login { return Login{s.ID, s.AuthenticatedAt} }

// Equal reports whether both are the same.
func (l Login) Equal(m Login) bool { return l.SessionID == m.SessionID && l.At.Equal(m.At) }

func (l Login) append(to []byte) []byte {
	var id [idSize]byte
	copy(id[:], l.SessionID)
	return appendTime(append(to, id[:]...), l.At)
}

func parseLogin(raw []byte) Login {
	return Login{string(raw[:idSize]), parseTime(raw[idSize:])}
}

func appendTime(to []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(to, uint64(t.UnixMicro()))
}

func parseTime(raw []byte) time.Time {
	return time.UnixMicro(int64(binary.BigEndian.Uint64(raw))).UTC()
}

// Identifier returns the session_identifier of the protocol. It is authenticated so that one which was
// made up causes no query.
func (b *Binder) Identifier(l Login) string {
	return b.keys.sign(l.append(nil), forIdentifier, l, nil, "")
}

// ParseIdentifier returns the login of an identifier of ours.
func (b *Binder) ParseIdentifier(text string) (l Login, ok bool) {
	return b.parse(forIdentifier, text)
}

func (b *Binder) parse(purpose byte, text string) (l Login, ok bool) {
	var raw [loginSize + macSize]byte
	if !decode(raw[:], text) {
		return Login{}, false
	}
	l = parseLogin(raw[:])
	return l, b.keys.verify(raw[loginSize:], purpose, l, nil, "")
}

// authorization returns what lets the receiver of a login's response bind the session, together with the
// challenge in that response and for as long as that is good.
func (b *Binder) authorization(l Login) string {
	return b.keys.sign(l.append(nil), forAuthorization, l, nil, "")
}

// ParseAuthorization returns the login of an authorization of ours.
func (b *Binder) ParseAuthorization(text string) (l Login, ok bool) {
	return b.parse(forAuthorization, text)
}

const challengeSize = timeSize + 8

// Challenge returns a new challenge for a proof of the key of the login's session.
func (b *Binder) Challenge(p Purpose, l Login, now time.Time) string {
	raw := append(appendTime(nil, now), make([]byte, challengeSize-timeSize)...)
	_, _ = rand.Read(raw[timeSize:]) // it never returns an error
	return b.keys.sign(raw, byte(p), l, raw, "")
}

// CheckChallenge reports whether text is a challenge for the purpose and the login, and good at now. After
// the time that it returns, no server accepts it whose clock differs by less than validity.
func (b *Binder) CheckChallenge(p Purpose, text string, l Login, now time.Time) (until time.Time, ok bool) {
	var raw [challengeSize + macSize]byte
	if !decode(raw[:], text) {
		return time.Time{}, false
	}
	content, at := raw[:challengeSize], parseTime(raw[:])
	return at.Add(2 * validity), b.keys.verify(raw[challengeSize:], byte(p), l, content, "") && recent(at, now)
}

// recent reports whether what was issued at the time is good at now. Another server may have issued it,
// whose clock differs.
func recent(at, now time.Time) bool {
	return now.Before(at.Add(validity)) && at.Before(now.Add(validity))
}
