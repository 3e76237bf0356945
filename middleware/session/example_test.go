package session_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/devices"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// A user may be logged in on five devices, and an administrator on one.
func ExampleNew() {
	sessions, err1 := session.New(session.Config{
		Store:  memory.New(),
		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
		Limit: func(u backends.User) backends.Limit {
			if slices.Contains(u.Roles, "admin") {
				return backends.Limit{Total: 1}
			}
			return backends.Limit{Total: 5}
		},
	})
	cookies, err2 := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{[]byte("f5c9a7d1e3b8406296aa1c0d7e5b3f487a1c9e0b5d3f82641b6e4c2a0f8d7951")}})
	d, err3 := devices.New(sessions)
	fmt.Println(errors.Join(err1, err2, err3), cookies, d != nil)
	// Output: <nil> [cookies] true
}

// A session that never ends cannot be configured.
func ExampleNew_incorrect() {
	_, err := session.New(session.Config{Store: memory.New(), Policy: sliding.Policy{Idle: 30 * time.Minute}})
	fmt.Println(err)
	// Output: session: Config.Policy: sliding: Policy.Absolute is 0s, want more than 0: there is no forever
}

// The ID of a session is public: it is listed and logged. A credential that is an ID alone can be
// read off the list of devices.
func ExampleMethod_FindByID_incorrect() {
	ctx, store := context.Background(), memory.New()
	err1 := store.Users().CreateUser(ctx, backends.User{ID: "ann"}, "")
	sessions, err2 := session.New(session.Config{Store: store, Policy: sliding.AAL2(), Events: func(context.Context, middleware.Event) {}})
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	keys, secret := sessions.Method("api_key", "api_key"), backends.NewSecret()
	s, err := keys.Open(httptest.NewRequest("POST", "/keys", nil), middleware.Login{Subject: "ann"}, session.Opening{Secret: secret})
	if err != nil {
		log.Fatal(err)
	}
	_, _, err = keys.FindByID(ctx, s.ID) // wrong, unless a signature has proved the ID
	fmt.Println(err)
	_, _, err = keys.Find(ctx, s.ID, backends.NewSecret()) // right: it takes the secret
	fmt.Println(errors.Is(err, middleware.ErrInvalidCredentials))
	// Output:
	// <nil>
	// true
}
