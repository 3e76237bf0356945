package main

import (
	"errors"
	"log"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/examples/internal/site"
	"github.com/inga-auth/inga/middleware"
)

func home(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	site.Page(w, http.StatusOK, "home.html", site.View{Subject: id.Subject})
}

func loginPage(w http.ResponseWriter, r *http.Request) {
	site.Page(w, http.StatusOK, "login.html", site.View{Next: r.URL.Query().Get("next")})
}

func (a *app) login(w http.ResponseWriter, r *http.Request) {
	next := r.PostFormValue("next")
	l, err := a.users.Verify(r, r.PostFormValue("name"), r.PostFormValue("password"))
	if errors.Is(err, password.ErrWrong) {
		site.Page(w, http.StatusUnauthorized, "login.html", site.View{Next: next, Message: "Wrong name or password."})
		return
	}
	if err == nil {
		_, err = a.cookies.Login(w, r, l)
	}
	if err == nil {
		err = a.users.Know(w, r.PostFormValue("name"))
	}
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	// Anyone can write a link to the login page, so it may lead to local paths only.
	http.Redirect(w, r, middleware.LocalPath(next), http.StatusSeeOther)
}

func (a *app) loginToken(w http.ResponseWriter, r *http.Request) {
	l, err := a.users.Verify(r, r.PostFormValue("name"), r.PostFormValue("password"))
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	tokens, err := a.tokens.Login(r, l)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	tokens.Write(w)
}

// logout ends the session that the token names, or else that of the cookie.
func (a *app) logout(w http.ResponseWriter, r *http.Request) {
	err := a.tokens.Logout(w, r)
	if errors.Is(err, middleware.ErrNoCredentials) {
		err = a.cookies.Logout(w, r)
	}
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func account(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	site.JSON(w, http.StatusOK, id)
}

func admin(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	site.JSON(w, http.StatusOK, map[string]string{"message": "Welcome, " + id.Subject + "."})
}

func (a *app) addNote(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	site.JSON(w, http.StatusCreated, a.notes.Add(id.Subject, r.PostFormValue("text")))
}

func (a *app) note(w http.ResponseWriter, r *http.Request) {
	note, err := a.notes.Find(chi.URLParam(r, "id"))
	if err != nil {
		site.Problem(w, r, http.StatusNotFound)
		return
	}
	site.JSON(w, http.StatusOK, note)
}

func bug(w http.ResponseWriter, r *http.Request) {
	if err := site.Bug(r.URL.Query().Get("kind")); err != nil {
		log.Print(err)
		site.Problem(w, r, http.StatusInternalServerError)
	}
}
