package record

import (
	"strings"

	"github.com/inga-auth/inga/backends"
)

// An extra is what few sessions have.
type extra struct {
	actor   backends.Actor
	binding backends.Binding
}

// extraSize is what an extra takes, in bytes, without its texts.
const extraSize = 144

// Actor returns who acts in the session, zero for its user.
func (r *Session) Actor() backends.Actor {
	if r.extra == nil {
		return backends.Actor{}
	}
	return r.extra.actor
}

// Binding returns the key that the session is bound to, zero for none.
func (r *Session) Binding() backends.Binding {
	if r.extra == nil {
		return backends.Binding{}
	}
	return r.extra.binding
}

// SetBinding replaces the binding by b, which must be valid or zero.
func (r *Session) SetBinding(b backends.Binding) { r.setExtra(r.Actor(), b) }

// setExtra replaces the actor and the binding. It copies their texts: those may be parts of a
// large one.
func (r *Session) setExtra(a backends.Actor, b backends.Binding) {
	if r.extra = nil; a == (backends.Actor{}) && b == (backends.Binding{}) {
		return
	}
	for _, text := range []*string{&a.UserID, &a.SessionID, &b.Algorithm, &b.Thumbprint, &b.Key} {
		*text = strings.Clone(*text)
	}
	if b != (backends.Binding{}) {
		b.BoundAt, b.ProvedAt = instant(b.BoundAt.UnixMicro()), instant(b.ProvedAt.UnixMicro())
	}
	r.extra = &extra{a, b}
}

// Size returns how many bytes the session takes besides its own that no other one shares.
func (r *Session) Size() int {
	if r.extra == nil {
		return 0
	}
	a, b := &r.extra.actor, &r.extra.binding
	return extraSize + len(a.UserID) + len(a.SessionID) + len(b.Algorithm) + len(b.Thumbprint) + len(b.Key)
}
