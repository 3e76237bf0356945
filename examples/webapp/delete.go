package main

import (
	"net/http"
	"time"

	"github.com/inga-auth/inga/middleware"
)

func deleteForm() form {
	return form{Fields: []field{
		{Name: "name", Label: "Type your name to go on", Type: "text", Autocomplete: "off"},
	}}
}

// deletePage is behind a guard that requires a recent password.
func (a *app) deletePage(w http.ResponseWriter, r *http.Request) {
	a.showDelete(w, r, http.StatusOK, deleteForm())
}

func (a *app) showDelete(w http.ResponseWriter, r *http.Request, status int, f form) {
	a.page(w, r, status, "delete", view{Title: "Delete your account", Form: f.focused()})
}

// deleteAccount deletes the user, which ends their sessions.
func (a *app) deleteAccount(w http.ResponseWriter, r *http.Request) {
	if !readForm(w, r) {
		return
	}
	id, _ := middleware.FromContext(r.Context())
	user, err := a.self(r)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	f := deleteForm()
	f.keep(r)
	if canonical(r.PostForm.Get("name")) != user.Name {
		f.wrong("name", "That is not your name.")
		a.showDelete(w, r, http.StatusUnprocessableEntity, f)
		return
	}
	if id.HasRole(roleAdmin) {
		f.Problem = "Administrators cannot delete themselves: another one has to take the role away first."
		a.showDelete(w, r, http.StatusConflict, f)
		return
	}
	if err := a.users.DeleteUser(r.Context(), time.Now(), user.ID); err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	a.emit(r, eventUserDeleted, user.ID, "")
	// This drops the cookie. The session has ended already, so a failure does no harm.
	_ = a.cookies.Logout(w, r)
	http.Redirect(w, r, "/login?said=deleted", http.StatusSeeOther)
}
