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

// Optional contracts are looked for when the application starts, and not when a user first
// needs them.
func ExampleSupports() {
	var store backends.Store = memory.New()
	fmt.Println("refresh tokens:", backends.Supports[backends.Rotator](store))
	fmt.Println("list of devices:", backends.Supports[backends.SessionLister](store))
	// Output:
	// refresh tokens: true
	// list of devices: true
}

// A session that has ended says how. An outage of the store is another matter: no one may be
// let in or logged out because of it.
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

// An application that takes every error for "logged out" logs all its users out when the
// database restarts.
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

// The limit on sessions is a function of the user.
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

// A value of a session has a name and a type.
func ExampleValueKey() {
	const notice backends.ValueKey[string] = "notice"

	ctx, store, now := context.Background(), memory.New(), time.Now()
	s := backends.Session{
		ID: backends.NewID("u-1"), UserID: "u-1", Kind: backends.KindCookie, CreatedAt: now,
		IdleTimeout: time.Hour, RenewalInterval: time.Minute,
	}
	s.Begin(now, 12*time.Hour)
	_ = store.Users().CreateUser(ctx, backends.User{ID: "u-1", Name: "ann"}, "")
	if _, err := store.Create(ctx, now, s, backends.NewSecret().Hash(), backends.CreateOptions{}); err != nil {
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
