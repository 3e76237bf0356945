package callback

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// The bounds of an [Intent], in bytes: what several logins remember goes along with every request.
const (
	maxNext  = 512
	maxValue = 256
)

// maxBegun is how many logins a browser may have begun at the same time, and maxRoom how many bytes
// the cookies of those before the last one may have: servers and proxies refuse a header of 8 KiB.
const (
	maxBegun = 5
	maxRoom  = 4096
)

// An Intent is what the application wants to know again when the browser comes back.
type Intent struct {
	// Next is the page to go to, a path on this server. It may come from an attacker:
	// [middleware.LocalPath] is applied to it, and one of more than 512 bytes is "/".
	Next string
	// Value is up to the application, at most 256 bytes: that an account is to be linked, for example.
	Value string
}

// Begun is what the provider must be asked with. All of it goes through the URL of the provider.
// Printed, it shows nothing.
type Begun struct {
	// State comes back with the browser.
	State string `json:"-"`
	// Nonce comes back in the ID token.
	Nonce string `json:"-"`
	// Challenge is the code challenge, by the method S256: RFC 7636, section 4.2.
	Challenge string `json:"-"`

	formPost bool
}

// Query returns the parameters of an authorization request that the login needs, besides client_id,
// redirect_uri, response_type=code and scope: state, nonce, code_challenge, code_challenge_method,
// and response_mode if Config.FormPost is set.
func (b Begun) Query() url.Values {
	q := url.Values{
		"state":                 {b.State},
		"nonce":                 {b.Nonce},
		"code_challenge":        {b.Challenge},
		"code_challenge_method": {"S256"},
	}
	if b.formPost {
		q.Set("response_mode", "form_post")
	}
	return q
}

// Format implements [fmt.Formatter], so that no verb prints the state.
func (b Begun) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[login begun]")) }

// LogValue implements [slog.LogValuer].
func (b Begun) LogValue() slog.Value { return slog.StringValue("[login begun]") }

// Begin begins a login and remembers it in a cookie of the response. It must be called before the
// response begins. A browser remembers the last five logins that it has begun, and fewer if their
// intents are long; Begin drops older ones.
//
// Errors: [middleware.ErrCrossOrigin] if a page of another site sent r, whatever its method;
// [middleware.ErrMalformedRequest] if r is a HEAD request or loads the page ahead of a click; and
// [middleware.ErrInvalidArgument] if i.Value is too long. Then nothing is set.
func (l *Logins) Begin(w http.ResponseWriter, r *http.Request, i Intent) (Begun, error) {
	if l == nil || l.box == nil {
		return Begun{}, errNotMade
	}
	if err := l.origins.CheckAsUnsafe(r); err != nil {
		return Begun{}, err
	}
	if err := deliberate(r); err != nil {
		return Begun{}, err
	}
	l.warning.OfHTTP(r, l.cookie, "callback: Config.DangerouslyAllowHTTP")
	m, err := l.memory(i)
	if err != nil {
		return Begun{}, err
	}
	if err := l.remember(w.Header(), m); err != nil {
		return Begun{}, err
	}
	l.dropOldest(w.Header(), r)
	return Begun{m.State, m.Nonce, challenge(m.Verifier), l.formPost}, nil
}

// deliberate returns an error if r is a HEAD request or a page that the browser loads ahead: neither
// is an act of the user.
func deliberate(r *http.Request) error {
	// "prefetch" and "prefetch;prerender"; Purpose is the older name of the header.
	for _, name := range []string{"Sec-Purpose", "Purpose"} {
		if strings.HasPrefix(r.Header.Get(name), "prefetch") {
			return fmt.Errorf("%w: callback: a page that is loaded ahead takes part in no login", middleware.ErrMalformedRequest)
		}
	}
	if r.Method == http.MethodHead {
		return fmt.Errorf("%w: callback: HEAD takes part in no login", middleware.ErrMalformedRequest)
	}
	return nil
}

// A memory is what the cookie of a login holds.
type memory struct {
	Issuer   string `json:"i"`
	State    string `json:"s"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
	Next     []byte `json:"p"` // in base64, as Value, so that no character takes six bytes
	Value    []byte `json:"a,omitempty"`
	At       int64  `json:"t"` // when the login began, in Unix milliseconds
}

func (l *Logins) memory(i Intent) (memory, error) {
	if len(i.Value) > maxValue {
		return memory{}, fmt.Errorf("%w: callback: Intent.Value has %d bytes, want at most %d", middleware.ErrInvalidArgument, len(i.Value), maxValue)
	}
	if len(i.Next) > maxNext {
		i.Next = ""
	}
	return memory{l.issuer, random(), random(), random(), []byte(middleware.LocalPath(i.Next)), []byte(i.Value), time.Now().UnixMilli()}, nil
}

// random returns 256 random bits as 43 characters, as RFC 7636, section 4.1, recommends.
func random() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // it never returns an error
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (l *Logins) remember(h http.Header, m memory) error {
	content, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("%w: callback: %w", middleware.ErrInvalidArgument, err)
	}
	now, c := time.Now(), l.cookie
	c.Name = l.name(m.State)
	until := now.Add(l.maxAge)
	text, err := l.box.Seal(c.Name, until, content)
	if err == nil {
		err = c.Put(h, text, now, until)
	}
	if err != nil {
		return fmt.Errorf("%w: callback: %w", middleware.ErrInvalidArgument, err)
	}
	return nil
}

const (
	stateSize = 43
	idSize    = 11 // of the state's characters, in the name of its cookie
)

// name returns the name of the cookie of a login: each has its own.
func (l *Logins) name(state string) string { return l.cookie.Name + state[:idSize] }

// dropOldest tells the browser to drop the logins that it has begun before the last four, or before
// those that fit into maxRoom. Those of other providers with the same keys count too. What none of
// the keys sealed is left alone: it may belong to others.
func (l *Logins) dropOldest(h http.Header, r *http.Request) {
	type begun struct {
		name string
		size int
		at   int64
	}
	var all []begun
	for _, c := range r.Cookies() {
		if strings.HasPrefix(c.Name, l.cookie.Name) && len(c.Name) == len(l.cookie.Name)+idSize {
			var m memory
			if content, _, ok := l.box.Open(c.Name, c.Value, time.Now()); ok && json.Unmarshal(content, &m) == nil {
				all = append(all, begun{c.Name, len(c.Name) + len(c.Value), m.At})
			}
		}
	}
	slices.SortFunc(all, func(a, b begun) int { return cmp.Compare(b.at, a.at) })
	room := maxRoom
	for i, b := range all {
		if room -= b.size; i < maxBegun-1 && room >= 0 {
			continue
		}
		c := l.cookie
		c.Name = b.name
		c.Clear(h)
	}
}
