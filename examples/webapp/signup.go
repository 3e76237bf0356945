package main

import (
	"errors"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/middleware"
)

func signupForm() form {
	return form{Fields: []field{
		{Name: "name", Label: "Name", Type: "text", Autocomplete: "username", Hint: "Letters, digits, dots and hyphens. Others see it."},
		passwordField("password", "Password", "new-password", "At least 8 characters. Several words are better."),
	}}
}

func (a *app) signupPage(w http.ResponseWriter, r *http.Request) {
	a.showSignup(w, r, http.StatusOK, signupForm())
}

func (a *app) showSignup(w http.ResponseWriter, r *http.Request, status int, f form) {
	a.page(w, r, status, "signup", view{Title: "Sign up", Form: f.focused()})
}

// signup creates an account and logs its user in.
func (a *app) signup(w http.ResponseWriter, r *http.Request) {
	if !readForm(w, r) {
		return
	}
	f := signupForm()
	f.keep(r)
	name, given := canonical(r.PostForm.Get("name")), r.PostForm.Get("password")
	f.wrong("name", nameMistake(name))
	f.wrong("password", passwordMistake(given))
	if f.Invalid() {
		a.showSignup(w, r, http.StatusUnprocessableEntity, f)
		return
	}
	id, err := a.createUser(r.Context(), name, given, roleUser)
	if errors.Is(err, password.ErrCommon) {
		f.wrong("password", "Many people use this one. Choose another, please.")
		a.showSignup(w, r, http.StatusUnprocessableEntity, f)
		return
	}
	if errors.Is(err, backends.ErrConflict) {
		f.wrong("name", "This name is taken.")
		a.showSignup(w, r, http.StatusConflict, f)
		return
	}
	a.enter(w, r, name, middleware.Login{Subject: id, AMR: []string{"pwd"}, BrowserSession: true}, err, "Welcome, "+name+".", "/")
}
