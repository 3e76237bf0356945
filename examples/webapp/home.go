package main

import (
	"net/http"

	"github.com/inga-auth/inga/middleware"
)

// home shows the account, and visitors what this is.
func (a *app) home(w http.ResponseWriter, r *http.Request) {
	id, ok := middleware.FromContext(r.Context())
	title := "Teahouse"
	if ok {
		title = "Your account"
	}
	a.page(w, r, http.StatusOK, "home", view{Title: title, Data: id})
}
