package main

import (
	"encoding/json"
	"mime"
	"net/http"

	"github.com/inga-auth/inga/middleware"
)

// maxBody is the length of the longest body, in bytes: far more than any request here needs.
const maxBody = 8 << 10

// readJSON decodes the body of r into v. It reports false if it has refused the request.
func readJSON(w http.ResponseWriter, r *http.Request, v any) bool {
	status := http.StatusBadRequest
	// A form of another site cannot send this type.
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		status = http.StatusUnsupportedMediaType
	} else if json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(v) == nil {
		return true
	}
	// RFC 9457, section 4.2.1: the status describes the problem.
	middleware.Problem(w, r, middleware.Denial{Status: status, Type: "about:blank", Title: http.StatusText(status)})
	return false
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	// An error means that the client has gone.
	_ = json.NewEncoder(w).Encode(v)
}
