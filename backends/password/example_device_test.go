package password_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/cookie"
)

// A browser in which Ann has logged in before is known by a sealed cookie. Guesses from elsewhere use up
// the tries at her account, and not those of this browser.
func ExampleDevice() {
	ctx, store, hasher := annsPassword()
	key := make([]byte, 32) // from a file, the same in every process
	_, _ = rand.Read(key)
	known, err := cookie.NewValue[password.Device](cookie.ValueConfig{Name: "device", Keys: [][]byte{key}, MaxAge: 365 * 24 * time.Hour})
	if err != nil {
		log.Fatal(err)
	}
	login := func(w http.ResponseWriter, r *http.Request, name, text string) error {
		device, _ := known.Get(r)
		_, err := hasher.VerifyUser(r.Context(), store.Users(), name, text, password.Client{Device: device})
		if err == nil { // and the session is opened
			err = known.Set(w, password.Device{Name: name, ID: rand.Text()})
		}
		return err
	}
	w, r := httptest.NewRecorder(), httptest.NewRequest("POST", "/login", nil)
	fmt.Println(login(w, r, "ann", "ann likes tea"))

	for range 6 { // by an attacker, from another browser
		_, err = hasher.VerifyUser(ctx, store.Users(), "ann", "guess", password.Client{})
	}
	fmt.Println(errors.Is(err, backends.ErrTooManyAttempts))
	r.AddCookie(w.Result().Cookies()[0])
	fmt.Println(login(httptest.NewRecorder(), r, "ann", "ann likes tea"))
	// Output:
	// <nil>
	// true
	// <nil>
}

// A device that the client writes, in a cookie that is not sealed or in a header, proves nothing: an
// attacker makes one up for each guess, and has as many as they like.
func ExampleDevice_incorrect() {
	ctx, store, hasher := annsPassword()
	refused := 0
	for range 20 {
		r := httptest.NewRequest("POST", "/login", nil)
		r.AddCookie(&http.Cookie{Name: "device", Value: rand.Text()}) // by the attacker
		c, err := r.Cookie("device")
		if err != nil {
			log.Fatal(err)
		}
		device := password.Device{Name: "ann", ID: c.Value} // right: known.Get(r), of a cookie.Value
		_, err = hasher.VerifyUser(ctx, store.Users(), "ann", "guess", password.Client{Device: device})
		if errors.Is(err, backends.ErrTooManyAttempts) {
			refused++
		}
	}
	fmt.Println(refused)
	// Output: 0
}

// annsPassword returns a store with one user, and what checks her password.
func annsPassword() (context.Context, *memory.Store, *password.Hasher) {
	ctx, store := context.Background(), memory.New()
	hasher, err1 := password.New(password.Config{Attempts: store})
	if err1 != nil {
		log.Fatal(err1)
	}
	hash, err1 := hasher.Hash(ctx, "ann likes tea")
	err2 := store.Users().CreateUser(ctx, backends.User{ID: "u-1", Name: "ann"}, hash)
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	return ctx, store, hasher
}
