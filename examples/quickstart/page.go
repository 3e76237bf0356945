package main

import (
	"embed"
	"errors"
	"html/template"
	"net/http"

	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/middleware"
)

//go:embed page
var pageFiles embed.FS

var pageTemplate = template.Must(template.ParseFS(pageFiles, "page/index.html"))

// A view is what the server puts into the page: nothing about a user. The page's script asks for
// that, and forgets it when the page is left.
type view struct {
	LoggedIn    bool
	Notice      string // why the session has ended
	Message     string // why the form is shown again
	Name        string // as typed before
	Next        string // the page to go to after the login
	Users       []demoUser
	Roles       []string
	Endings     []ending // their texts
	MaxPassword int
}

// home shows the page, with or without a session.
//
// It uses Guard.Check, which only decides. Guard.Optional would show the page too, and not know how
// the session of a visitor has ended.
func (a *app) home(w http.ResponseWriter, r *http.Request) {
	_, err := a.guard.Check(r)
	e, ended := endingOf(err)
	if err != nil && !ended && !errors.Is(err, middleware.ErrNoCredentials) {
		a.guard.Refuse(w, r, err) // an outage is no reason to ask for a password again
		return
	}
	show(w, http.StatusOK, view{LoggedIn: err == nil, Notice: e.Text, Next: r.FormValue("next")})
}

func show(w http.ResponseWriter, status int, v view) {
	v.Users, v.Roles, v.Endings, v.MaxPassword = demoUsers, roles, endings, password.MaxLength
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	// Not no-referrer: browsers would send "Origin: null" with a form, which is cross-origin.
	h.Set("Referrer-Policy", "same-origin")
	w.WriteHeader(status)
	// An error means that the client has gone.
	_ = pageTemplate.Execute(w, v)
}

// assets serves the styles, scripts and the icon of the page.
func assets(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeFileFS(w, r, pageFiles, "page/"+r.PathValue("file"))
}
