package middleware

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/inga-auth/inga/internal/nilcheck"
)

// LoginRedirect is a [Denier] for sites with pages. It redirects browsers that are refused with 401 to
// a page on which their user can do something about it, and answers their other refusals with Page.
// [Problem] answers all other clients.
//
// A browser, here, is a client that accepts text/html and either uses GET or HEAD or posts a form. The
// page it requested is in the query of the login page, as a path on this server: after a form, the
// page that the form is on, if the browser says which. What was typed into it is lost. Pass the path
// through [LocalPath] before you redirect to it, because an attacker may have written the query.
//
// No page is redirected to itself, so the pages below should be open to those who are sent there:
// Path to visitors, Again and SecondFactor to all who are logged in. Page also answers the form of one
// of them if what was typed into it is wrong, with the status 401: it can show the form again.
type LoginRedirect struct {
	// Path is the login page, a path on this server. Required.
	Path string
	// Param is the name of the query parameter with the requested page. Default "next".
	Param string
	// Again is the page on which a logged-in user authenticates again, a path on this server; see
	// [Fresh]. Default Path.
	Again string
	// SecondFactor is the page on which a logged-in user gives a second factor, a path on this server;
	// see [HasAMR]. Default Again.
	SecondFactor string
	// Page answers a browser that no other page helps: by [Denial].Status what was typed is wrong
	// (401), it is forbidden (403), too many attempts (429), try again later (503), and so on. The
	// response must have that status. Default [Problem].
	Page Denier
}

// Validate reports paths that are not local, and a nil pointer as Page. [New] calls it.
func (l LoginRedirect) Validate() error {
	var errs []error
	for _, f := range []struct{ name, path string }{
		{"Path", l.Path}, {"Again", cmp.Or(l.Again, "/")}, {"SecondFactor", cmp.Or(l.SecondFactor, "/")},
	} {
		if LocalPath(f.path) != f.path || strings.Contains(f.path, "#") { // the query goes before a fragment
			errs = append(errs, fmt.Errorf("middleware: LoginRedirect.%s is %q, want a local path like /login", f.name, f.path))
		}
	}
	if l.Page != nil && nilcheck.IsNil(l.Page) {
		errs = append(errs, fmt.Errorf("middleware: LoginRedirect.Page is a nil %T, want a Denier, or none for the default", l.Page))
	}
	return errors.Join(errs...)
}

// Deny implements [Denier].
func (l LoginRedirect) Deny(w http.ResponseWriter, r *http.Request, d Denial) {
	if !wantsPage(r) {
		Problem(w, r, d)
		return
	}
	page := l.pageFor(d)
	if page == "" || isPage(requested(r), page) || l.isTyped(r, d) {
		cmp.Or[Denier](l.Page, DenierFunc(Problem)).Deny(w, r, d)
		return
	}
	separator := "?"
	if strings.Contains(page, "?") {
		separator = "&"
	}
	w.Header().Del("WWW-Authenticate")
	http.Redirect(w, r, page+separator+url.Values{l.param(): {l.back(r)}}.Encode(), http.StatusSeeOther)
}

// isTyped reports whether r is the form of a page of l, refused because of what was typed into it: not
// because its session has ended, or there is none. It cannot tell a cookie that is unknown from a wrong
// password; the page itself, with GET, then leads to the login.
func (l LoginRedirect) isTyped(r *http.Request, d Denial) bool {
	return !isRead(r) && d.Type == problemBase+"invalid-credentials" && isPage(requested(r), l.Path, l.Again, l.SecondFactor)
}

func (l LoginRedirect) param() string { return cmp.Or(l.Param, "next") }

// pageFor returns the page to redirect to because of d, or "".
func (l LoginRedirect) pageFor(d Denial) string {
	switch {
	case d.Status != http.StatusUnauthorized:
		return ""
	case d.Code != insufficientAuthentication:
		return l.Path
	case d.AMR != "":
		return cmp.Or(l.SecondFactor, l.Again, l.Path)
	}
	return cmp.Or(l.Again, l.Path)
}

// back returns where to go when a page of l is done with. That is not one of these pages, but where it
// would have led, so that the parameter never has another one inside.
func (l LoginRedirect) back(r *http.Request) string {
	target := requested(r)
	if !isRead(r) {
		target = referer(r)
	}
	for range 2 {
		target = LocalPath(target)
		if !isPage(target, l.Path, l.Again, l.SecondFactor) {
			return target
		}
		u, err := url.Parse(target)
		if err != nil {
			break
		}
		target = u.Query().Get(l.param())
	}
	return "/"
}

// isPage reports whether target is one of the pages: it has the path of one, and all of its query.
func isPage(target string, pages ...string) bool {
	t, err := url.Parse(target)
	return err == nil && slices.ContainsFunc(pages, func(page string) bool {
		p, err := url.Parse(page)
		return err == nil && page != "" && path.Clean(t.Path) == path.Clean(p.Path) && includes(t.Query(), p.Query())
	})
}

func includes(query, part url.Values) bool {
	for name := range part {
		if query.Get(name) != part.Get(name) {
			return false
		}
	}
	return true
}
