package devices_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/devices"
)

func ExampleNew() {
	s := newShop()
	d, err := devices.New(s.sessions) // those that cookie.Config has
	if err != nil {
		log.Fatal(err)
	}
	s.login("bob", "Bob's phone")
	all, _, err := d.Sessions(context.Background(), "bob", "", backends.Page{})
	fmt.Println(len(all), all[0].Label, err)
	// Output: 1 Bob's phone <nil>
}

func ExampleDevices_List() {
	s := newShop()
	s.login("bob", "Bob's laptop")
	phone, _ := s.login("bob", "Bob's phone")

	list := s.guard.Handler(s.devices.List()) // mux.Handle("GET /sessions", …)
	var answer struct{ Sessions []devices.Device }
	if err := json.Unmarshal(ask(list, "GET", "/sessions", phone).Body.Bytes(), &answer); err != nil {
		log.Fatal(err)
	}
	for _, device := range answer.Sessions {
		fmt.Println(device.Label, device.Current)
	}
	// Output:
	// Bob's phone true
	// Bob's laptop false
}

func ExampleDevices_End() {
	s := newShop()
	laptop, id := s.login("bob", "Bob's laptop")
	phone, _ := s.login("bob", "Bob's phone")
	_, anns := s.login("ann", "Ann's phone")

	mux := http.NewServeMux()
	mux.Handle("DELETE /sessions/{id}", s.guard.Handler(s.devices.End()))
	fmt.Print(ask(mux, "DELETE", "/sessions/"+id, phone).Body)
	fmt.Println(ask(mux, "DELETE", "/sessions/"+id, laptop).Code)  // it has ended
	fmt.Println(ask(mux, "DELETE", "/sessions/"+anns, phone).Code) // not Bob's
	// Output:
	// {"ended":1}
	// 401
	// 404
}

func ExampleDevices_EndAll() {
	s := newShop()
	s.login("bob", "Bob's laptop")
	s.login("bob", "Bob's tablet")
	phone, _ := s.login("bob", "Bob's phone")

	all := s.guard.Handler(s.devices.EndAll()) // mux.Handle("DELETE /sessions", …)
	fmt.Print(ask(all, "DELETE", "/sessions?others", phone).Body)
	fmt.Print(ask(all, "DELETE", "/sessions", phone).Body)
	fmt.Println(ask(all, "DELETE", "/sessions", phone).Code)
	// Output:
	// {"ended":2}
	// {"ended":1}
	// 401
}

func ExampleDevices_Of() {
	s := newShop()
	admins, err := s.guard.Require(middleware.HasRole("admin"))
	if err != nil {
		log.Fatal(err)
	}
	of := s.devices.Of(func(r *http.Request) string { return r.PathValue("user") })
	mux := http.NewServeMux()
	mux.Handle("DELETE /users/{user}/sessions", admins.Handler(of.EndAll()))

	s.login("bob", "Bob's laptop")
	ann, _ := s.login("ann", "Ann's phone")
	fmt.Print(ask(mux, "DELETE", "/users/bob/sessions", ann).Body)
	// Output: {"ended":1}
}

// Of requires no role. Behind a guard that only wants to know who it is, every user ends
// everybody's sessions.
func ExampleDevices_Of_incorrect() {
	s := newShop()
	of := s.devices.Of(func(r *http.Request) string { return r.PathValue("user") })
	mux := http.NewServeMux()
	mux.Handle("DELETE /users/{user}/sessions", s.guard.Handler(of.EndAll())) // right: admins.Handler

	s.login("ann", "Ann's phone")
	bob, _ := s.login("bob", "Bob's laptop")
	fmt.Print(ask(mux, "DELETE", "/users/ann/sessions", bob).Body)
	// Output: {"ended":1}
}

func ExampleDevices_EndSessions() {
	s := newShop()
	s.login("bob", "Bob's laptop")
	_, phone := s.login("bob", "Bob's phone")
	// In a command, or after Bob has changed his password in a table of yours:
	fmt.Println(s.devices.EndSessions(context.Background(), "bob", phone))
	// Output: 1 <nil>
}

func ExampleLabel() {
	fmt.Println(devices.Label("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"))
	fmt.Println(devices.Label(""))
	// Output:
	// Firefox on Linux
	// Unknown device
}
