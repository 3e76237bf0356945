package devices

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/middleware"
)

// List answers with a page of the user's live sessions, the most recently seen first:
//
//	{"sessions": [{"id": "…", "label": "Firefox on Linux", "current": true, …}], "next": "…"}
//
// A page has up to 100. If there are more, next is the value of the query parameter after for the
// next page. Otherwise it is left out. See [Devices.Sessions] for pages of another size.
func (d *Devices) List() http.Handler {
	return d.handler(func(w http.ResponseWriter, r *http.Request, userID, current string) error {
		page, next, err := d.Sessions(r.Context(), userID, current, backends.Page{After: r.URL.Query().Get("after")})
		if err == nil {
			write(w, list{page, next})
		}
		return err
	})
}

type list struct {
	Sessions []Device `json:"sessions"`
	Next     string   `json:"next,omitempty"`
}

// End ends the session whose ID is the last part of the path, and answers {"ended": 1}. One
// that is not the user's, or has ended, is 404.
func (d *Devices) End() http.Handler {
	return d.handler(func(w http.ResponseWriter, r *http.Request, userID, _ string) error {
		if err := browser.Unsafe(r); err != nil {
			return err
		}
		id := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		ok, err := d.EndSession(r.Context(), userID, id)
		switch {
		case err != nil:
			return err
		case !ok:
			notFound(w, r)
			return nil
		}
		write(w, map[string]int{"ended": 1})
		return nil
	})
}

// EndAll ends all sessions of the user, or all except that of the request if the query has the
// parameter others, and answers {"ended": n}.
func (d *Devices) EndAll() http.Handler {
	return d.handler(func(w http.ResponseWriter, r *http.Request, userID, current string) error {
		if err := browser.Unsafe(r); err != nil {
			return err
		}
		if !r.URL.Query().Has("others") {
			current = ""
		}
		n, err := d.EndSessions(r.Context(), userID, current)
		if err != nil {
			return err
		}
		write(w, map[string]int{"ended": n})
		return nil
	})
}

// handler answers requests that a guard has let pass, and refuses all others.
func (d *Devices) handler(answer func(w http.ResponseWriter, r *http.Request, userID, current string) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, ok := middleware.FromContext(r.Context())
		if !ok {
			// There is no guard. Refuse rather than show the devices to anyone.
			middleware.Refuse(w, r, middleware.ErrNoCredentials)
			return
		}
		userID, err := d.subject(r)
		if err == nil {
			err = answer(w, r, userID, id.SessionID)
		}
		if err != nil {
			middleware.Refuse(w, r, err)
		}
	})
}

func write(w http.ResponseWriter, v any) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	// An error here means that the client has gone.
	_ = json.NewEncoder(w).Encode(v)
}

func notFound(w http.ResponseWriter, r *http.Request) {
	middleware.Problem(w, r, middleware.Denial{Status: http.StatusNotFound, Type: "about:blank", Title: "Not Found"})
}
