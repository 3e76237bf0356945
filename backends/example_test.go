package backends_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"slices"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

// A user is created with a password, and logs in with it.
func ExamplePasswords_VerifyUser() {
	ctx := context.Background()
	store := memory.New()
	passwords, err := backends.NewPasswords(backends.PasswordConfig{})
	if err != nil {
		log.Fatal(err)
	}
	phc, err := passwords.Hash(ctx, "ann likes tea")
	if err != nil {
		log.Fatal(err)
	}
	ann := backends.User{ID: "u-1", Name: "ann", Roles: []string{"user"}}
	if err := store.CreateUser(ctx, ann, phc); err != nil {
		log.Fatal(err)
	}

	user, err := passwords.VerifyUser(ctx, store, "ann", "ann likes tea")
	fmt.Println(user.ID, user.Roles, err)
	_, err = passwords.VerifyUser(ctx, store, "ann", "ann likes coffee")
	fmt.Println(errors.Is(err, backends.ErrWrongPassword), err)
	// Output:
	// u-1 [user] <nil>
	// true backends: wrong name or password
}

// The application runs the sweeper, beside its server.
func ExampleSweep() {
	store := memory.New()
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_ = backends.Sweep(ctx, store, 10*time.Minute, func(removed int, err error) {
			slog.Info("sweep", "removed", removed, "error", err)
		})
	}()
	// http.ListenAndServe …
	stop()
}

// A session that has ended says how. That the store cannot be asked is another matter:
// it is neither a reason to let somebody in nor one to log somebody out.
func ExampleErrNotLive() {
	find := func(err error) string {
		switch {
		case err == nil:
			return "let in"
		case errors.Is(err, backends.ErrNotFound), errors.Is(err, backends.ErrNotLive):
			return "401, log in again"
		default:
			return "503, try again"
		}
	}
	fmt.Println(find(backends.ErrExpired))
	fmt.Println(find(errors.New("connection refused")))
	// Output:
	// 401, log in again
	// 503, try again
}

// How many sessions a user may have is a function of the user.
func ExampleLimit() {
	limit := func(u backends.User) backends.Limit {
		if slices.Contains(u.Roles, "admin") {
			return backends.Limit{} // none
		}
		return backends.Limit{Total: 1} // a new login ends the one before
	}
	live := []backends.Session{{ID: "laptop"}, {ID: "phone"}}
	for _, role := range []string{"admin", "user"} {
		evicted, err := limit(backends.User{Roles: []string{role}}).Evict(live, backends.KindCookie)
		fmt.Println(role, evicted, err)
	}
	// Output:
	// admin [] <nil>
	// user [laptop phone] <nil>
}

// A value that a session remembers has a name and a type.
func ExampleKey() {
	const notice backends.Key[string] = "notice"

	ctx, store, now := context.Background(), memory.New(), time.Now()
	s := backends.Session{ID: backends.NewID(), UserID: "u-1", IdleDeadline: now.Add(time.Hour), AbsoluteDeadline: now.Add(time.Hour)}
	_ = store.CreateUser(ctx, backends.User{ID: "u-1", Name: "ann"}, "")
	if _, err := store.Create(ctx, now, s, backends.NewSecret().Hash(), backends.Admission{}); err != nil {
		log.Fatal(err)
	}

	// In a handler, s.ID is the SessionID of the identity.
	fmt.Println(notice.Set(ctx, store, s.ID, "Saved."))
	fmt.Println(notice.Take(ctx, store, s.ID)) // shown once
	fmt.Println(notice.Take(ctx, store, s.ID))
	// Output:
	// <nil>
	// Saved. true <nil>
	//  false <nil>
}
