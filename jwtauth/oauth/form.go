package oauth

import (
	"mime"
	"net/http"
	"net/url"
)

// maxForm is the length of the longest body of a request, in bytes: a token and little more.
const maxForm = 16 << 10

// A form has the parameters of a request.
type form map[string]string

// one returns a parameter that must be there.
func (f form) one(name string) (string, error) {
	if f[name] == "" {
		return "", invalidRequest(name + " is missing")
	}
	return f[name], nil
}

// An oauthError is one of RFC 6749, section 5.2. It holds no text of the client's.
type oauthError struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func (e *oauthError) Error() string { return "oauth: " + e.Code + ": " + e.Description }

func invalidRequest(description string) error {
	return &oauthError{http.StatusBadRequest, "invalid_request", description}
}

// readForm returns the parameters in the body of r. Each may occur once, and those in the query
// do not count.
func readForm(w http.ResponseWriter, r *http.Request) (form, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, &oauthError{http.StatusMethodNotAllowed, "invalid_request", "want POST"}
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/x-www-form-urlencoded" {
		return nil, invalidRequest("want application/x-www-form-urlencoded")
	}
	values, err := body(w, r)
	if err != nil {
		return nil, invalidRequest("body is no form, or too long")
	}
	f := form{}
	for name, values := range values {
		if len(values) > 1 {
			return nil, invalidRequest("a parameter is repeated")
		}
		f[name] = values[0]
	}
	return f, nil
}

// body returns the body of r, which r.ParseForm may have read already.
func body(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if r.PostForm != nil {
		return r.PostForm, nil
	}
	limited := *r      // the request is not ours to change
	if r.Body != nil { // as in a request that no server read
		limited.Body = http.MaxBytesReader(w, r.Body, maxForm)
	}
	limited.URL, limited.Form = nil, nil
	err := limited.ParseForm()
	return limited.PostForm, err
}
