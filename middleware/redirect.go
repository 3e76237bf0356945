package middleware

import (
	"cmp"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// LoginRedirect is a [Denier] that sends browsers to a login page and answers everybody
// else with [Problem].
//
// A browser, here, is a client that asks for text/html with GET or HEAD. What the browser
// wanted is put into the query of the login page, as a path on this server; give it to
// [LocalPath] before you redirect to it, since anybody can write a query.
type LoginRedirect struct {
	Path  string // of the login page, local. Required.
	Param string // of the query. Default "next".

	// Again is the path of the page where somebody who is logged in authenticates again, local:
	// see [Fresh]. Default Path.
	Again string
}

// Validate reports a path that is not local. [New] calls it.
func (l LoginRedirect) Validate() error {
	var errs []error
	for _, f := range []struct{ name, path string }{{"Path", l.Path}, {"Again", cmp.Or(l.Again, "/")}} {
		if LocalPath(f.path) != f.path {
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
	query := url.Values{cmp.Or(l.Param, "next"): {LocalPath(r.URL.RequestURI())}}.Encode()
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	w.Header().Del("WWW-Authenticate")
	http.Redirect(w, r, path+separator+query, http.StatusSeeOther)
}

func isBrowser(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	for _, accept := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(accept, ",") {
			if media, _, err := mime.ParseMediaType(part); err == nil && media == "text/html" {
				return true
			}
		}
	}
	return false
}

// LocalPath returns target if it is a path, perhaps with a query, on this server, and "/"
// otherwise. Redirecting to what it returns never leaves the site.
//
// It is for the browsers' reading of a URL, and not the RFC's: they take \ for /, and skip
// tabs and line breaks, so /\evil.example and /<tab>/evil.example are other hosts.
func LocalPath(target string) string {
	const home = "/"
	if len(target) == 0 || target[0] != '/' || strings.HasPrefix(target, "//") {
		return home
	}
	for i := range len(target) {
		if c := target[i]; c <= 0x20 || c >= 0x7f || c == '\\' {
			return home
		}
	}
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return home
	}
	// What is escaped here may be unescaped by the next server on the way.
	if strings.HasPrefix(u.Path, "//") || strings.ContainsAny(u.Path, "\\\x00\r\n\t") {
		return home
	}
	return target
}
