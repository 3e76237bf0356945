// Package browser deals with what browsers send on their own: cookies, and the origin of a
// request.
package browser

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A Cookie is a cookie that carries a credential. Value and age are given when it is put into a
// response.
type Cookie struct{ http.Cookie }

// WithDefaults returns c with defaults for the fields that are not set.
func (c Cookie) WithDefaults(name string) Cookie {
	if c.Secure {
		name = "__Host-" + name
	}
	c.HttpOnly = true
	c.Name, c.Path = cmp.Or(c.Name, name), cmp.Or(c.Path, "/")
	c.Domain = strings.ToLower(strings.TrimPrefix(c.Domain, ".")) // as browsers read it: RFC 6265bis, section 5.6.3
	if c.SameSite == 0 || c.SameSite == http.SameSiteDefaultMode {
		// Explicitly: browsers treat a cookie without the attribute as Lax, except in its first
		// two minutes.
		c.SameSite = http.SameSiteLaxMode
	}
	return c
}

const (
	maxName   = 256                  // keeps a name from eating the room of the value
	maxSize   = 4096                 // bytes of name and value that browsers store: RFC 6265bis, section 5.6
	maxMaxAge = 400 * 24 * time.Hour // to which browsers cut Max-Age: RFC 6265bis, section 5.5
)

// Mistakes returns the attributes for which browsers silently drop the cookie (RFC 6265bis,
// section 4.1.3), and those that they accept and should not. Each error begins with prefix; name
// is the field that holds the name.
func (c Cookie) Mistakes(prefix, name string) []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(prefix+format, args...)) }
	if err := c.Valid(); err != nil {
		bad("%s, Path, Domain: %w", name, err)
	}
	if !strings.HasPrefix(c.Path, "/") || strings.TrimSpace(c.Path) != c.Path {
		bad("Path is %q, want one that begins with a slash, without space around it: browsers put another in its place", c.Path)
	}
	if len(c.Name) > maxName {
		bad("%s has %d bytes, want at most %d", name, len(c.Name), maxName)
	}
	lower := strings.ToLower(c.Name) // browsers compare prefixes without case
	if strings.HasPrefix(lower, "__host-") && (c.Path != "/" || c.Domain != "") {
		bad("%s is %q, which allows no Domain and only the Path /; they are %q and %q", name, c.Name, c.Domain, c.Path)
	}
	if strings.HasPrefix(lower, "__") && !c.Secure {
		bad("%s is %q, whose prefix browsers accept with Secure only, and DangerouslyAllowHTTP is true", name, c.Name)
	}
	switch {
	case c.SameSite == http.SameSiteNoneMode && !c.Secure:
		bad("SameSite is None, which browsers accept with Secure only, and DangerouslyAllowHTTP is true")
	case c.SameSite < http.SameSiteLaxMode || c.SameSite > http.SameSiteNoneMode:
		bad("SameSite is %d, want Lax, Strict or None", c.SameSite)
	}
	return errs
}

// Put puts the cookie with the value into the header, to be kept until the deadline, or until the
// browser is closed if there is none. A cookie that browsers would not store is an error.
func (c Cookie) Put(h http.Header, value string, now, deadline time.Time) error {
	if n := len(c.Name) + len(value); n > maxSize {
		return fmt.Errorf("cookie %s has %d bytes, and browsers store %d", c.Name, n, maxSize)
	}
	if c.Value = value; !deadline.IsZero() {
		c.MaxAge = maxAge(now, deadline)
	}
	replace(h, c.String())
	return nil
}

// Clear tells the browser to drop the cookie, which it does if name, path and domain are the same.
func (c Cookie) Clear(h http.Header) {
	c.MaxAge = -1
	replace(h, c.String())
}

// Move adds the cookies of from, which Put has filled, to h.
func Move(h, from http.Header) {
	for _, line := range from["Set-Cookie"] {
		replace(h, line)
	}
}

// replace adds the line, replacing one of the same name in this response: with two of them it
// is up to the browser which one counts (RFC 6265bis, section 4.1.1).
func replace(h http.Header, line string) {
	name, _, _ := strings.Cut(line, "=")
	others := slices.DeleteFunc(slices.Clone(h["Set-Cookie"]), func(other string) bool { return strings.HasPrefix(other, name+"=") })
	h["Set-Cookie"] = append(others, line)
	h.Set("Cache-Control", "no-store")
}

// maxAge returns whole seconds, rounded up so that the browser does not drop the cookie of a
// session that is still live. Less than a millisecond does not count: rows and clocks differ by
// as much.
func maxAge(now, deadline time.Time) int {
	left := min(deadline.Sub(now), maxMaxAge).Truncate(time.Millisecond)
	return max(int((left+time.Second-1)/time.Second), 1)
}
