package middleware_test

import (
	"errors"
	"fmt"
	"log"
	"net/http"

	"github.com/inga-auth/inga/middleware"
)

func ExampleNew() {
	guard, err := middleware.New(middleware.Config{
		Authenticator: key(middleware.Identity{Subject: "ann"}), // yours: cookie.New, jwtauth.New
		Roles:         []string{"user", "admin"},
		Realm:         "shop",
	})
	if err != nil {
		log.Fatal(err)
	}
	h := guard.Handler(whoami)
	fmt.Println(ask(h, "GET", "/account", "").Code)
	fmt.Println(ask(h, "GET", "/account", "bob").Code)
	fmt.Println(ask(h, "GET", "/account", "ann").Code, ask(h, "GET", "/account", "ann").Body)
	// Output:
	// 401
	// 401
	// 200 ann
}

// A nil never means "disabled". All mistakes are reported at once, at start-up.
func ExampleNew_incorrect() {
	_, err := middleware.New(middleware.Config{
		Roles: []string{"user", "admin "},
		Realm: `the "shop"`,
	})
	fmt.Println(err)
	// Output:
	// middleware: Config.Authenticator is nil, want an Authenticator
	// middleware: Config.Roles[1] is "admin ", want a new name without space around it
	// middleware: Config.Realm is "the \"shop\"", want printable ASCII without quotes and backslashes
}

func ExampleGuard_Handler() {
	guard, err := middleware.New(middleware.Config{Authenticator: key(middleware.Identity{Subject: "ann"})})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /account", guard.Handler(whoami))
	mux.Handle("GET /help", whoami) // beside the guard: open

	fmt.Println(ask(mux, "GET", "/account", "").Code, ask(mux, "GET", "/help", "").Code)
	account := ask(mux, "GET", "/account", "ann")
	fmt.Println(account.Body, account.Header().Get("Cache-Control"), account.Header()["Vary"])
	// Output:
	// 401 200
	// ann no-store [Cookie, Authorization]
}

// The guard forbids storing the page, but the handler has the last word. A shared cache in front of
// the server that ignores Vary then shows Ann's account to everyone.
func ExampleGuard_Handler_incorrect() {
	guard, err := middleware.New(middleware.Config{Authenticator: key(middleware.Identity{Subject: "ann"})})
	if err != nil {
		log.Fatal(err)
	}
	wrong := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=300") // right: leave it out, or "private"
		whoami(w, r)
	})
	for _, h := range []http.Handler{wrong, whoami} {
		fmt.Println(ask(guard.Handler(h), "GET", "/account", "ann").Header().Get("Cache-Control"))
	}
	// Output:
	// public, max-age=300
	// no-store
}

func ExampleGuard_Optional() {
	guard, err := middleware.New(middleware.Config{Authenticator: key(middleware.Identity{Subject: "ann"})})
	if err != nil {
		log.Fatal(err)
	}
	home := guard.Optional(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, ok := middleware.FromContext(r.Context()); ok {
			fmt.Fprintf(w, "Hello, %s.", id.Subject)
			return
		}
		fmt.Fprint(w, "Hello.")
	}))
	for _, who := range []string{"", "ann", "bob"} { // bob's key is wrong
		fmt.Println(ask(home, "GET", "/", who).Code)
	}
	fmt.Println(ask(home, "GET", "/", "").Body, ask(home, "GET", "/", "ann").Body)
	// Output:
	// 200
	// 200
	// 401
	// Hello. Hello, ann.
}

// An authenticator that does not say that its credential is a cookie takes the public pages away from
// users whose session has ended: until they log in again, and the browser of many never asks them to.
func ExampleGuard_Optional_incorrect() {
	home := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "Hello.") })
	for _, err := range []error{
		middleware.ErrSessionExpired,
		fmt.Errorf("%w: %w", middleware.ErrAmbientCredentials, middleware.ErrSessionExpired), // right
	} {
		guard, err := middleware.New(middleware.Config{Authenticator: refuses(err)})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ask(guard.Optional(home), "GET", "/", "ann").Code)
	}
	// Output:
	// 401
	// 200
}

