package main

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	"github.com/inga-auth/inga/middleware"
)

// maxBody is the length of the longest body, in bytes: far more than any request here needs.
const maxBody = 8 << 10

const (
	typeForm = "application/x-www-form-urlencoded"
	typeJSON = "application/json"
)

var errMediaType = errors.New("media type not supported")

func mediaType(r *http.Request) string {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}

// readJSON decodes the body of r, which must be one JSON value, into v.
func readJSON(w http.ResponseWriter, r *http.Request, v any) error {
	// A form of another site cannot send this type.
	if mediaType(r) != typeJSON {
		return errMediaType
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.Join(errors.New("more than one JSON value"), err)
	}
	return nil
}

// refuseBody refuses a request whose body could not be read.
func refuseBody(w http.ResponseWriter, r *http.Request, err error) {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, errMediaType):
		refuse(w, r, http.StatusUnsupportedMediaType)
	case errors.As(err, &tooLarge):
		refuse(w, r, http.StatusRequestEntityTooLarge)
	default:
		refuse(w, r, http.StatusBadRequest)
	}
}

// refuse responds with a problem that its status describes (RFC 9457, section 4.2.1).
func refuse(w http.ResponseWriter, r *http.Request, status int) {
	middleware.Problem(w, r, middleware.Denial{Status: status, Type: "about:blank", Title: http.StatusText(status)})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", typeJSON)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// An error means that the client has gone.
	_ = json.NewEncoder(w).Encode(v)
}
