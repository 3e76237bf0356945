package bound

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/middleware"
)

// maxCookies that may be ours are verified at most.
const maxCookies = 8

// name returns the name of the bound cookie of a login. Each login has one of its own: a refresh that
// was under way during a logout or another login sets a cookie which is in nothing's way.
func (b *Binder) name(l Login) string {
	var buf [128]byte
	return string(strconv.AppendInt(append(buf[:0], b.cookie.Name...), l.At.UnixMicro(), 36))
}

// Put puts the bound cookie of the login, whose key was proved at the given time, into h.
func (b *Binder) Put(h http.Header, l Login, thumbprint string, proved time.Time) error {
	c, at := b.cookie, appendTime(nil, proved)
	c.Name = b.name(l)
	return c.Put(h, b.keys.sign(at, forCookie, l, at, thumbprint), time.Now(), proved.Add(b.bind.Life))
}

// Describe returns the name and the attributes of the bound cookie of the login.
func (b *Binder) Describe(l Login) (name, attributes string) {
	c := b.cookie
	c.Name = b.name(l)
	_, attributes, _ = strings.Cut(c.String(), "; ")
	return c.Name, attributes
}

// Clear tells the browser to drop the bound cookies that it has sent with r.
func (b *Binder) Clear(h http.Header, r *http.Request) {
	if b == nil {
		return
	}
	for _, sent := range r.Cookies() {
		if strings.HasPrefix(sent.Name, b.cookie.Name) {
			c := b.cookie
			c.Name = sent.Name
			c.Clear(h)
		}
	}
}

// Drop tells the browser to drop the bound cookie of the login.
func (b *Binder) Drop(h http.Header, l Login) {
	c := b.cookie
	c.Name = b.name(l)
	c.Clear(h)
}

// Check returns nil if a request with the cookies of r may use the session of the identity, and says in
// id.Binding whether the key was proved. The error is [middleware.ErrUnproved], of which there is an event,
// or [middleware.ErrSessionExpired] for a session that is still unbound after the time allowed. It asks no
// store.
//
// A cookie alone decides: Secure-Session-Skipped and the like say why a browser has none, and anyone
// can send them.
func (b *Binder) Check(r *http.Request, id *middleware.Identity) error {
	switch {
	case id.Binding.Thumbprint == "":
		return b.checkUnbound(id.AuthTime)
	case b == nil:
		return fmt.Errorf("%w: sessions of this cookie are not bound any more", middleware.ErrUnproved)
	case b.Allows(r, id):
		return nil
	}
	b.Method.Unproved(r, *id, middleware.ReasonProofRequired)
	return fmt.Errorf("%w: no bound cookie that is good", middleware.ErrUnproved)
}

// Allows is like Check, and emits no event.
func (b *Binder) Allows(r *http.Request, id *middleware.Identity) bool {
	if id.Binding.Thumbprint == "" || b == nil {
		return id.Binding.Thumbprint == "" && b.checkUnbound(id.AuthTime) == nil
	}
	_, id.Binding.Proved = b.Proved(r, Login{id.SessionID, id.AuthTime}, id.Binding.Thumbprint)
	return id.Binding.Proved || time.Now().Before(id.Binding.BoundAt.Add(b.grace))
}

func (b *Binder) checkUnbound(authTime time.Time) error {
	if b == nil || b.bind.Unbound == 0 || time.Now().Before(authTime.Add(b.bind.Unbound)) {
		return nil
	}
	return fmt.Errorf("%w: it is not bound to a device", middleware.ErrSessionExpired)
}

// Proved returns when the key with the thumbprint was proved for the login, by the bound cookie in r. ok
// is false if there is none, or it is too old.
func (b *Binder) Proved(r *http.Request, l Login, thumbprint string) (at time.Time, ok bool) {
	tried := 0
	for value := range browser.Values(r, b.name(l)) {
		if tried++; tried > maxCookies {
			return time.Time{}, false
		}
		if at, ok := b.open(value, l, thumbprint); ok {
			return at, time.Now().Before(at.Add(b.bind.Life + b.slack))
		}
	}
	return time.Time{}, false
}

// ProvedSince reports whether the bound cookie in r says that the key was proved at the time or later.
func (b *Binder) ProvedSince(r *http.Request, l Login, thumbprint string, since time.Time) bool {
	at, ok := b.Proved(r, l, thumbprint)
	return ok && !at.Before(since)
}

func (b *Binder) open(value string, l Login, thumbprint string) (at time.Time, ok bool) {
	var raw [timeSize + macSize]byte
	if !decode(raw[:], value) {
		return time.Time{}, false
	}
	return parseTime(raw[:]), b.keys.verify(raw[timeSize:], forCookie, l, raw[:timeSize], thumbprint)
}
