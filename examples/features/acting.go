package features

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/inga-auth/inga/middleware"
)

func (s *Shop) addActing(mux *http.ServeMux) error {
	support, err := s.fresh.Require(middleware.HasRole("support"))
	if err == nil {
		mux.Handle("POST /people/{person}/act", support.Handler(http.HandlerFunc(s.act)))
	}
	return err
}

// act lets a member of the support team see the shop as a customer does, for half an hour at most. The
// customer sees that in the list of their sessions, and the audit trail names both. POST /logout ends
// it, and leaves the session of the member of the team as it was.
func (s *Shop) act(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	customer, err := s.store.FindUser(r.Context(), r.PathValue("person"))
	if err == nil && (slices.Contains(customer.Roles, "admin") || slices.Contains(customer.Roles, "support")) {
		err = fmt.Errorf("%w: %s is no customer", middleware.ErrForbidden, customer.ID)
	}
	if err == nil {
		_, err = s.cookies.Login(w, r, middleware.Login{Subject: customer.ID, UserVersion: customer.Version, Actor: &id})
	}
	if err != nil {
		s.guard.Refuse(w, r, err)
		return
	}
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}

// inPerson refuses those who act for another person: they cannot give that person's password or code.
func inPerson(_ *http.Request, id middleware.Identity) error {
	if id.Actor != "" {
		return fmt.Errorf("%w: %s acts for %s", middleware.ErrForbidden, id.Actor, id.Subject)
	}
	return nil
}

// unlessActing asks the rule of all but those who act for another person, who have passed it in their own
// session. What s.fresh guards stays closed to them.
func unlessActing(rule middleware.Authorizer) middleware.Authorizer {
	return middleware.AuthorizerFunc(func(r *http.Request, id middleware.Identity) error {
		if id.Actor != "" {
			return nil
		}
		return rule.Authorize(r, id)
	})
}
