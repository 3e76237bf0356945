package cookie_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
)

func ExampleNew() {
	c, _, _ := annsShop() // Sessions and Keys
	c.SameSite = http.SameSiteStrictMode
	cookies, err := cookie.New(c)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cookieOf(cookies).SameSite == http.SameSiteStrictMode)
	// Output: true
}

// The first key signs, and all of them verify. Where several processes serve, the new one first
// goes to the end, everywhere, so that each can verify what another one will sign with it; then
// to the front. The old one stays until the sessions that it signed have ended.
func ExampleConfig_keys() {
	c, cookies, _ := annsShop()
	old := cookieOf(cookies)

	next := make([]byte, 32)
	_, _ = rand.Read(next)
	c.Keys = [][]byte{next, c.Keys[0]} // after {c.Keys[0], next} has been everywhere
	rotated, err := cookie.New(c)
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(old)
	id, err := rotated.Authenticate(r)
	fmt.Println(id.Subject, err)
	// Output: ann <nil>
}

// A key that is made at every start, or another in every process, signs what no other can
// verify: each restart logs everybody out. Read it from a file or a secret store.
func ExampleConfig_incorrectFreshKey() {
	c, cookies, _ := annsShop()
	before := cookieOf(cookies)

	key := make([]byte, 32)
	_, _ = rand.Read(key) // wrong: at every start
	c.Keys = [][]byte{key}
	restarted, err := cookie.New(c)
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(before)
	_, err = restarted.Authenticate(r)
	fmt.Println(err)
	// Output: middleware: invalid credentials: cookie is not signed by any of our keys
}

// An attacker who guesses the key can sign cookies. Use 32 bytes from a random source, and no words:
// openssl rand -out cookie.key 32
func ExampleConfig_incorrectShortKey() {
	c, _, _ := annsShop()
	c.Keys = [][]byte{[]byte("super-secret-key")}
	_, err := cookie.New(c)
	fmt.Println(err)
	// Output: cookie: Config.Keys[0]: secret has 16 bytes, want 32 random bytes (openssl rand -hex 32)
}

// With SameSite=None every site's requests bring the cookie. Unsafe ones are refused all the
// same; what a GET does, and what a page in a frame shows, is no longer out of their reach.
// Lax, the default, is right unless your page is shown in a frame of another site.
func ExampleConfig_incorrectSameSite() {
	c, _, _ := annsShop()
	c.SameSite = http.SameSiteNoneMode // right: leave it out
	cookies, err1 := cookie.New(c)
	guard, err2 := middleware.New(middleware.Config{Authenticator: cookies})
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	sent := cookieOf(cookies)
	fmt.Println(sent.SameSite == http.SameSiteNoneMode)
	for _, method := range []string{"GET", "POST"} {
		r, w := httptest.NewRequest(method, "https://shop.example/", nil), httptest.NewRecorder()
		r.Header.Set("Sec-Fetch-Site", "cross-site") // what a browser says of another site's page
		r.AddCookie(sent)
		guard.Handler(account).ServeHTTP(w, r)
		fmt.Println(method, w.Code)
	}
	// Output:
	// true
	// GET 200
	// POST 403
}

// A cookie for all subdomains can be planted by the least of them. __Host- is what browsers
// enforce against that, and New refuses both together.
func ExampleConfig_incorrectDomain() {
	c, _, _ := annsShop()
	c.Domain = "shop.example" // right: leave it out
	_, err := cookie.New(c)
	fmt.Println(err)
	// Output: cookie: Config.Name is "__Host-session", which allows no Domain and only the Path /; they are "shop.example" and "/"
}

// A server behind a proxy that does TLS is reached with TLS all the same. What the switch takes
// away is the browser's promise to send the cookie over nothing else.
func ExampleConfig_incorrectHTTP() {
	c, cookies, _ := annsShop()
	right := cookieOf(cookies)
	c.DangerouslyAllowHTTP = true // wrong, unless browsers themselves come without TLS
	open, err := cookie.New(c)
	if err != nil {
		log.Fatal(err)
	}
	wrong := cookieOf(open)
	fmt.Println(wrong.Name, wrong.Secure)
	fmt.Println(right.Name, right.Secure)
	// Output:
	// session false
	// __Host-session true
}
