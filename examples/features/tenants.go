package features

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/inga-auth/inga/middleware"
)

func (s *Shop) addTenants(mux *http.ServeMux) error {
	readers, err1 := s.members.Require(inTenant("reader", "editor"))
	editors, err2 := s.members.Require(inTenant("editor"))
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	mux.Handle("GET /tenants/{tenant}/orders", readers.Handler(form("orders")))
	mux.Handle("POST /tenants/{tenant}/orders", editors.Handler(form("orders")))
	return nil
}

// inTenant lets those pass who have one of the roles in the tenant that the path names. The view
// auth_users has these roles, so they hold from the next request on, and cost no statement.
func inTenant(roles ...string) middleware.Authorizer {
	return middleware.AuthorizerFunc(func(r *http.Request, id middleware.Identity) error {
		for _, role := range roles {
			if id.HasRole(r.PathValue("tenant") + "/" + role) {
				return nil
			}
		}
		return fmt.Errorf("%w: no role in tenant %q", middleware.ErrForbidden, r.PathValue("tenant"))
	})
}
