package site

import (
	"embed"
	"encoding/json"
	"html/template"
	"net/http"

	"github.com/inga-auth/inga/middleware"
)

//go:embed page
var files embed.FS

// Pages are the templates home.html and login.html. They are given a [View].
var Pages = template.Must(template.ParseFS(files, "page/*.html"))

// A View is what a page shows.
type View struct {
	Subject string // who is logged in, "" if nobody is
	Next    string // where to go after the login
	Message string // what is wrong
}

// Page answers with one of the Pages.
func Page(w http.ResponseWriter, status int, name string, v View) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = Pages.ExecuteTemplate(w, name, v) // an error here means that the client has gone
}

// JSON answers with v.
func JSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// Problem answers with a status, in the form in which a guard refuses.
func Problem(w http.ResponseWriter, r *http.Request, status int) {
	middleware.Problem(w, r, middleware.Denial{Status: status, Type: "about:blank", Title: http.StatusText(status)})
}
