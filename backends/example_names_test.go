package backends_test

import (
	"encoding/json"
	"fmt"

	"github.com/inga-auth/inga/backends"
)

func ExampleNewID() {
	id := backends.NewID("ann") // public: for logs, lists and the sid claim
	fmt.Println(len(id), backends.ValidID(id))
	// Output: 26 true
}

// A store that is spread over machines finds where a session is kept by its ID, and where its
// user is kept by theirs.
func ExamplePlace() {
	id := backends.NewID("ann")
	fmt.Println(backends.Place("ann"), id[:4] == backends.Place("ann"))
	// Output: JGIV true
}

func ExampleValidID() {
	for _, s := range []string{"MZXW6YTBOIMZXW6YTBOIMZXW6Y", "42", "' OR 1=1 --"} {
		fmt.Println(backends.ValidID(s))
	}
	// Output:
	// true
	// false
	// false
}

func ExampleValidText() {
	for _, name := range []string{"ann", "앤", "", "ann\r\nadmin"} {
		fmt.Println(backends.ValidText(name))
	}
	// Output:
	// true
	// true
	// false
	// false
}

func ExampleNewClient() {
	c := backends.NewClient("192.0.2.7:4711", "curl/8\nlogin root", "Ann's phone")
	fmt.Printf("%q %q %q\n", c.IP, c.UserAgent, c.Label)
	// Output: "192.0.2.7" "curl/8 login root" "Ann's phone"
}

func ExampleNewSecret() {
	secret := backends.NewSecret() // into a cookie
	hash := secret.Hash()          // into a row
	fmt.Println(secret, len(hash))
	text, err := json.Marshal(secret)
	fmt.Println(string(text), err)
	// Output:
	// [secret] 32
	// "[secret]" <nil>
}

// A Secret prints as a fixed word. A slice of it prints as bytes, and a log that has them opens
// the session.
func ExampleSecret_incorrect() {
	secret := backends.NewSecret()
	fmt.Println(len(fmt.Sprintf("%x", secret[:])), "digits of it in the log")
	fmt.Println(secret) // right; better still: the session's ID
	// Output:
	// 64 digits of it in the log
	// [secret]
}
