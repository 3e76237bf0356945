package main

import (
	"net/http"

	"github.com/inga-auth/inga/middleware"
)

// deny responds to a refused request: to browsers with a page.
var deny = middleware.LoginRedirect{
	Path:  "/login",
	Again: "/confirm",
	Page:  middleware.DenierFunc(func(w http.ResponseWriter, _ *http.Request, d middleware.Denial) { showProblem(w, d.Status) }),
}

// problems are the texts of error pages, by status.
var problems = map[int]struct{ Title, Text string }{
	http.StatusBadRequest:            {"That was not understood", "Go back and try again, please."},
	http.StatusForbidden:             {"You may not do that", "Your account does not have the role that this takes, or the request came from another site."},
	http.StatusNotFound:              {"There is no such page", "It may have been here before."},
	http.StatusRequestEntityTooLarge: {"That was too much", "The form has more in it than we read."},
	http.StatusTooManyRequests:       {"Too many attempts", "Someone has typed a wrong password here too often. Wait a while, and try again."},
	http.StatusServiceUnavailable:    {"Please try again in a moment", "We cannot look up who you are right now. Nothing is lost, and you stay logged in."},
}

// showProblem shows an error page. It does not ask the backend, which may be what is wrong.
func showProblem(w http.ResponseWriter, status int) {
	text, ok := problems[status]
	if !ok {
		text.Title = http.StatusText(status)
	}
	show(w, status, "problem", view{Title: text.Title, Data: text.Text})
}

func notFound(w http.ResponseWriter, _ *http.Request) { showProblem(w, http.StatusNotFound) }
