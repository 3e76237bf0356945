package password_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"
	"strings"

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

	user, err := hasher.VerifyUser(ctx, users, "ann", "ann likes tea", password.Client{})
	fmt.Println(user.ID, user.Roles, err)
	_, err = hasher.VerifyUser(ctx, users, "ann", "ann likes coffee", password.Client{})
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

// Guesses at an account are slowed, also if there is no such user. The guard's Refuse answers the
// error with 429 and Retry-After.
func ExampleHasher_VerifyUser() {
	ctx, store := context.Background(), memory.New()
	hasher, err := password.New(password.Config{Attempts: store})
	if err != nil {
		log.Fatal(err)
	}
	from := password.Client{Address: netip.MustParseAddr("192.0.2.7")} // clientip.Of(r)
	for range 5 {
		_, err = hasher.VerifyUser(ctx, store.Users(), "ann", "guess", from)
	}
	fmt.Println(err)
	_, err = hasher.VerifyUser(ctx, store.Users(), "ann", "guess", from)
	fmt.Println(errors.Is(err, backends.ErrTooManyAttempts))
	// Output:
	// password: wrong name or password
	// true
}

// After a new password by a link in a mail the user may log in, whatever was tried before.
func ExampleHasher_Unlock() {
	ctx, store := context.Background(), memory.New()
	hasher, err := password.New(password.Config{Attempts: store})
	if err != nil {
		log.Fatal(err)
	}
	for range 6 {
		_, err = hasher.VerifyUser(ctx, store.Users(), "ann", "guess", password.Client{})
	}
	fmt.Println(errors.Is(err, backends.ErrTooManyAttempts))
	if err := hasher.Unlock(ctx, "ann"); err != nil {
		log.Fatal(err)
	}
	_, err = hasher.VerifyUser(ctx, store.Users(), "ann", "guess", password.Client{})
	fmt.Println(err)
	// Output:
	// true
	// password: wrong name or password
}

// The audit trail names the user that was guessed at. A name that no user has stays out of it:
// people type passwords into its field.
func ExampleSubject() {
	ctx, users := context.Background(), memory.New().Users()
	hasher, err := password.New(password.Config{})
	if err != nil {
		log.Fatal(err)
	}
	if err := users.CreateUser(ctx, backends.User{ID: "u-1", Name: "ann"}, ""); err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"ann", "ann likes tea"} {
		_, err = hasher.VerifyUser(ctx, users, name, "guess", password.Client{})
		fmt.Printf("%v, subject %q\n", err, password.Subject(err))
	}
	// Output:
	// password: wrong name or password, subject "u-1"
	// password: wrong name or password, subject ""
}

func ExampleReadList() {
	list, err := password.ReadList(strings.NewReader("acme2031\nshopshop\n")) // a file, one password in each line
	if err != nil {
		log.Fatal(err)
	}
	hasher, err := password.New(password.Config{Refuse: list.Refuse})
	if err != nil {
		log.Fatal(err)
	}
	_, err = hasher.Hash(context.Background(), "Acme2031")
	fmt.Println(errors.Is(err, password.ErrCommon), err)
	// Output: true password: too common
}
