package middleware

import (
	"cmp"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// LoginRedirect is a [Denier] that redirects browsers to a login page when they are refused with
// 401. All other refusals are answered by [Problem].
//
// A browser, here, is a client that accepts text/html and uses GET or HEAD. The page it requested
// is in the query of the login page, as a path on this server. Pass it through [LocalPath] before
// you redirect to it, because an attacker may have written the query.
type LoginRedirect struct {
	// Path is the login page, a path on this server. Required.
	Path string
	// Param is the name of the query parameter with the requested page. Default "next".
	Param string
	// Again is the page on which a logged-in user authenticates again, a path on this server; see
	// [Fresh]. Default Path.
	Again string
}

// Validate reports paths that are not local. [New] calls it.
func (l LoginRedirect) Validate() error {
	var errs []error
	for _, f := range []struct{ name, path string }{{"Path", l.Path}, {"Again", cmp.Or(l.Again, "/")}} {
		if LocalPath(f.path) != f.path || strings.Contains(f.path, "#") { // the query goes before a fragment
			errs = append(errs, fmt.Errorf("middleware: LoginRedirect.%s is %q, want a local path like /login", f.name, f.path))
		}
	}
	return errors.Join(errs...)
}

// Deny implements [Denier].
func (l LoginRedirect) Deny(w http.ResponseWriter, r *http.Request, d Denial) {
	if d.Status != http.StatusUnauthorized || !isBrowser(r) {
		Problem(w, r, d)
		return
	}
	path := l.Path
	if d.Code == insufficientAuthentication {
		path = cmp.Or(l.Again, l.Path)
	}
	query := url.Values{cmp.Or(l.Param, "next"): {LocalPath(requested(r))}}.Encode()
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	w.Header().Del("WWW-Authenticate")
	http.Redirect(w, r, path+separator+query, http.StatusSeeOther)
}

// requested returns the path and query that the client sent: http.StripPrefix and the like change
// r.URL. A proxy's request has a whole URL there, and a request that no server read has nothing.
func requested(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	return r.URL.RequestURI()
}

// isBrowser reports whether r asks for a page.
func isBrowser(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	for _, accept := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(accept, ",") {
			media, params, err := mime.ParseMediaType(part)
			if weight, bad := strconv.ParseFloat(cmp.Or(params["q"], "1"), 64); err == nil && media == "text/html" && bad == nil && weight > 0 {
				return true // RFC 9110, section 12.4.2: a weight of 0 means that it is not accepted
			}
		}
	}
	return false
}

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
