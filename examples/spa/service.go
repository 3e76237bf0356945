package main

import (
	"net/http"

	"github.com/inga-auth/inga/middleware"
)

// newService returns the guard of another service, which sees no cookie: here it is a part of this program.
// It takes access tokens only, with the proof of the key that each is bound to.
func (a *app) newService() (*middleware.Guard, error) {
	return middleware.New(middleware.Config{Authenticator: a.tokens, Roles: roles})
}

// token gives the page a token for the service, bound to the key whose proof the request has.
func (a *app) token(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	resp, err := a.tokens.Grant(r, id)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	resp.Write(w)
}
