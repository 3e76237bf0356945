// Package bound binds the sessions of browsers to a key that stays on the device, by the protocol
// Device Bound Session Credentials (https://w3c.github.io/webappsec-dbsc/).
//
// It makes and checks the values of the protocol. Package middleware/dbsc answers browsers with them, and
// reads their proofs. All values are authenticated with the application's keys and name the login they are
// for. Nothing is stored for them.
package bound

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
)

const (
	defaultLife = 10 * time.Minute
	minLife     = 5 * time.Minute
	maxLife     = time.Hour

	// grace is for requests that the browser sent before it had the first bound cookie.
	grace = 10 * time.Second
	// slackParts: a bound cookie is accepted for a twentieth of its life after the browser drops it,
	// for requests on their way and clocks that differ.
	slackParts = 20
)

// Config is what [New] needs.
type Config struct {
	Registry *session.Registry
	Method   *session.Method // by which the sessions are proved
	Bind     session.Bind    // with a Path
	Keys     [][]byte        // the first one signs
	// Cookie is the one of the session. Bound cookies have its attributes, and its name with a suffix.
	Cookie browser.Cookie
}

// A Binder makes and checks what binds the sessions of one cookie. A nil Binder binds nothing, and
// refuses sessions that are bound. It is safe for concurrent use.
type Binder struct {
	Registry *session.Registry
	Method   *session.Method

	bind   session.Bind
	keys   keys
	cookie browser.Cookie // whose name is the beginning of that of each bound cookie
	grace  time.Duration
	slack  time.Duration // after the life of a bound cookie
}

// New returns the Binder that c describes, of which [Mistakes] has found none. It is nil if c.Bind has
// no Path.
func New(c Config) *Binder {
	if c.Bind.Path == "" {
		return nil
	}
	if c.Bind.Life == 0 {
		c.Bind.Life = defaultLife
	}
	b := &Binder{Registry: c.Registry, Method: c.Method, bind: c.Bind, cookie: c.Cookie, grace: grace, slack: c.Bind.Life / slackParts}
	b.cookie.Name += "-bound-"
	b.keys = newKeys(c.Keys, "inga bound session\x00"+c.Cookie.Name)
	return b
}

// Mistakes returns what is wrong with a Bind for the cookie, whose sessions are in the store. Each error
// begins with prefix.
func Mistakes(prefix string, bind session.Bind, c browser.Cookie, store backends.Store) (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(prefix+format, args...)) }
	if bind.Path == "" {
		if bind != (session.Bind{}) {
			bad("Path is empty, want one like /dbsc/, or none of the other fields")
		}
		return errs
	}
	if middleware.LocalPath(bind.Path) != bind.Path || !strings.HasSuffix(bind.Path, "/") || strings.ContainsAny(bind.Path, `?#%"\`) {
		bad("Path is %q, want one like /dbsc/", bind.Path)
	}
	if bind.Life != 0 && (bind.Life < minLife || bind.Life > maxLife) {
		bad("Life is %v, want at least %v, because browsers limit how often they prove a key, and at most %v", bind.Life, minLife, maxLife)
	}
	if bind.Unbound < 0 {
		bad("Unbound is %v, want more than 0, or 0 for the policy's", bind.Unbound)
	}
	switch {
	case !c.Secure:
		bad("Path is set, and DangerouslyAllowHTTP is true: browsers bind no session without TLS")
	case c.Domain != "":
		bad("Path is set, and Domain is %q: a session is bound for one host, and requests to the others would be refused", c.Domain)
	}
	if store != nil && !(backends.Supports[backends.Binder](store) && backends.Supports[backends.Claims](store)) {
		bad("Path is set, and a %T is no backends.Binder and backends.Claims", store)
	}
	return errs
}

// Shorten is for tests: bound cookies live for less than [Mistakes] allows, and are accepted for the slack
// after that. It must not be called during a request.
func (b *Binder) Shorten(life, slack time.Duration) {
	b.bind.Life, b.slack, b.grace = life, slack, min(life, grace)
}

// Path returns that of the handler.
func (b *Binder) Path() string { return b.bind.Path }

// Format implements [fmt.Formatter], so that no verb prints a key.
func (b *Binder) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[binder]")) }

// Offer asks the browser that receives h to make a key and to prove it at the path for registrations.
// s has just begun, or begun anew.
//
// The authorization is in no cookie: a copy of the cookies is not enough to bind the session. A session in
// which another user acts is not bound: it takes the session of that user, which may be.
func (b *Binder) Offer(h http.Header, s *backends.Session) {
	if b == nil || s.Actor != (backends.Actor{}) {
		return
	}
	l := LoginOf(s)
	h.Set("Secure-Session-Registration", fmt.Sprintf(`(ES256 RS256);path="%sregister";challenge="%s";authorization="%s"`,
		b.bind.Path, b.Challenge(ToRegister, l, time.Now()), b.authorization(l)))
	h.Set("Cache-Control", "no-store")
}
