package main

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
)

// maxUsers is how many users are listed at once.
const maxUsers = 100

// An account is a user as administrators see them.
type account struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Roles    []string `json:"roles"`
	Disabled bool     `json:"disabled"`
}

// listUsers responds with the first users in the order of their IDs, or with the first after the
// one that the query names.
func (a *app) listUsers(w http.ResponseWriter, r *http.Request) {
	after := r.URL.Query().Get("after")
	if after != "" && !backends.ValidText(after) {
		refuse(w, r, http.StatusBadRequest)
		return
	}
	users, err := a.users.ListUsers(r.Context(), after, maxUsers)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	accounts := make([]account, len(users))
	for i, u := range users {
		accounts[i] = account{u.ID, u.Name, append([]string{}, u.Roles...), u.Disabled}
	}
	writeJSON(w, http.StatusOK, map[string][]account{"users": accounts})
}

// putRoles replaces the roles of a user.
func (a *app) putRoles(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Roles *[]string `json:"roles"` // nil if the body has none, which must not remove all roles
	}
	if err := readJSON(w, r, &body); err != nil {
		refuseBody(w, r, err)
		return
	}
	if body.Roles == nil || !known(*body.Roles) {
		refuse(w, r, http.StatusUnprocessableEntity)
		return
	}
	wanted, user := inOrder(*body.Roles), r.PathValue("user")
	if isSelf(r, user) && !slices.Contains(wanted, roleAdmin) {
		refuse(w, r, http.StatusConflict) // the last administrator could not undo it
		return
	}
	if err := a.users.SetRoles(r.Context(), user, wanted); err != nil {
		a.refuseChange(w, r, err)
		return
	}
	a.emitChange(r, eventRolesChanged, user, strings.Join(wanted, " "))
	w.WriteHeader(http.StatusNoContent)
}

// putDisabled disables a user, which ends their sessions, or enables them again.
func (a *app) putDisabled(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Disabled *bool `json:"disabled"`
	}
	if err := readJSON(w, r, &body); err != nil {
		refuseBody(w, r, err)
		return
	}
	if body.Disabled == nil {
		refuse(w, r, http.StatusUnprocessableEntity)
		return
	}
	user, event := r.PathValue("user"), eventUserEnabled
	if *body.Disabled {
		event = eventUserDisabled
	}
	if *body.Disabled && isSelf(r, user) {
		refuse(w, r, http.StatusConflict)
		return
	}
	if err := a.users.SetDisabled(r.Context(), time.Now(), user, *body.Disabled); err != nil {
		a.refuseChange(w, r, err)
		return
	}
	a.emitChange(r, event, user, "")
	w.WriteHeader(http.StatusNoContent)
}

func (a *app) refuseChange(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, backends.ErrNotFound) {
		refuse(w, r, http.StatusNotFound)
		return
	}
	a.guard.Refuse(w, r, err)
}

func isSelf(r *http.Request, userID string) bool {
	id, _ := middleware.FromContext(r.Context())
	return id.Subject == userID
}

func known(list []string) bool {
	return !slices.ContainsFunc(list, func(role string) bool { return !slices.Contains(roles, role) })
}

// inOrder returns each role of the list once, in the order in which they are shown.
func inOrder(list []string) []string {
	return slices.DeleteFunc(slices.Clone(roles), func(role string) bool { return !slices.Contains(list, role) })
}
