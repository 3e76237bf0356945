package backends_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/inga-auth/inga/backends"
)

// A store that leaves the users to the application returns it from Users.
func ExampleNoUsers() {
	users := backends.NoUsers(fmt.Errorf("mystore: the users are in the directory: %w", errors.ErrUnsupported))
	err := users.SetRoles(context.Background(), "u-1", []string{"admin"})
	fmt.Println(err, errors.Is(err, errors.ErrUnsupported))
	// Output: mystore: the users are in the directory: unsupported operation true
}
