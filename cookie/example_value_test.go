package cookie_test

import (
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
)

// A visitor has a cart before there is a user. The cart is a row of the application; the cookie
// remembers which one.
func ExampleNewValue() {
	type Cart struct{ ID string }
	carts, err := cookie.NewValue[Cart](cookie.ValueConfig{
		Name:   "cart",
		Keys:   [][]byte{keyOfShop()},
		MaxAge: 30 * 24 * time.Hour,
	})
	if err != nil {
		log.Fatal(err)
	}
	add := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cart, ok := carts.Get(r)
		if !ok {
			cart.ID = "c-1" // a new row
		}
		if err := carts.Set(w, cart); err != nil { // and 30 days more
			http.Error(w, "cart", http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "in cart %s", cart.ID)
	})
	w := send(add, "POST")
	c := w.Result().Cookies()[0]
	fmt.Println(w.Body, c.Name, c.MaxAge)
	fmt.Println(send(add, "POST", c).Body)
	// Output:
	// in cart c-1 __Host-cart 2592000
	// in cart c-1
}

// A notice that the next page shows once, after a logout for example.
func ExampleValue_Get() {
	notices, err := cookie.NewValue[string](cookie.ValueConfig{
		Name: "notice", Keys: [][]byte{keyOfShop()}, MaxAge: time.Minute, BrowserSession: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	logout := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := notices.Set(w, "You have logged out."); err != nil {
			log.Print(err)
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	home := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if notice, ok := notices.Get(r); ok {
			notices.Clear(w)
			fmt.Fprint(w, notice)
		}
	})
	c := send(logout, "POST").Result().Cookies()[0]
	w := send(home, "GET", c)
	fmt.Println(w.Body, w.Result().Cookies()[0].MaxAge)
	// Output: You have logged out. -1
}

// The password is good, and the code is still missing. That is no session: it opens nothing, counts
// in no limit and is in no list. After five minutes Ann begins again. Login names the version of the
// user whose password was checked, so that a password changed in between is not good enough.
func ExampleValue_halfLogin() {
	type Half struct {
		Subject string
		Version int64
	}
	c, cookies, guard := annsShop()
	halves, err := cookie.NewValue[Half](cookie.ValueConfig{
		Name: "half", Keys: c.Keys, MaxAge: 5 * time.Minute, BrowserSession: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	password := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, err := c.Sessions.FindUser(r.Context(), "ann") // password.Hasher.VerifyUser returns her
		if err == nil {
			err = halves.Set(w, Half{user.ID, user.Version})
		}
		if err != nil {
			guard.Refuse(w, r, err)
		}
	})
	code := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		half, ok := halves.Get(r)
		if !ok {
			guard.Refuse(w, r, middleware.ErrInvalidCredentials)
			return
		}
		// Here the application checks the code of half.Subject, and counts the attempts.
		l := middleware.Login{Subject: half.Subject, UserVersion: half.Version, AMR: []string{"pwd", "otp"}}
		if _, err := cookies.Login(w, r, l); err != nil {
			guard.Refuse(w, r, err)
			return
		}
		halves.Clear(w)
	})
	half := send(password, "POST").Result().Cookies()[0]
	fmt.Println(half.Name, send(guard.Handler(account), "GET", half).Code)
	for _, c := range send(code, "POST", half).Result().Cookies() {
		if c.MaxAge > 0 {
			fmt.Println(c.Name, send(guard.Handler(account), "GET", c).Body)
		}
	}
	fmt.Println(send(code, "POST").Code)
	// Output:
	// __Host-half 401
	// __Host-session account of ann
	// 401
}

// A session that is opened after the password alone opens everything that does not ask for the code:
// a single rule that was forgotten makes the second factor none. A half login is no session.
func ExampleValue_incorrectHalfLogin() {
	_, cookies, guard := annsShop()
	withCode, err := guard.Require(middleware.HasAMR("otp"))
	if err != nil {
		log.Fatal(err)
	}
	password := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := cookies.Login(w, r, middleware.Login{Subject: "ann", AMR: []string{"pwd"}}); err != nil { // right: halves.Set
			guard.Refuse(w, r, err)
		}
	})
	c := send(password, "POST").Result().Cookies()[0]
	fmt.Println(send(withCode.Handler(account), "GET", c).Code)
	fmt.Println(send(guard.Handler(account), "GET", c).Body) // right: withCode here, too
	// Output:
	// 401
	// account of ann
}

// A browser keeps what it was sent, and can send it again. A count of attempts, a coupon, or
// anything else that must not be used twice belongs on the server.
func ExampleValue_incorrect() {
	attempts, err := cookie.NewValue[int](cookie.ValueConfig{Name: "attempts", Keys: [][]byte{keyOfShop()}, MaxAge: time.Hour})
	if err != nil {
		log.Fatal(err)
	}
	login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := attempts.Get(r)
		if n++; n > 3 { // wrong: the client decides which count it sends
			http.Error(w, "too many attempts", http.StatusTooManyRequests)
			return
		}
		_ = attempts.Set(w, n)
	})
	first := send(login, "POST").Result().Cookies()[0]
	c, honest := first, 0
	for range 4 {
		w := send(login, "POST", c)
		if honest = w.Code; honest == http.StatusOK {
			c = w.Result().Cookies()[0]
		}
	}
	thief := 0
	for range 100 {
		thief = send(login, "POST", first).Code
	}
	fmt.Println(honest, thief)
	// Output: 429 200
}

// The value is for this browser, and no longer than MaxAge: without one, NewValue reports a mistake.
func ExampleNewValue_incorrect() {
	_, err := cookie.NewValue[string](cookie.ValueConfig{Name: "__Host-language", Keys: [][]byte{[]byte("secret")}})
	fmt.Println(err)
	// Output:
	// cookie: ValueConfig.Keys[0]: secret has 6 bytes, want 32 random bytes (openssl rand -hex 32)
	// cookie: ValueConfig.Name is "__Host-language", want a word like cart: the prefix is added
	// cookie: ValueConfig.MaxAge is 0s, want at least 1s and at most 400 days
}

// keyOfShop stands for a key from a file or a secret store, the same in every process.
func keyOfShop() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return key
}
