package middleware_test

import (
	"fmt"

	"github.com/inga-auth/inga/middleware"
)

// Users with a second factor must have used it, and those without one are not locked out. Here the
// application gives the former a role.
func ExampleWhen() {
	rule := middleware.When(middleware.HasRole("editor"), middleware.HasAMR("otp", "hwk"))

	none := middleware.Identity{Subject: "ann", Roles: []string{"user"}, AMR: []string{"pwd"}}
	half := middleware.Identity{Subject: "bob", Roles: []string{"editor"}, AMR: []string{"pwd"}}
	both := middleware.Identity{Subject: "bob", Roles: []string{"editor"}, AMR: []string{"pwd", "otp"}}
	fmt.Println(behind(none, rule), behind(half, rule), behind(both, rule))
	// Output: 200 401 200
}

// HasAMR asks for one of its methods, and everyone has used a password.
func ExampleWhen_incorrect() {
	half := middleware.Identity{Subject: "bob", Roles: []string{"editor"}, AMR: []string{"pwd"}}
	fmt.Println(behind(half, middleware.When(middleware.HasRole("editor"), middleware.HasAMR("pwd", "otp")))) // wrong
	fmt.Println(behind(half, middleware.When(middleware.HasRole("editor"), middleware.HasAMR("otp"))))        // right
	// Output:
	// 200
	// 401
}
