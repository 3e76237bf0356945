package jwtauth_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

func ExampleNew() {
	c, _, _ := annsAPI() // Sessions, Keys, Issuer and Audience
	c.AccessTTL = 2 * time.Minute
	tokens, err := jwtauth.New(c)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(annIn(tokens).ExpiresIn)
	// Output: 120
}

func ExampleTokens_Login() {
	_, tokens, guard := annsAPI()
	login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Here the application makes sure that it is Ann: package backends/password.
		resp, err := tokens.Login(r, middleware.Login{Subject: "ann", AMR: []string{"pwd"}, Label: "Ann's phone"})
		if err != nil {
			guard.Refuse(w, r, err)
			return
		}
		resp.Write(w) // as RFC 6749, section 5.1, has it
	})
	w := call(login, "POST", "/login", "")
	fmt.Println(w.Code, w.Header().Get("Content-Type"), w.Header().Get("Cache-Control"))

	resp := annIn(tokens)
	fmt.Println(call(guard.Handler(account), "GET", "/account", resp.AccessToken).Body)
	// Output:
	// 200 application/json no-store
	// account of ann
}

// A link, an image or a prefetched page sends a GET, which must not log a user in.
func ExampleTokens_Login_incorrect() {
	_, tokens, guard := annsAPI()
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) { // right: "POST /login"
		resp, err := tokens.Login(r, middleware.Login{Subject: "ann"})
		if err != nil {
			guard.Refuse(w, r, err)
			return
		}
		resp.Write(w)
	})
	fmt.Println(call(mux, "GET", "/login", "").Code)
	// Output: 400
}

// A response prints without its tokens; a field of it does not. A token in a log is good for
// whoever reads that.
func ExampleResponse_incorrect() {
	_, tokens, _ := annsAPI()
	resp := annIn(tokens)
	leaks := func(printed string) bool { return len(printed) > 100 }
	fmt.Println(leaks(fmt.Sprint("issued ", resp.AccessToken))) // wrong
	fmt.Println(leaks(fmt.Sprint("issued ", resp)))             // right: it names the session
	// Output:
	// true
	// false
}

func ExampleTokens_Logout() {
	_, tokens, guard := annsAPI()
	logout := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := tokens.Logout(w, r); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	resp := annIn(tokens)
	fmt.Println(call(logout, "POST", "/logout", resp.AccessToken).Code)
	fmt.Println(call(guard.Handler(account), "GET", "/account", resp.AccessToken).Code) // at once
	fmt.Println(call(logout, "POST", "/logout", resp.AccessToken).Code)                 // no error
	// Output:
	// 200
	// 401
	// 200
}

// Forgetting the tokens is not logging out: the session lives, and with it every copy of them.
func ExampleTokens_Logout_incorrect() {
	_, tokens, guard := annsAPI()
	resp := annIn(tokens)
	copied := resp.AccessToken
	resp.AccessToken, resp.RefreshToken = "", "" // right: POST /logout first
	fmt.Println(call(guard.Handler(account), "GET", "/account", copied).Body)
	// Output: account of ann
}

func ExampleTokens_Reauthenticate() {
	_, tokens, guard := annsAPI()
	before := annIn(tokens)
	r := httptest.NewRequest("POST", "/prove", nil)
	r.Header.Set("Authorization", "Bearer "+before.AccessToken)

	// In a handler, after the password has been asked for again:
	after, err := tokens.Reauthenticate(httptest.NewRecorder(), r, middleware.Login{Subject: "ann", AMR: []string{"pwd"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(before.Session.ID == after.Session.ID)
	fmt.Println(call(guard.Handler(account), "GET", "/account", before.AccessToken).Code)
	fmt.Println(call(guard.Handler(account), "GET", "/account", after.AccessToken).Code)
	// Output:
	// true
	// 401
	// 200
}

// URLs end up in logs, histories and the Referer of the next page. A token in one is not looked
// at, and the request is anonymous.
func ExampleTokens_Authenticate_incorrect() {
	_, tokens, guard := annsAPI()
	resp := annIn(tokens)
	w := call(guard.Handler(account), "GET", "/account?access_token="+resp.AccessToken, "")
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	w = call(guard.Handler(account), "GET", "/account", resp.AccessToken) // right: Authorization: Bearer …
	fmt.Println(w.Code)
	// Output:
	// 401 Bearer realm="inga"
	// 200
}

func ExampleWebSocket() {
	_, tokens, _ := annsAPI()
	guard, err := middleware.New(middleware.Config{Authenticator: middleware.FirstOf(tokens, jwtauth.WebSocket(tokens))})
	if err != nil {
		log.Fatal(err)
	}
	// new WebSocket("wss://api.app.example/live", ["graphql-transport-ws", "inga.bearer", token])
	r := httptest.NewRequest("GET", "/live", nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Sec-WebSocket-Protocol", "graphql-transport-ws, inga.bearer, "+annIn(tokens).AccessToken)
	w := httptest.NewRecorder()
	guard.Handler(account).ServeHTTP(w, r) // the handler selects graphql-transport-ws
	fmt.Println(w.Body)
	// Output: account of ann
}
