package password_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/backends/password"
)

// A user is created with a password, and logs in with it.
func Example() {
	ctx, users := context.Background(), memory.New().Users()
	hasher, err := password.New(password.Config{})
	if err != nil {
		log.Fatal(err)
	}
	hash, err := hasher.Hash(ctx, "ann likes tea")
	if err != nil {
		log.Fatal(err)
	}
	ann := backends.User{ID: "u-1", Name: "ann", Roles: []string{"user"}}
	if err := users.CreateUser(ctx, ann, hash); err != nil {
		log.Fatal(err)
	}

	user, err := hasher.VerifyUser(ctx, users, "ann", "ann likes tea")
	fmt.Println(user.ID, user.Roles, err)
	_, err = hasher.VerifyUser(ctx, users, "ann", "ann likes coffee")
	fmt.Println(errors.Is(err, password.ErrWrong), err)
	// Output:
	// u-1 [user] <nil>
	// true password: wrong name or password
}

func ExampleNew() {
	ctx := context.Background()
	hasher, err := password.New(password.Config{Memory: 46 << 10, Time: 1}) // OWASP, with more memory
	if err != nil {
		log.Fatal(err)
	}
	hash, err := hasher.Hash(ctx, "ann likes tea")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(hash[:len("$argon2id$v=19$m=47104,t=1,p=1$")])
	fmt.Println(hasher.Verify(ctx, hash, "ann likes tea"))
	// Output:
	// $argon2id$v=19$m=47104,t=1,p=1$
	// true false <nil>
}

// A row whose hash no Hasher verifies is not a wrong password: the user did nothing wrong, and
// the log should say what to do about the row.
func ExampleErrScheme() {
	hasher, err := password.New(password.Config{})
	if err != nil {
		log.Fatal(err)
	}
	_, _, err = hasher.Verify(context.Background(), "$1$saltsalt$MzDjbImyzEz2m0NTiPzNW/", "a")
	fmt.Println(errors.Is(err, password.ErrScheme), err)
	// Output: true password: hash of another scheme: md5crypt
}
