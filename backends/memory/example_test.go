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

func Example() {
	ctx, store, now := context.Background(), memory.New(), time.Now()
	if err := store.Users().CreateUser(ctx, backends.User{ID: "u-1", Name: "ann"}, ""); err != nil {
		log.Fatal(err)
	}
	secret := backends.NewSecret() // goes into a cookie, and never into a store
	s := backends.Session{
		ID:               backends.NewID("u-1"),
		UserID:           "u-1",
		Kind:             backends.KindCookie,
		CreatedAt:        now,
		AuthenticatedAt:  now,
		LastSeenAt:       now,
		IdleTimeout:      30 * time.Minute,
		RenewalInterval:  3 * time.Minute,
		IdleDeadline:     now.Add(30 * time.Minute),
		AbsoluteDeadline: now.Add(12 * time.Hour),
	}
	if _, err := store.Create(ctx, now, s, secret.Hash(), backends.CreateOptions{}); err != nil {
		log.Fatal(err)
	}

	_, user, err := store.Find(ctx, now, s.ID, secret.Hash())
	fmt.Println(user.Name, err)

	_, err = store.Revoke(ctx, now, s.ID, backends.ReasonLogout)
	fmt.Println(err)

	ended, _, err := store.Find(ctx, now, s.ID, secret.Hash())
	fmt.Println(ended.Ended.Reason, errors.Is(err, backends.ErrNotLive))
	// Output:
	// ann <nil>
	// <nil>
	// logout true
}
