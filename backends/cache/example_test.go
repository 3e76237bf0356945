package cache_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/memory"
)

// The cache stands between the backend and whoever asks it.
func Example() {
	backend := memory.New() // or postgres.New(…), of which several processes have a cache each
	store, err := cache.New(cache.Config{Store: backend, MaxLag: 2 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	users := store.Users(backend)

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() {
		_ = store.Follow(ctx, func(err error) { slog.Warn("not following", "error", err) })
	}()

	// From here on cookie.Config and jwtauth.Config get the store, and users are changed
	// through users.
	if err := users.CreateUser(ctx, backends.User{ID: "u-1", Name: "ann", Roles: []string{"user"}}, ""); err != nil {
		log.Fatal(err)
	}
	secret := login(ctx, store, "u-1")
	for range 3 { // the first asks the backend, the others do not
		_, user, err := store.FindBySecret(ctx, time.Now(), secret.Hash())
		fmt.Println(user.Roles, err)
	}
	if err := users.SetDisabled(ctx, time.Now(), "u-1", true); err != nil {
		log.Fatal(err)
	}
	_, _, err = store.FindBySecret(ctx, time.Now(), secret.Hash())
	fmt.Println(err)
	// Output:
	// [user] <nil>
	// [user] <nil>
	// [user] <nil>
	// backends: session has ended: revoked
}

// Users that are changed behind the back of the cache are changed elsewhere, so to speak: it
// hears of that from the feed, and if nobody follows it, when MaxLag has passed.
func ExampleStore_Users_incorrect() {
	ctx, backend := context.Background(), memory.New()
	store, err := cache.New(cache.Config{Store: backend})
	if err != nil {
		log.Fatal(err)
	}
	if err := backend.CreateUser(ctx, backends.User{ID: "u-1", Name: "ann", Roles: []string{"admin"}}, ""); err != nil {
		log.Fatal(err)
	}
	secret := login(ctx, store, "u-1")
	_, user, _ := store.FindBySecret(ctx, time.Now(), secret.Hash())
	fmt.Println(user.Roles)

	_ = backend.SetRoles(ctx, "u-1", []string{"user"}) // better: store.Users(backend).SetRoles
	_, user, _ = store.FindBySecret(ctx, time.Now(), secret.Hash())
	fmt.Println(user.Roles)
	// Output:
	// [admin]
	// [admin]
}

// login opens a session, as package cookie does.
func login(ctx context.Context, store backends.Store, userID string) backends.Secret {
	now, secret := time.Now(), backends.NewSecret()
	_, err := store.Create(ctx, now, backends.Session{
		ID: backends.NewID(), UserID: userID, Kind: backends.KindCookie,
		CreatedAt: now, AuthenticatedAt: now, LastSeenAt: now,
		IdleTimeout: time.Hour, RenewalInterval: time.Minute, IdleDeadline: now.Add(time.Hour), AbsoluteDeadline: now.Add(time.Hour),
	}, secret.Hash(), backends.Admission{})
	if err != nil {
		log.Fatal(err)
	}
	return secret
}
