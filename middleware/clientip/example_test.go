package clientip_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/inga-auth/inga/middleware/clientip"
)

// from sends a request over a connection from the address, with a forwarding header.
func from(h http.Handler, addr, forwarded string) string {
	r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
	r.RemoteAddr = addr
	r.Header.Set("X-Forwarded-For", forwarded)
	h.ServeHTTP(w, r)
	return w.Body.String()
}

var clientAddress = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	fmt.Fprint(w, clientip.Of(r))
})

func ExampleNew() {
	proxies, err := clientip.New(clientip.Config{Trusted: []string{"10.0.0.0/8"}})
	if err != nil {
		log.Fatal(err)
	}
	h := proxies.Handler(clientAddress) // around everything else
	fmt.Println(from(h, "10.0.0.1:4711", "203.0.113.9"))
	fmt.Println(from(h, "10.0.0.1:4711", "127.0.0.1, 203.0.113.9")) // the client made up the first one
	fmt.Println(from(h, "198.51.100.7:4711", "127.0.0.1"))          // no proxy of ours
	// Output:
	// 203.0.113.9
	// 203.0.113.9
	// 198.51.100.7
}

// The proxies must be named, and "every address" is refused.
func ExampleNew_incorrect() {
	_, err := clientip.New(clientip.Config{})
	fmt.Println(err)
	_, err = clientip.New(clientip.Config{Trusted: []string{"0.0.0.0/0"}})
	fmt.Println(err)
	// Output:
	// clientip: Config.Trusted is empty, want the addresses of the proxies
	// clientip: Config.Trusted[0] is "0.0.0.0/0": with every address trusted, any client can choose its own
}

func ExampleProxies_Handler() {
	proxies, err := clientip.New(clientip.Config{Trusted: []string{"unix"}, Header: "Forwarded"})
	if err != nil {
		log.Fatal(err)
	}
	r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
	r.RemoteAddr = "@" // nginx, through a Unix socket
	r.Header.Set("Forwarded", `for="[2001:db8::7]:4711";proto=https`)
	proxies.Handler(clientAddress).ServeHTTP(w, r)
	fmt.Println(w.Body)
	// Output: 2001:db8::7
}

func ExampleOf() {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr = "198.51.100.7:4711"
	r.Header.Set("X-Forwarded-For", "127.0.0.1") // believed from proxies that are named only
	fmt.Println(clientip.Of(r))
	// Output: 198.51.100.7
}

// Every client can send a header of that name, and the first address in it is theirs to choose:
// a limit by address, a list of devices, an audit trail then hold what they like.
func ExampleOf_incorrect() {
	wrong := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Header.Get("X-Forwarded-For"))
	})
	fmt.Println(from(wrong, "198.51.100.7:4711", "127.0.0.1"))
	fmt.Println(from(clientAddress, "198.51.100.7:4711", "127.0.0.1")) // right: clientip.Of(r)
	// Output:
	// 127.0.0.1
	// 198.51.100.7
}
