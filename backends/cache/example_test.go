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

func Example() {
	backend := memory.New() // or postgres.New(…), of which several processes have a cache each
	store, err := cache.New(cache.Config{Store: backend, MaxLag: 2 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	users := store.Users()

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() {
		_ = store.Follow(ctx, func(err error) { slog.Warn("not following", "error", err) })
	}()

	// Pass store on instead of backend, and change users through users.
	if err := users.CreateUser(ctx, backends.User{ID: "u-1", Name: "ann", Roles: []string{"user"}}, ""); err != nil {
		log.Fatal(err)
	}
	id, secret := login(ctx, store, "u-1")
	for range 3 { // only the first asks the backend
		_, user, err := store.Find(ctx, time.Now(), id, secret.Hash())
		fmt.Println(user.Roles, err)
	}
	if err := users.SetDisabled(ctx, time.Now(), "u-1", true); err != nil {
		log.Fatal(err)
	}
	_, _, err = store.Find(ctx, time.Now(), id, secret.Hash())
	fmt.Println(err)
	// Output:
	// [user] <nil>
	// [user] <nil>
	// [user] <nil>
	// backends: session has ended: revoked
}

// A change that is made past the cache holds when the feed reports it or, if Follow does not
// run, after MaxLag.
func ExampleStore_Users_incorrect() {
	ctx, backend := context.Background(), memory.New()
	store, err := cache.New(cache.Config{Store: backend})
	if err != nil {
		log.Fatal(err)
	}
	if err := backend.Users().CreateUser(ctx, backends.User{ID: "u-1", Name: "ann", Roles: []string{"admin"}}, ""); err != nil {
		log.Fatal(err)
	}
	id, secret := login(ctx, store, "u-1")
	_, user, _ := store.Find(ctx, time.Now(), id, secret.Hash())
	fmt.Println(user.Roles)

	_ = backend.Users().SetRoles(ctx, "u-1", []string{"user"}) // wrong: store.Users().SetRoles holds at once
	_, user, _ = store.Find(ctx, time.Now(), id, secret.Hash())
	fmt.Println(user.Roles)
	// Output:
	// [admin]
	// [admin]
}

// login opens a session, as package cookie does.
func login(ctx context.Context, store backends.Store, userID string) (id string, _ backends.Secret) {
	now, secret := time.Now(), backends.NewSecret()
	s := backends.Session{
		ID: backends.NewID(userID), UserID: userID, Kind: backends.KindCookie,
		CreatedAt: now, IdleTimeout: time.Hour, RenewalInterval: time.Minute,
	}
	s.Begin(now, time.Hour)
	if _, err := store.Create(ctx, now, s, secret.Hash(), backends.CreateOptions{}); err != nil {
		log.Fatal(err)
	}
	return s.ID, secret
}
