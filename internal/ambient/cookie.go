// Package ambient is about what a browser sends by itself: cookies, and a word on where the
// request came from.
package ambient

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A Cookie is one that carries a credential: Secure and HttpOnly. It has no value and no age;
// those are given when it is put into a response.
type Cookie struct {
	Name, Path, Domain   string
	SameSite             http.SameSite
	DangerouslyAllowHTTP bool
}

// WithDefaults returns c with the defaults for what it leaves out.
func (c Cookie) WithDefaults(name string) Cookie {
	if c.Name == "" {
		c.Name = "__Host-" + name
		if c.DangerouslyAllowHTTP {
			c.Name = name
		}
	}
	if c.Path == "" {
		c.Path = "/"
	}
	if c.SameSite == 0 || c.SameSite == http.SameSiteDefaultMode {
		// Said aloud: browsers treat a cookie that says nothing as Lax, except in its first
		// two minutes.
		c.SameSite = http.SameSiteLaxMode
	}
	return c
}

// maxName keeps a name from eating the room of the value.
const maxName = 256

// maxSize is what browsers store of name and value together, in bytes: RFC 6265bis, section
// 5.6.
const maxSize = 4096

// maxMaxAge is what browsers cut Max-Age to: 400 days (RFC 6265bis, section 5.5).
const maxMaxAge = 400 * 24 * time.Hour

// Mistakes returns what browsers would answer by silently dropping the cookie (RFC 6265bis,
// section 4.1.3), and what they would accept and should not. Each begins with prefix; name is
// the field that holds the name.
func (c Cookie) Mistakes(prefix, name string) []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(prefix+format, args...)) }
	probe := c.template()
	if err := probe.Valid(); err != nil {
		bad("%s, Path, Domain: %w", name, err)
	}
	if len(c.Name) > maxName {
		bad("%s has %d bytes, want at most %d", name, len(c.Name), maxName)
	}
	lower := strings.ToLower(c.Name) // browsers compare prefixes without case
	if strings.HasPrefix(lower, "__host-") && (c.Path != "/" || c.Domain != "") {
		bad("%s is %q, which allows no Domain and only the Path /; they are %q and %q", name, c.Name, c.Domain, c.Path)
	}
	if strings.HasPrefix(lower, "__") && c.DangerouslyAllowHTTP {
		bad("%s is %q, whose prefix browsers accept with Secure only, and DangerouslyAllowHTTP is true", name, c.Name)
	}
	switch {
	case c.SameSite == http.SameSiteNoneMode && c.DangerouslyAllowHTTP:
		bad("SameSite is None, which browsers accept with Secure only, and DangerouslyAllowHTTP is true")
	case c.SameSite < http.SameSiteLaxMode || c.SameSite > http.SameSiteNoneMode:
		bad("SameSite is %d, want Lax, Strict or None", c.SameSite)
	}
	return errs
}

func (c Cookie) template() http.Cookie {
	return http.Cookie{
		Name:     c.Name,
		Path:     c.Path,
		Domain:   c.Domain,
		Secure:   !c.DangerouslyAllowHTTP,
		HttpOnly: true,
		SameSite: c.SameSite,
	}
}

// Put puts the cookie with the value into the header, to be kept until the deadline. One
// that a browser would not store is an error.
func (c Cookie) Put(h http.Header, value string, now, deadline time.Time) error {
	if n := len(c.Name) + len(value); n > maxSize {
		return fmt.Errorf("cookie %s has %d bytes, and browsers store %d", c.Name, n, maxSize)
	}
	line := c.template()
	line.Value = value
	line.MaxAge = maxAge(now, deadline)
	c.replace(h, &line)
	return nil
}

// Clear tells the browser to drop the cookie. A browser drops only what has the same name,
// path and domain, so the attributes are those of issue.
func (c Cookie) Clear(h http.Header) {
	line := c.template()
	line.MaxAge = -1
	c.replace(h, &line)
}

// replace adds the line, in place of one of the same name that this response would set: two
// of them would leave it to the browser which one holds (RFC 6265bis, section 4.1.1).
func (c Cookie) replace(h http.Header, line *http.Cookie) {
	var others []string
	for _, other := range h["Set-Cookie"] {
		if !strings.HasPrefix(other, c.Name+"=") {
			others = append(others, other)
		}
	}
	h["Set-Cookie"] = append(others, line.String())
	h.Set("Cache-Control", "no-store")
}

// maxAge returns whole seconds, rounded up so that the browser does not drop the cookie of
// a session that still lives. What is less than a millisecond is none: rows and clocks differ
// by as much.
func maxAge(now, deadline time.Time) int {
	left := min(deadline.Sub(now), maxMaxAge).Truncate(time.Millisecond)
	return max(int((left+time.Second-1)/time.Second), 1)
}
