package middleware_test

import (
	"fmt"
	"log"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// behind returns the status that an identity gets from a guard with the rules.
func behind(id middleware.Identity, rules ...middleware.Authorizer) int {
	guard, err := middleware.New(middleware.Config{
		Authenticator: key(id),
		Roles:         []string{"user", "editor", "admin"},
	})
	if err != nil {
		log.Fatal(err)
	}
	if guard, err = guard.Require(rules...); err != nil {
		log.Fatal(err)
	}
	return ask(guard.Handler(whoami), "GET", "/", id.Subject).Code
}

func ExampleHasRole() {
	ann := middleware.Identity{Subject: "ann", Roles: []string{"user", "editor"}}
	fmt.Println(behind(ann, middleware.HasRole("editor", "admin"))) // one of them
	fmt.Println(behind(ann, middleware.HasRole("admin")))
	// Output:
	// 200
	// 403
}

// Each rule must hold.
func ExampleHasRole_all() {
	ann := middleware.Identity{Subject: "ann", Roles: []string{"user", "editor"}}
	fmt.Println(behind(ann, middleware.HasRole("user"), middleware.HasRole("editor")))
	fmt.Println(behind(ann, middleware.HasRole("editor"), middleware.HasRole("admin")))
	// Output:
	// 200
	// 403
}

func ExampleHasScope() {
	client := middleware.Identity{Subject: "ann", Scopes: []string{"orders:read"}}
	fmt.Println(behind(client, middleware.HasScope("orders:read")))
	fmt.Println(behind(client, middleware.HasScope("orders:read", "orders:write"))) // each of them
	// Output:
	// 200
	// 403
}

// A scope is what a user lets a client do. A session of ours is the user's own, has none, and
// does not pass, whatever the user may do.
func ExampleHasScope_incorrect() {
	admin := middleware.Identity{Subject: "ann", Roles: []string{"admin"}, SessionID: "MZXW6YTBOI"}
	fmt.Println(behind(admin, middleware.HasScope("admin")))
	fmt.Println(behind(admin, middleware.HasRole("admin"))) // right
	// Output:
	// 403
	// 200
}

func ExampleHasAMR() {
	byPassword := middleware.Identity{Subject: "ann", AMR: []string{"pwd"}}
	withKey := middleware.Identity{Subject: "ann", AMR: []string{"pwd", "hwk"}} // middleware.Login{AMR: …}
	fmt.Println(behind(byPassword, middleware.HasAMR("otp", "hwk")))
	fmt.Println(behind(withKey, middleware.HasAMR("otp", "hwk")))
	// Output:
	// 401
	// 200
}

func ExampleFresh() {
	morning := middleware.Identity{Subject: "ann", AuthTime: time.Now().Add(-3 * time.Hour)}
	justNow := middleware.Identity{Subject: "ann", AuthTime: time.Now()}
	fmt.Println(behind(morning, middleware.Fresh(10*time.Minute)))
	fmt.Println(behind(justNow, middleware.Fresh(10*time.Minute)))
	// Output:
	// 401
	// 200
}

// Fresh asks for an authentication. An identity that does not say when there was one, as of an
// API key, is never fresh; and being in use makes none fresh. After the password has been asked
// for again, the handler calls Reauthenticate, of package cookie or jwtauth.
func ExampleFresh_incorrect() {
	busy := middleware.Identity{
		Subject:  "ann",
		AuthTime: time.Now().Add(-3 * time.Hour),
		Session:  middleware.Lifetime{LastSeen: time.Now()}, // wrong: active is not authenticated
	}
	fmt.Println(behind(busy, middleware.Fresh(10*time.Minute)))
	fmt.Println(behind(middleware.Identity{Subject: "backup"}, middleware.Fresh(10*time.Minute)))
	// Output:
	// 401
	// 401
}

func ExampleBound() {
	copied := middleware.Identity{Subject: "ann", SessionID: "MZXW6YTBOI", AuthTime: time.Now().Add(-time.Hour)}
	proved := copied
	proved.Binding = middleware.Binding{Thumbprint: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", Proved: true}
	fmt.Println(behind(copied, middleware.Bound()))
	fmt.Println(behind(proved, middleware.Bound()))
	// Output:
	// 403
	// 200
}

// That a session is bound does not mean that this request proved it: a token of Tokens.Grant comes without
// the proof of the cookie.
func ExampleBound_incorrect() {
	granted := middleware.Identity{
		Subject: "ann", SessionID: "MZXW6YTBOI", AuthTime: time.Now().Add(-time.Hour),
		Binding: middleware.Binding{Thumbprint: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},
	}
	fmt.Println(granted.Binding.Thumbprint != "")    // wrong
	fmt.Println(behind(granted, middleware.Bound())) // right
	// Output:
	// true
	// 403
}
