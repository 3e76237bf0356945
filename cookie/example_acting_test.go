package cookie_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// A desk is a shop with a customer, ann, a member of the support team, sue, and an administrator.
type desk struct {
	store   *memory.Store
	cookies *cookie.Cookies
	guard   *middleware.Guard
	jar     map[string]*http.Cookie // of a browser
}

func newDesk(events middleware.EventHook) *desk {
	d := &desk{store: memory.New(), jar: map[string]*http.Cookie{}}
	for id, role := range map[string]string{"ann": "customer", "sue": "support", "root": "admin"} {
		if err := d.store.Users().CreateUser(context.Background(), backends.User{ID: id, Roles: []string{role}}, ""); err != nil {
			log.Fatal(err)
		}
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	sessions, err1 := session.New(session.Config{Store: d.store, Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}, Events: events})
	var err2, err3 error
	d.cookies, err2 = cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{key}})
	d.guard, err3 = middleware.New(middleware.Config{Authenticator: d.cookies, Roles: []string{"customer", "support", "admin"}})
	if err := errors.Join(err1, err2, err3); err != nil {
		log.Fatal(err)
	}
	return d
}

// send sends a request as the browser, and returns the answer on one line.
func (d *desk) send(h http.Handler, method, path string) string {
	r, w := httptest.NewRequest(method, "https://shop.example"+path, nil), httptest.NewRecorder()
	for _, c := range d.jar {
		r.AddCookie(c)
	}
	h.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if d.jar[c.Name] = c; c.MaxAge < 0 {
			delete(d.jar, c.Name)
		}
	}
	return fmt.Sprint(w.Code, " ", w.Body)
}

// login logs a user in, of whom the application has made sure before.
func (d *desk) login(w http.ResponseWriter, r *http.Request) {
	if _, err := d.cookies.Login(w, r, middleware.Login{Subject: r.FormValue("user")}); err != nil {
		d.guard.Refuse(w, r, err)
	}
}

// act has the user of the request act as another one.
func (d *desk) act(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	if _, err := d.cookies.Login(w, r, middleware.Login{Subject: r.FormValue("user"), Actor: &id}); err != nil {
		d.guard.Refuse(w, r, err)
	}
}

// actAsCustomer is act for users who have no more rights than a customer.
func (d *desk) actAsCustomer(w http.ResponseWriter, r *http.Request) {
	u, err := d.store.FindUser(r.Context(), r.FormValue("user"))
	if err == nil && !slices.Equal(u.Roles, []string{"customer"}) {
		err = middleware.ErrForbidden
	}
	if err != nil {
		d.guard.Refuse(w, r, err)
		return
	}
	d.act(w, r)
}

// whoAmI says who the user is, and who acts as them.
func whoAmI(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	fmt.Fprintf(w, "%s %q", id.Subject, id.Actor)
}

// Support logs in as a customer, and comes back.
func Example_acting() {
	d := newDesk(func(_ context.Context, e middleware.Event) {
		fmt.Printf("%s: %s, by %q\n", e.Type, e.Subject, e.Actor)
	})
	support, err1 := d.guard.Require(middleware.HasRole("support"))
	inPerson, err2 := d.guard.Require(middleware.Fresh(5 * time.Minute))
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", d.login)
	mux.Handle("POST /act", support.Handler(http.HandlerFunc(d.actAsCustomer)))
	mux.Handle("GET /me", d.guard.Handler(http.HandlerFunc(whoAmI)))
	mux.Handle("POST /password", inPerson.Handler(http.HandlerFunc(whoAmI)))
	mux.HandleFunc("POST /logout", func(w http.ResponseWriter, r *http.Request) {
		if err := d.cookies.Logout(w, r); err != nil {
			d.guard.Refuse(w, r, err)
		}
	})

	d.send(mux, "POST", "/login?user=sue")
	d.send(mux, "POST", "/act?user=ann")
	fmt.Println(d.send(mux, "GET", "/me"))
	fmt.Println(d.send(mux, "POST", "/password")[:3]) // ann has not authenticated
	d.send(mux, "POST", "/logout")
	fmt.Println(d.send(mux, "GET", "/me"))
	// Output:
	// login: sue, by ""
	// acting: ann, by "sue"
	// 200 ann "sue"
	// 403
	// acting_ended: ann, by "sue"
	// 200 sue ""
}

// A user who may act as any other has the rights of all of them. The route needs a rule about who may act,
// and the handler one about as whom.
func Example_acting_incorrect() {
	d := newDesk(func(context.Context, middleware.Event) {})
	support, err := d.guard.Require(middleware.HasRole("support"))
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", d.login)
	mux.Handle("POST /wrong", d.guard.Handler(http.HandlerFunc(d.act)))
	mux.Handle("POST /right", support.Handler(http.HandlerFunc(d.actAsCustomer)))
	mux.Handle("GET /me", d.guard.Handler(http.HandlerFunc(whoAmI)))

	d.send(mux, "POST", "/login?user=ann")
	fmt.Println(d.send(mux, "POST", "/right?user=sue")[:3]) // a customer
	d.send(mux, "POST", "/wrong?user=root")
	fmt.Println(d.send(mux, "GET", "/me"))
	d.send(mux, "POST", "/login?user=sue")
	fmt.Println(d.send(mux, "POST", "/right?user=root")[:3]) // as an administrator
	// Output:
	// 403
	// 200 root "ann"
	// 403
}
