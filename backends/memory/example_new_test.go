package memory_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

// bobIn opens a session of Bob's.
func bobIn(store *memory.Store, now time.Time) (string, backends.Secret) {
	ctx, secret := context.Background(), backends.NewSecret()
	err1 := store.Users().CreateUser(ctx, backends.User{ID: "bob", Name: "bob"}, "")
	s := backends.Session{
		ID: backends.NewID("bob"), UserID: "bob", Kind: backends.KindCookie,
		CreatedAt: now, AuthenticatedAt: now, LastSeenAt: now,
		IdleTimeout: time.Hour, RenewalInterval: time.Minute, IdleDeadline: now.Add(time.Hour), AbsoluteDeadline: now.Add(time.Hour),
	}
	_, err2 := store.Create(ctx, now, s, secret.Hash(), backends.CreateOptions{})
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	return s.ID, secret
}

func ExampleNew() {
	ctx, store, now := context.Background(), memory.New(), time.Now() // one for the whole process
	id, _ := bobIn(store, now)
	list, _, err := store.List(ctx, now, "bob", backends.Page{})
	fmt.Println(len(list), list[0].ID == id, err)
	// Output: 1 true <nil>
}

// Each New is a store of its own. One for every Config, or for every process, and a session
// that was opened at one door is unknown at the other.
func ExampleNew_incorrect() {
	now := time.Now()
	id, secret := bobIn(memory.New(), now)
	_, _, err := memory.New().Find(context.Background(), now, id, secret.Hash()) // right: the same store
	fmt.Println(err)
	// Output: backends: not found
}

func ExampleStore_Sweep() {
	ctx, store, now := context.Background(), memory.New(), time.Now()
	bobIn(store, now) // for an hour
	// backends.Sweep calls it every so often.
	fmt.Println(store.Sweep(ctx, now.Add(2*time.Hour-time.Second))) // its end can still be told
	fmt.Println(store.Sweep(ctx, now.Add(2*time.Hour)))
	// Output:
	// 0 <nil>
	// 1 <nil>
}
