package middleware_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/inga-auth/inga/middleware"
)

func TestWhenDemandsARuleOfThoseThatPassItsCondition(t *testing.T) {
	// AZ-4
	failing := func(err error) middleware.Authorizer {
		return middleware.AuthorizerFunc(func(*http.Request, middleware.Identity) error { return err })
	}
	outage, odd := fmt.Errorf("%w: %w: no answer", middleware.ErrForbidden, middleware.ErrUnavailable), errors.New("connection reset")
	for name, row := range map[string]struct {
		condition middleware.Authorizer
		id        middleware.Identity
		want      error
	}{
		"it does not apply":              {middleware.HasRole("totp"), middleware.Identity{Roles: []string{"user"}}, nil},
		"it applies, and the rule holds": {middleware.HasRole("totp"), middleware.Identity{Roles: []string{"totp"}, AMR: []string{"pwd", "otp"}}, nil},
		"it applies, and it does not":    {middleware.HasRole("totp"), middleware.Identity{Roles: []string{"totp"}, AMR: []string{"pwd"}}, middleware.ErrInsufficientAuthentication},
		"by freshness, it does not":      {middleware.Fresh(60e9), middleware.Identity{}, nil},
		"it cannot tell":                 {failing(outage), middleware.Identity{}, middleware.ErrUnavailable},
		"it fails in its own words":      {failing(odd), middleware.Identity{}, odd},
	} {
		err := middleware.When(row.condition, middleware.HasAMR("otp")).Authorize(httptest.NewRequest("GET", "/", nil), row.id)
		if !errors.Is(err, row.want) || row.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
	}
}

func TestRequireReportsTheMistakesInsideWhen(t *testing.T) {
	guard, err := middleware.New(middleware.Config{Authenticator: key(middleware.Identity{Subject: "1"}), Roles: []string{"totp"}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = guard.Require(
		middleware.When(middleware.HasRole("toto"), middleware.HasAMR("")),
		middleware.When(nil, middleware.AuthorizerFunc(nil)),
	)
	for _, word := range []string{`unknown role "toto"`, "HasAMR", "condition of When is nil", "rule of When is nil"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("error does not mention %s:\n%v", word, err)
		}
	}
}
