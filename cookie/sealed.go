package cookie

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/internal/seal"
	"github.com/inga-auth/inga/middleware"
)

// ValueConfig is what [NewValue] needs. Name, Keys and MaxAge are required; the zero value of the
// rest is the safe choice.
type ValueConfig struct {
	// Name of the value, as "cart". The cookie is called __Host-cart; with a Path or Domain,
	// __Secure-cart; and with DangerouslyAllowHTTP, cart. No other cookie of the site may have that
	// name, that of [Config] included.
	Name string

	// Keys seal the value (AES-256-GCM, by keys derived with HKDF-SHA-256): 32 random bytes or more,
	// or the hexadecimal or base64 text of as many. They may be those of [Config]. The first one
	// seals, all of them open. To rotate, put the new one last, in all processes; then first; and
	// drop the old one after MaxAge.
	Keys [][]byte `json:"-"`

	// MaxAge is how long a value is good after [Value.Set], at least a second and at most the 400
	// days that browsers keep any cookie. The end is sealed with the value and checked by
	// [Value.Get], whatever the browser keeps.
	MaxAge time.Duration
	// BrowserSession lets the browser drop the cookie when the browser is closed, if that is before
	// MaxAge. Browsers that restore their tabs restore such cookies too.
	BrowserSession bool

	// Path and Domain of the cookie. Default "/" and none.
	Path, Domain string
	// SameSite is Lax by default, or Strict or None.
	SameSite http.SameSite

	// DangerouslyAllowHTTP leaves out the Secure attribute: see [Config].
	DangerouslyAllowHTTP bool
}

// Format implements [fmt.Formatter], so that no verb prints the keys.
func (c ValueConfig) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[cookie.ValueConfig]")) }

// LogValue implements [slog.LogValuer].
func (c ValueConfig) LogValue() slog.Value { return slog.StringValue("[cookie.ValueConfig]") }

// A Value keeps one T in a cookie of its own: what a site remembers of a browser before, beside or
// without a session. It needs no store. The cookie is encrypted and authenticated, and holds its
// name, the type T and its end, so that a browser can neither read nor change the value, nor present
// it as another one.
//
// A browser can, however, keep a copy and send it again until its end. A Value is therefore no place
// for what may be used only once, for a count of attempts, or for a login that must be revocable.
// [Cookies.Login] and [Cookies.Logout] leave it as it is.
//
// It is safe for concurrent use.
type Value[T any] struct {
	cookie         browser.Cookie
	box            *seal.Box
	maxAge         time.Duration
	browserSession bool
}

