package main

import (
	"embed"
	"errors"
	"html/template"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

//go:embed page
var pageFiles embed.FS

var pageTemplate = template.Must(template.ParseFS(pageFiles, "page/index.html"))

// A view is what the server puts into the page. It says nothing about anybody: the page
// asks for that itself, and forgets it when it is left.
type view struct {
	LoggedIn    bool
	Notice      string // why the session has ended
	Message     string // why there is the form again
	Name        string // as typed before
	Next        string // where to go after the login
	Users       []demoUser
	Roles       []string
	Endings     []ending // for the page to show when it sees one
	MaxPassword int
}

// home shows the page to everybody.
//
// The guard's Check decides and does nothing. Its Optional would refuse a visitor whose
// session has ended, and this page is where such a visitor logs in again.
func (a *app) home(w http.ResponseWriter, r *http.Request) {
	_, err := a.guard.Check(r)
	e, ended := endingOf(err)
	if err != nil && !ended && !errors.Is(err, middleware.ErrNoCredentials) {
		a.guard.Refuse(w, r, err) // an outage is no reason to ask for a password
		return
	}
	show(w, http.StatusOK, view{LoggedIn: err == nil, Notice: e.Text, Next: r.FormValue("next")})
}

func show(w http.ResponseWriter, status int, v view) {
	v.Users, v.Roles, v.Endings, v.MaxPassword = demoUsers, roles, endings, backends.MaxPassword
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	// Not no-referrer: browsers then send "Origin: null" with a form, which is no origin of ours.
	h.Set("Referrer-Policy", "same-origin")
	w.WriteHeader(status)
	// An error here means that the client has gone.
	_ = pageTemplate.Execute(w, v)
}

// assets serves the page's style, script and icon.
func assets(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	http.ServeFileFS(w, r, pageFiles, "page/"+r.PathValue("file"))
}
