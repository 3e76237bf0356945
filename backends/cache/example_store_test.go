package cache_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/memory"
)

func ExampleNew() {
	store, err := cache.New(cache.Config{
		Store:      memory.New(), // or postgres.New(…)
		MaxLag:     2 * time.Second,
		MaxAge:     30 * time.Second,
		MaxEntries: 100_000,
		MaxBytes:   64 << 20,
	})
	fmt.Println(store.Following(), err) // until Follow runs, sessions are read again after MaxLag
	// Output: false <nil>
}

// A revocation that may go unnoticed for minutes is of little use.
func ExampleNew_incorrect() {
	_, err := cache.New(cache.Config{MaxLag: 10 * time.Minute})
	fmt.Println(err)
	// Output:
	// cache: Config.Store is nil, want a backend
	// cache: Config.MaxLag is 10m0s, want 50ms to 1m0s
	// cache: Config.MaxAge is 1m0s, want MaxLag, which is 10m0s, to 1h0m0s
}

// Everything that changes sessions must be given the cache, not its backend. A change that is
// made past the cache holds when the feed reports it or, if Follow does not run, after MaxLag.
func ExampleNew_incorrectPastTheCache() {
	ctx, backend := context.Background(), memory.New()
	err1 := backend.Users().CreateUser(ctx, backends.User{ID: "u-1", Name: "ann"}, "")
	store, err2 := cache.New(cache.Config{Store: backend})
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	id, secret := login(ctx, store, "u-1")
	_, _, _ = store.Find(ctx, time.Now(), id, secret.Hash())

	_, _ = backend.Revoke(ctx, time.Now(), id, backends.ReasonRevoked) // wrong: devices.Config{Store: backend}
	_, _, err := store.Find(ctx, time.Now(), id, secret.Hash())
	fmt.Println(err)

	id, secret = login(ctx, store, "u-1")
	_, _, _ = store.Find(ctx, time.Now(), id, secret.Hash())
	_, _ = store.Revoke(ctx, time.Now(), id, backends.ReasonRevoked) // right: devices.Config{Store: store}
	_, _, err = store.Find(ctx, time.Now(), id, secret.Hash())
	fmt.Println(err)
	// Output:
	// <nil>
	// backends: session has ended: revoked
}

func ExampleStore_Follow() {
	store, err := cache.New(cache.Config{Store: memory.New()})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- store.Follow(ctx, func(err error) { slog.Warn("not following", "error", err) })
	}()
	// http.ListenAndServe …
	stop()
	fmt.Println(<-done)
	// Output: context canceled
}

func ExampleStore_Users() {
	ctx, backend := context.Background(), memory.New()
	store, err := cache.New(cache.Config{Store: backend})
	if err != nil {
		log.Fatal(err)
	}
	users := store.Users() // changes that are made through it hold at once
	if err := users.CreateUser(ctx, backends.User{ID: "u-1", Name: "ann", Roles: []string{"admin"}}, ""); err != nil {
		log.Fatal(err)
	}
	id, secret := login(ctx, store, "u-1")
	for _, roles := range [][]string{{"admin"}, {"user"}} {
		if err := users.SetRoles(ctx, "u-1", roles); err != nil {
			log.Fatal(err)
		}
		_, u, err := store.Find(ctx, time.Now(), id, secret.Hash())
		fmt.Println(u.Roles, err)
	}
	// Output:
	// [admin] <nil>
	// [user] <nil>
}