// NewValue returns the Value that c describes. The error joins all mistakes, each naming its field.
// T is written by encoding/json. A struct may gain and lose fields, by the rules of encoding/json;
// a value that was set with a type of another name is absent.
func NewValue[T any](c ValueConfig) (*Value[T], error) {
	v := &Value[T]{cookie: c.cookie(), maxAge: c.MaxAge, browserSession: c.BrowserSession}
	errs := append(c.mistakes(), v.cookie.Mistakes("cookie: ValueConfig.", "Name")...)
	if _, err := json.Marshal(*new(T)); err != nil {
		errs = append(errs, fmt.Errorf("cookie: NewValue: %w", err))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	v.box = seal.New(c.Keys, "cookie value\x00"+reflect.TypeFor[T]().String())
	return v, nil
}

// cookie gives the name the strictest prefix that the attributes allow.
func (c ValueConfig) cookie() browser.Cookie {
	prefix := "__Host-"
	switch {
	case c.DangerouslyAllowHTTP:
		prefix = ""
	case c.Domain != "" || c.Path != "" && c.Path != "/":
		prefix = "__Secure-"
	}
	return browser.Cookie{Cookie: http.Cookie{
		Name: prefix + c.Name, Path: c.Path, Domain: c.Domain, SameSite: c.SameSite, Secure: !c.DangerouslyAllowHTTP,
	}}.WithDefaults("")
}

// longest is how long browsers keep any cookie (RFC 6265bis, section 5.5).
const longest = 400 * 24 * time.Hour

func (c ValueConfig) mistakes() []error {
	errs := seal.Mistakes("cookie: ValueConfig.Keys", c.Keys)
	if c.Name == "" || strings.HasPrefix(c.Name, "__") {
		errs = append(errs, fmt.Errorf("cookie: ValueConfig.Name is %q, want a word like cart: the prefix is added", c.Name))
	}
	if refused(c.Domain) {
		errs = append(errs, fmt.Errorf("cookie: ValueConfig.Domain is %q, which browsers refuse, want the name of a site like example.com, or none", c.Domain))
	}
	if c.MaxAge < time.Second || c.MaxAge > longest {
		errs = append(errs, fmt.Errorf("cookie: ValueConfig.MaxAge is %v, want at least 1s and at most 400 days", c.MaxAge))
	}
	return errs
}

// Set puts the value into a cookie of the response, to be good for MaxAge from now, and keeps the
// response out of caches. It must be called before the response begins. If name and value of the cookie
// would have more than the 4,096 bytes that browsers store, or encoding/json cannot write the value,
// nothing is set, and the error wraps [middleware.ErrInvalidArgument].
func (v *Value[T]) Set(w http.ResponseWriter, value T) error {
	if !v.made() {
		return fmt.Errorf("%w: cookie: this Value is not from NewValue", middleware.ErrInvalidArgument)
	}
	content, err := json.Marshal(value)
	if err != nil {
		return v.unfit(err)
	}
	now := time.Now()
	until := now.Add(v.maxAge)
	text, err := v.box.Seal(v.cookie.Name, until, content)
	if err != nil {
		return v.unfit(err)
	}
	if v.browserSession {
		until = time.Time{}
	}
	if err := v.cookie.Put(w.Header(), text, now, until); err != nil {
		return v.unfit(err)
	}
	return nil
}

func (v *Value[T]) unfit(err error) error {
	return fmt.Errorf("%w: cookie: Value %s: %w", middleware.ErrInvalidArgument, v.cookie.Name, err)
}

// Get returns the value that the browser has sent with r. ok is false if there is none, or it is not
// good any more: its end has come, it was not sealed by one of the keys, under this name, for this
// type, or encoding/json cannot read it.
//
// There may be several cookies of the name: a sibling domain can plant one, unless the name begins
// with __Host-. Those that we did not seal do not count, unless there are more than 180 of the
// name: then none does. Two of ours that differ are both ignored, because either could be planted.
func (v *Value[T]) Get(r *http.Request) (value T, ok bool) {
	if !v.made() {
		return value, false
	}
	content, ok := v.content(r)
	if !ok {
		return value, false
	}
	if err := json.Unmarshal(content, &value); err != nil {
		return *new(T), false
	}
	return value, true
}

func (v *Value[T]) content(r *http.Request) (content []byte, ok bool) {
	now, tried, found := time.Now(), 0, ""
	for text := range browser.Values(r, v.cookie.Name) {
		if tried++; tried > browser.MaxCookies {
			return nil, false
		}
		opened, _, ours := v.box.Open(v.cookie.Name, text, now)
		if !ours {
			continue
		}
		if ok && text != found {
			return nil, false
		}
		content, found, ok = opened, text, true
	}
	return content, ok
}

// Clear tells the browser to drop the value. A copy of it stays good until its end.
func (v *Value[T]) Clear(w http.ResponseWriter) {
	if v.made() {
		v.cookie.Clear(w.Header())
	}
}

// made is false for the zero Value, and nil.
func (v *Value[T]) made() bool { return v != nil && v.box != nil }

// Format implements [fmt.Formatter], so that no verb prints the keys.
func (v *Value[T]) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(v.String())) }

// LogValue implements [slog.LogValuer].
func (v *Value[T]) LogValue() slog.Value { return slog.StringValue(v.String()) }

// String returns the name of the cookie.
func (v *Value[T]) String() string {
	if !v.made() {
		return "[cookie value]"
	}
	return "[cookie value " + v.cookie.Name + "]"
}
