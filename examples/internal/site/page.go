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

// Pages are the templates home.html and login.html. Both take a [View].
var Pages = template.Must(template.ParseFS(files, "page/*.html"))

// A View is what a page shows.
type View struct {
	Subject string // the user who is logged in, or ""
	Next    string // the page to go to after the login
	Message string // why the login failed
}

// Page responds with one of the Pages.
func Page(w http.ResponseWriter, status int, name string, v View) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_ = Pages.ExecuteTemplate(w, name, v) // an error means that the client has gone
}

// JSON responds with v as JSON.
func JSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// Problem responds with a status, in the form in which a guard refuses.
func Problem(w http.ResponseWriter, r *http.Request, status int) {
	middleware.Problem(w, r, middleware.Denial{Status: status, Type: "about:blank", Title: http.StatusText(status)})
}
