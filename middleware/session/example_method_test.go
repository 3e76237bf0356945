package session_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// annsMethod returns a way of proving sessions where Ann is the only user, and prints its events.
func annsMethod() *session.Method {
	store := memory.New()
	err1 := store.Users().CreateUser(context.Background(), backends.User{ID: "ann"}, "")
	sessions, err2 := session.New(session.Config{
		Store:  store,
		Policy: sliding.AAL2(),
		Events: func(_ context.Context, e middleware.Event) { fmt.Println("event:", e.Type) },
	})
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	return sessions.Method("passkey", "passkey")
}

// The same device logs in again: its former session ends, and counts against no limit.
func ExampleMethod_Open() {
	passkeys, r := annsMethod(), httptest.NewRequest("POST", "/login", nil)
	ann := middleware.Login{Subject: "ann", AMR: []string{"hwk"}}
	former, err1 := passkeys.Open(r, ann, session.Opening{Secret: backends.NewSecret()})
	_, err2 := passkeys.Open(r, ann, session.Opening{Secret: backends.NewSecret(), Former: []string{former.ID}})
	fmt.Println(err1, err2)
	// Output:
	// event: login
	// event: login
	// event: revoked
	// <nil> <nil>
}

func ExampleMethod_Reauthenticate() {
	passkeys, r := annsMethod(), httptest.NewRequest("POST", "/login", nil)
	ann := middleware.Login{Subject: "ann", AMR: []string{"hwk"}}
	before, after := backends.NewSecret(), backends.NewSecret()
	s, err1 := passkeys.Open(r, ann, session.Opening{Secret: before})
	err2 := passkeys.Reauthenticate(r, &s, ann, session.Opening{Secret: after})
	_, err3 := passkeys.Authenticate(r.Context(), s.ID, after)
	fmt.Println(err1, err2, err3)

	_, err := passkeys.Authenticate(r.Context(), s.ID, before) // the former secret opens nothing
	fmt.Println(errors.Is(err, middleware.ErrInvalidCredentials))
	// Output:
	// event: login
	// event: reauthenticated
	// <nil> <nil> <nil>
	// true
}

// A refresh token carries the ID, the secret and the generation of a session. Only the generation
// changes.
func ExampleMethod_Rotate() {
	passkeys, r := annsMethod(), httptest.NewRequest("POST", "/token", nil)
	secret, grace := backends.NewSecret(), backends.Grace{Overlap: 10 * time.Second}
	s, err := passkeys.Open(r, middleware.Login{Subject: "ann"}, session.Opening{Secret: secret, Prepare: func(s *backends.Session) error {
		s.Refresh.Generation = 1 // and RotatedAt is long ago, so that it is replaced at once
		return nil
	}})
	if err != nil {
		log.Fatal(err)
	}
	for range 2 { // the response to the first may be lost
		s, _, err := passkeys.Rotate(r, s.ID, secret, 1, grace)
		fmt.Println(s.Refresh.Generation, err)
	}
	// Output:
	// event: login
	// event: refreshed
	// 2 <nil>
	// event: replayed
	// 2 <nil>
}

func ExampleMethod_Logout() {
	passkeys, r := annsMethod(), httptest.NewRequest("POST", "/logout", nil)
	s, err := passkeys.Open(r, middleware.Login{Subject: "ann"}, session.Opening{Secret: backends.NewSecret()})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(passkeys.Logout(r, middleware.Identity{Subject: "ann", SessionID: s.ID}))
	// Output:
	// event: login
	// event: logout
	// <nil>
}
