package middleware

import (
	"net/url"
	"strings"
)

// LocalPath returns target if it is a path on this server, optionally with a query, and "/"
// otherwise. A redirect to the result never leaves the site.
//
// It reads URLs as browsers do, which differs from RFC 3986: they treat \ as /, and skip tabs and
// line breaks, so that /\evil.example and /<tab>/evil.example lead to another host.
func LocalPath(target string) string {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" ||
		!strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") ||
		strings.ContainsFunc(target, func(c rune) bool { return c <= 0x20 || c >= 0x7f || c == '\\' }) ||
		// A proxy on the way may unescape the path.
		strings.HasPrefix(u.Path, "//") || strings.ContainsAny(u.Path, "\\\x00\r\n\t") {
		return "/"
	}
	return target
}
