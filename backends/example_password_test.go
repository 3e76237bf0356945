package backends_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

func ExampleNewPasswords() {
	ctx := context.Background()
	passwords, err := backends.NewPasswords(backends.PasswordConfig{Memory: 46 << 10, Time: 1}) // OWASP, with more memory
	if err != nil {
		log.Fatal(err)
	}
	phc, err := passwords.Hash(ctx, "ann likes tea")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(phc[:len("$argon2id$v=19$m=47104,t=1,p=1$")])
	fmt.Println(passwords.Verify(ctx, phc, "ann likes tea"))
	// Output:
	// $argon2id$v=19$m=47104,t=1,p=1$
	// true false <nil>
}

// Less work than OWASP asks for is refused: whoever has the rows tries passwords on them.
func ExampleNewPasswords_incorrect() {
	_, err := backends.NewPasswords(backends.PasswordConfig{Memory: 7168, Time: 1}) // right: PasswordConfig{}
	fmt.Println(err)
	// Output: backends: PasswordConfig.Time is 1, want 5 to 146
}

// Each hash has a salt of its own, so that the same password never hashes to the same text
// twice. Comparing by hand refuses everybody, where it does not leak by the time it takes.
func ExamplePasswords_Verify_incorrect() {
	ctx := context.Background()
	passwords, err := backends.NewPasswords(backends.PasswordConfig{})
	if err != nil {
		log.Fatal(err)
	}
	stored, err1 := passwords.Hash(ctx, "ann likes tea")
	typed, err2 := passwords.Hash(ctx, "ann likes tea")
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	fmt.Println(stored == typed)
	ok, _, err := passwords.Verify(ctx, stored, "ann likes tea") // right
	fmt.Println(ok, err)
	// Output:
	// false
	// true <nil>
}

// An answer that is different, or comes sooner, for a name that nobody has tells who has an
// account. VerifyUser has one answer, and does the same work for it.
func ExamplePasswords_VerifyUser_incorrect() {
	ctx, store := context.Background(), memory.New()
	passwords, err := backends.NewPasswords(backends.PasswordConfig{})
	if err != nil {
		log.Fatal(err)
	}
	wrong := func(name, password string) error {
		_, phc, err := store.UserByName(ctx, name)
		if err != nil {
			return err // at once
		}
		_, _, err = passwords.Verify(ctx, phc, password)
		return err
	}
	fmt.Println(wrong("ann", "ann likes tea"))
	_, err = passwords.VerifyUser(ctx, store, "ann", "ann likes tea") // right
	fmt.Println(err)
	// Output:
	// backends: not found
	// backends: wrong name or password
}

// A store that cannot be asked has said nothing. Whoever takes its error for "logged out" logs
// everybody out when the database restarts.
func ExampleErrNotLive_incorrect() {
	down := errors.New("connection refused")
	wrong := func(err error) int {
		if err != nil {
			return 401
		}
		return 200
	}
	right := func(err error) int {
		switch {
		case err == nil:
			return 200
		case errors.Is(err, backends.ErrNotFound), errors.Is(err, backends.ErrNotLive):
			return 401
		}
		return 503 // with Retry-After, and no cookie is touched
	}
	fmt.Println(wrong(down), right(down), right(backends.ErrRevoked))
	// Output: 401 503 401
}
