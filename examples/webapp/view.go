package main

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"

	"github.com/inga-auth/inga/middleware"
)

//go:embed page
var pageFiles embed.FS

// pages are the templates by name. Each is the layout with one page in it.
var pages = parsePages("home", "signup", "login", "confirm", "password", "devices", "delete", "live", "users", "user", "problem")

func parsePages(names ...string) map[string]*template.Template {
	layout := template.Must(template.New("layout.html").
		Funcs(template.FuncMap{"ago": ago}).
		ParseFS(pageFiles, "page/layout.html", "page/form.html", "page/session.html"))
	all := map[string]*template.Template{}
	for _, name := range names {
		all[name] = template.Must(template.Must(layout.Clone()).ParseFS(pageFiles, "page/"+name+".html"))
	}
	return all
}

// A view is what a page shows.
type view struct {
	Title  string
	Known  bool   // whether Name says who is logged in
	Name   string // of the user who is logged in, or ""
	Admin  bool
	Tab    string // in the navigation: the first part of the path
	Notice string
	Form   form
	Data   any
}

// page shows a page to a user who is logged in, or to a visitor.
func (a *app) page(w http.ResponseWriter, r *http.Request, status int, name string, v view) {
	v.Known = true
	v.Tab, _, _ = strings.Cut(r.URL.Path[1:], "/")
	if id, ok := middleware.FromContext(r.Context()); ok {
		user, err := a.sessions.FindUser(r.Context(), id.Subject) // an identity has no name
		if err == nil {
			v.Notice, err = a.takeNotice(r, id.SessionID)
		}
		if err != nil {
			a.guard.Refuse(w, r, err)
			return
		}
		v.Name, v.Admin = user.Name, id.HasRole(roleAdmin)
	}
	show(w, status, name, v)
}

func show(w http.ResponseWriter, status int, name string, v view) {
	var text bytes.Buffer
	if err := pages[name].Execute(&text, v); err != nil {
		panic(err) // the template is wrong; net/http logs it and ends the connection
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	// An error means that the client has gone.
	_, _ = text.WriteTo(w)
}
