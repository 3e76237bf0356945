package features

import (
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// pages sends browsers to the page that helps, with the way back in the query. All other clients get
// problem details.
var pages = middleware.LoginRedirect{
	Path: "/login", Again: "/confirm", SecondFactor: "/code",
	Page: middleware.DenierFunc(func(w http.ResponseWriter, r *http.Request, d middleware.Denial) {
		if d.Status == http.StatusUnauthorized { // what was typed into one of these three forms is wrong
			show(w, d.Status, "form: "+r.URL.Path+": that is not right")
			return
		}
		show(w, d.Status, "page: "+d.Title) // too many attempts, for example
	}),
}

func form(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { show(w, http.StatusOK, "form: "+name) }
}

// addConfirmation adds a page for those who logged in a few minutes ago, and the one to which s.fresh
// sends all others.
func (s *Shop) addConfirmation(mux *http.ServeMux) error {
	mux.Handle("GET /payment", s.fresh.Handler(form("pay")))
	mux.Handle("GET /confirm", s.person.Handler(form("confirm")))
	mux.Handle("POST /confirm", s.person.Handler(http.HandlerFunc(s.confirm)))
	return nil
}

// confirm gives the session a new start after the password. Who has a second factor is asked for that
// next, because this was none.
func (s *Shop) confirm(w http.ResponseWriter, r *http.Request) {
	email, err := s.people.Address(r.Context(), subject(r))
	var user backends.User
	if err == nil {
		user, err = s.checkPassword(r, email, r.PostFormValue("password"))
	}
	if err == nil {
		_, err = s.cookies.Reauthenticate(w, r, middleware.Login{Subject: user.ID, UserVersion: user.Version, AMR: []string{"pwd"}})
	}
	if err != nil {
		s.guard.Refuse(w, r, err)
		return
	}
	http.Redirect(w, r, middleware.LocalPath(r.PostFormValue("next")), http.StatusSeeOther)
}
