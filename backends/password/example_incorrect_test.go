package password_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/backends/password"
)

// Less work than OWASP recommends is refused: a thief of the rows tries passwords on them.
func ExampleNew_incorrect() {
	_, err := password.New(password.Config{Memory: 7168, Time: 1}) // right: Config{}
	fmt.Println(err)
	// Output: password: Config.Time is 1, want 5 to 146
}

// Each hash has a salt of its own, so the same password never hashes to the same text twice.
// Comparing two hashes refuses every login.
func ExampleHasher_Verify_incorrect() {
	ctx := context.Background()
	hasher, err := password.New(password.Config{})
	if err != nil {
		log.Fatal(err)
	}
	stored, err1 := hasher.Hash(ctx, "ann likes tea")
	typed, err2 := hasher.Hash(ctx, "ann likes tea")
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	fmt.Println(stored == typed)
	ok, _, err := hasher.Verify(ctx, stored, "ann likes tea") // right
	fmt.Println(ok, err)
	// Output:
	// false
	// true <nil>
}

// An answer that is different, or comes sooner, for an unknown name reveals who has an account.
// VerifyUser has one answer, and does the same work for it.
func ExampleHasher_VerifyUser_incorrect() {
	ctx, users := context.Background(), memory.New().Users()
	hasher, err := password.New(password.Config{})
	if err != nil {
		log.Fatal(err)
	}
	wrong := func(name, text string) error {
		_, phc, err := users.UserByName(ctx, name)
		if err != nil {
			return err // at once
		}
		_, _, err = hasher.Verify(ctx, phc, text)
		return err
	}
	fmt.Println(wrong("ann", "ann likes tea"))
	_, err = hasher.VerifyUser(ctx, users, "ann", "ann likes tea", password.Client{}) // right
	fmt.Println(err)
	// Output:
	// backends: not found
	// password: wrong name or password
}
