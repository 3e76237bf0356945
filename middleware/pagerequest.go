package middleware

import (
	"cmp"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// wantsPage reports whether the answer to r will be shown as a page. Scripts can accept HTML, too, but
// only a form, and no script, posts in the mode navigate.
func wantsPage(r *http.Request) bool {
	if !acceptsHTML(r) {
		return false
	}
	return isRead(r) || r.Method == http.MethodPost && isForm(r)
}

func isRead(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// isForm reports whether a POST is of an HTML form. Browsers send no Sec-Fetch-Mode without TLS.
func isForm(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && (media == "application/x-www-form-urlencoded" || media == "multipart/form-data" || media == "text/plain")
}

func acceptsHTML(r *http.Request) bool {
	for _, accept := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(accept, ",") {
			media, params, err := mime.ParseMediaType(part)
			if weight, bad := strconv.ParseFloat(cmp.Or(params["q"], "1"), 64); err == nil && media == "text/html" && bad == nil && weight > 0 {
				return true // RFC 9110, section 12.4.2: a weight of 0 means that it is not accepted
			}
		}
	}
	return false
}

// requested returns the path and query that the client sent: http.StripPrefix and the like change
// r.URL. A proxy's request has a whole URL there, and a request that no server read has nothing.
func requested(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	return r.URL.RequestURI()
}

// referer returns the path and query of the page of this site that sent r, or "".
func referer(r *http.Request) string {
	u, err := url.Parse(r.Referer())
	if err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
		return ""
	}
	return u.RequestURI()
}
