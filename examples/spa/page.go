package main

import (
	"embed"
	"net/http"
)

//go:embed page
var files embed.FS

// policy lets the page load what is served here and nothing else, and turn no text into a script.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// home is the same for every visitor, and may be cached.
func home(w http.ResponseWriter, r *http.Request) { serveFile(w, r, "index.html") }

func asset(w http.ResponseWriter, r *http.Request) { serveFile(w, r, r.PathValue("file")) }

func serveFile(w http.ResponseWriter, r *http.Request, name string) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	http.ServeFileFS(w, r, files, "page/"+name)
}
