package main

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/devices"
)

// maxUsers is how many users are on one page.
const maxUsers = 20

// An account is a user as administrators see them.
type account struct {
	backends.User
	Self     bool
	Roles    []choice
	Sessions []devices.Device
}

// A choice is a role, and whether the user has it.
type choice struct {
	Role string
	Has  bool
}

// usersPage lists the users, in the order in which they signed up.
func (a *app) usersPage(w http.ResponseWriter, r *http.Request) {
	after := r.FormValue("after")
	if after != "" && !backends.ValidText(after) {
		showProblem(w, http.StatusBadRequest)
		return
	}
	users, err := a.users.ListUsers(r.Context(), after, maxUsers+1)
	next := "" // the last on this page, if there are more
	if len(users) > maxUsers {
		users = users[:maxUsers]
		next = users[maxUsers-1].ID
	}
	var accounts []account
	if err == nil {
		accounts, err = a.accounts(r, users)
	}
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	a.page(w, r, http.StatusOK, "users", view{Title: "Users", Data: struct {
		Accounts []account
		Next     string
	}{accounts, next}})
}

// accounts looks up the sessions of each user, which are few on a page.
func (a *app) accounts(r *http.Request, users []backends.User) ([]account, error) {
	all := make([]account, len(users))
	for i, u := range users {
		var err error
		if all[i], err = a.account(r, u); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (a *app) account(r *http.Request, u backends.User) (account, error) {
	id, _ := middleware.FromContext(r.Context())
	list, _, err := a.devices.Sessions(r.Context(), u.ID, id.SessionID, backends.Page{})
	choices := make([]choice, len(roles))
	for i, role := range roles {
		choices[i] = choice{role, slices.Contains(u.Roles, role)}
	}
	return account{User: u, Self: u.ID == id.Subject, Roles: choices, Sessions: list}, err
}

func (a *app) userPage(w http.ResponseWriter, r *http.Request) {
	a.showUser(w, r, http.StatusOK, "")
}

func (a *app) showUser(w http.ResponseWriter, r *http.Request, status int, problem string) {
	user, err := a.sessions.FindUser(r.Context(), r.PathValue("user"))
	if errors.Is(err, backends.ErrNotFound) {
		notFound(w, r)
		return
	}
	var one account
	if err == nil {
		one, err = a.account(r, user)
	}
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	a.page(w, r, status, "user", view{Title: user.Name, Data: one, Form: form{Problem: problem}})
}

var errSelf = errors.New("administrators cannot do that to themselves")

// changeUser does what the button says with the user in the path.
func (a *app) changeUser(w http.ResponseWriter, r *http.Request) {
	if !readForm(w, r) {
		return
	}
	said, err := a.change(r, r.PathValue("user"))
	switch {
	case errors.Is(err, errSelf):
		// The last administrator could not undo it.
		a.showUser(w, r, http.StatusConflict, "You cannot do that to yourself. Another administrator can.")
	case errors.Is(err, backends.ErrNotFound):
		notFound(w, r)
	case errors.Is(err, errUnknown):
		showProblem(w, http.StatusBadRequest)
	case err != nil:
		a.guard.Refuse(w, r, err)
	default:
		id, _ := middleware.FromContext(r.Context())
		a.done(w, r, id.SessionID, said, r.URL.Path)
	}
}

var errUnknown = errors.New("no such button or role")

func (a *app) change(r *http.Request, userID string) (said string, err error) {
	switch r.PostForm.Get("do") {
	case "roles":
		return "The roles are changed. They hold from the next request on.", a.setRoles(r, userID)
	case "disable":
		return "The account is disabled and logged out everywhere.", a.setDisabled(r, userID, true)
	case "enable":
		return "The account is enabled.", a.setDisabled(r, userID, false)
	case doEnd:
		return a.endSession(r, userID)
	case doEndAll:
		_, err := a.devices.EndSessions(r.Context(), userID, "")
		return "All sessions are ended.", err
	}
	return "", errUnknown
}

func (a *app) setRoles(r *http.Request, userID string) error {
	wanted := r.PostForm["role"]
	for _, role := range wanted {
		if !slices.Contains(roles, role) {
			return errUnknown
		}
	}
	if isSelf(r, userID) && !slices.Contains(wanted, roleAdmin) {
		return errSelf
	}
	if err := a.users.SetRoles(r.Context(), userID, wanted); err != nil {
		return err
	}
	a.emit(r, eventRolesChanged, userID, strings.Join(wanted, " "))
	return nil
}

func (a *app) setDisabled(r *http.Request, userID string, disabled bool) error {
	if isSelf(r, userID) {
		return errSelf
	}
	if err := a.users.SetDisabled(r.Context(), time.Now(), userID, disabled); err != nil {
		return err
	}
	event := eventUserEnabled
	if disabled {
		event = eventUserDisabled
	}
	a.emit(r, event, userID, "")
	return nil
}

func isSelf(r *http.Request, userID string) bool {
	id, _ := middleware.FromContext(r.Context())
	return id.Subject == userID
}