func ExampleGuard_Check() {
	guard, err := middleware.New(middleware.Config{Authenticator: key(middleware.Identity{Subject: "ann"})})
	if err != nil {
		log.Fatal(err)
	}
	feed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, err := guard.Check(r) // touches no response
		switch {
		case err == nil:
			fmt.Fprint(w, "news for ", id.Subject)
		case errors.Is(err, middleware.ErrNoCredentials):
			fmt.Fprint(w, "news")
		default:
			guard.Refuse(w, r, err)
		}
	})
	fmt.Println(ask(feed, "GET", "/feed", "").Body)
	fmt.Println(ask(feed, "GET", "/feed", "ann").Body)
	fmt.Println(ask(feed, "GET", "/feed", "bob").Code)
	// Output:
	// news
	// news for ann
	// 401
}

func ExampleChain() {
	guard, err := middleware.New(middleware.Config{Authenticator: key(middleware.Identity{Subject: "ann"})})
	if err != nil {
		log.Fatal(err)
	}
	say := func(word string) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintln(w, word)
				next.ServeHTTP(w, r)
			})
		}
	}
	private := middleware.Chain(guard.Handler, say("first"), say("second"))
	fmt.Println(ask(private(whoami), "GET", "/", "ann").Body)
	// Output:
	// first
	// second
	// ann
}

func ExampleFirstOf() {
	machines := key(middleware.Identity{Subject: "backup"})
	people := &certificate{}
	guard, err := middleware.New(middleware.Config{Authenticator: middleware.FirstOf(machines, people)})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ask(guard.Handler(whoami), "GET", "/", "backup").Body) // a key
	fmt.Println(ask(guard.Handler(whoami), "GET", "/", "").Code)       // neither
	fmt.Println(ask(guard.Handler(whoami), "GET", "/", "eve").Code)    // a wrong key: no other one is asked
	// Output:
	// backup
	// 401
	// 401
}

// Ambient credentials must not come before explicit ones: a browser keeps a cookie for longer than
// its session lives, and the good key would not be looked at.
func ExampleFirstOf_incorrect() {
	machines := key(middleware.Identity{Subject: "backup"})
	staleCookie := refuses(middleware.ErrSessionExpired)
	for _, both := range []middleware.Authenticator{
		middleware.FirstOf(staleCookie, machines), // wrong
		middleware.FirstOf(machines, staleCookie), // right: explicit before ambient
	} {
		guard, err := middleware.New(middleware.Config{Authenticator: both})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(ask(guard.Handler(whoami), "GET", "/", "backup").Code)
	}
	// Output:
	// 401
	// 200
}

func ExampleFromContext() {
	ann := middleware.Identity{Subject: "ann", Roles: []string{"editor"}}
	guard, err := middleware.New(middleware.Config{Authenticator: key(ann)})
	if err != nil {
		log.Fatal(err)
	}
	article := guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := middleware.FromContext(r.Context()) // inside a guard there always is one
		fmt.Fprintln(w, id.Subject, id.Method, id.HasRole("editor"))
	}))
	fmt.Print(ask(article, "GET", "/article", "ann").Body)
	// Output: ann api-key true
}

// Without a guard there is no identity, and a handler that refuses only identities without the role
// lets anonymous requests pass.
func ExampleFromContext_incorrect() {
	guard, err := middleware.New(middleware.Config{
		Authenticator: key(middleware.Identity{Subject: "ann", Roles: []string{"user"}}),
		Roles:         []string{"user", "admin"},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("DELETE /users", func(w http.ResponseWriter, r *http.Request) {
		if id, ok := middleware.FromContext(r.Context()); ok && !id.HasRole("admin") {
			guard.Refuse(w, r, middleware.ErrForbidden)
		}
	})
	fmt.Println(ask(mux, "DELETE", "/users", "").Code)

	admins, err := guard.Require(middleware.HasRole("admin")) // right: the rule stands at the route
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ask(admins.Handler(mux), "DELETE", "/users", "").Code, ask(admins.Handler(mux), "DELETE", "/users", "ann").Code)
	// Output:
	// 200
	// 401 403
}

// Require changes nothing: it returns another guard.
func ExampleGuard_Require_incorrectOldGuard() {
	guard, err := middleware.New(middleware.Config{
		Authenticator: key(middleware.Identity{Subject: "ann", Roles: []string{"user"}}),
		Roles:         []string{"user", "admin"},
	})
	if err != nil {
		log.Fatal(err)
	}
	admins, err := guard.Require(middleware.HasRole("admin"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ask(guard.Handler(whoami), "GET", "/admin", "ann").Code)  // wrong: any user
	fmt.Println(ask(admins.Handler(whoami), "GET", "/admin", "ann").Code) // right
	// Output:
	// 200
	// 403
}
