package callback_test

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/callback"
)

// A site with one provider. exchange stands for an OAuth client: it exchanges the code for tokens,
// verifies the ID token and its nonce, and returns whose it is.
func Example() {
	idp, err := callback.New(callback.Config{Issuer: "https://idp.example", Keys: [][]byte{keyOf("a")}})
	if err != nil {
		log.Fatal(err)
	}
	cookies, guard := annsShop()

	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		begun, err := idp.Begin(w, r, callback.Intent{Next: r.FormValue("next")})
		if err != nil {
			guard.Refuse(w, r, err)
			return
		}
		query := begun.Query()
		query.Set("response_type", "code")
		query.Set("client_id", "shop")
		query.Set("redirect_uri", "https://shop.example/callback")
		query.Set("scope", "openid")
		http.Redirect(w, r, "https://idp.example/authorize?"+query.Encode(), http.StatusSeeOther)
	})
	mux.HandleFunc("GET /callback", func(w http.ResponseWriter, r *http.Request) {
		r, result, err := idp.Finish(w, r)
		var said *callback.ProviderError
		switch {
		case errors.As(err, &said) && said.Code == "access_denied", errors.Is(err, callback.ErrNotBegun):
			http.Redirect(w, r, "/login", http.StatusSeeOther)
			return
		case err != nil:
			guard.Refuse(w, r, err)
			return
		}
		subject, err := exchange(result.Code, result.Verifier, result.Nonce)
		if err == nil {
			_, err = cookies.Login(w, r, middleware.Login{Subject: subject}) // r is the one of Finish
		}
		if err != nil {
			guard.Refuse(w, r, err)
			return
		}
		http.Redirect(w, r, result.Next, http.StatusSeeOther)
	})

	// The browser posts the form, and comes back from the provider.
	login := httptest.NewRecorder()
	mux.ServeHTTP(login, httptest.NewRequest("POST", "https://shop.example/login?next=/cart", nil))
	to, _ := url.Parse(login.Header().Get("Location"))
	answer := url.Values{"state": {to.Query().Get("state")}, "code": {"c0de"}, "iss": {"https://idp.example"}}
	r := httptest.NewRequest("GET", "https://shop.example/callback?"+answer.Encode(), nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	r.AddCookie(login.Result().Cookies()[0])
	back := httptest.NewRecorder()
	mux.ServeHTTP(back, r)
	fmt.Println(to.Host, to.Query().Get("code_challenge_method"))
	fmt.Println(back.Code, back.Header().Get("Location"), len(back.Result().Cookies()))

	// The same link in another browser logs no one in.
	r.Header.Del("Cookie")
	other := httptest.NewRecorder()
	mux.ServeHTTP(other, r)
	fmt.Println(other.Code, other.Header().Get("Location"), len(other.Result().Cookies()))
	// Output:
	// idp.example S256
	// 303 /cart 2
	// 303 /login 0
}

// Login accepts the request that Finish returns, and no other.
func ExampleLogins_Finish_incorrect() {
	idp, err := callback.New(callback.Config{Issuer: "https://idp.example", IssuerOptional: true, Keys: [][]byte{keyOf("a")}})
	if err != nil {
		log.Fatal(err)
	}
	cookies, _ := annsShop()
	w := httptest.NewRecorder()
	begun, err := idp.Begin(w, httptest.NewRequest("POST", "/login", nil), callback.Intent{})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/callback?code=c0de&state="+begun.State, nil)
	r.AddCookie(w.Result().Cookies()[0])

	_, _, err = idp.Finish(httptest.NewRecorder(), r) // wrong: the request is thrown away
	fmt.Println(err)
	_, err = cookies.Login(httptest.NewRecorder(), r, middleware.Login{Subject: "ann"})
	fmt.Println(err)

	finished, _, err := idp.Finish(httptest.NewRecorder(), r) // right
	fmt.Println(err)
	_, err = cookies.Login(httptest.NewRecorder(), finished, middleware.Login{Subject: "ann"})
	fmt.Println(err)
	// Output:
	// <nil>
	// middleware: malformed request: a session cannot change with GET
	// <nil>
	// <nil>
}

// One Logins for two providers cannot tell whose answer it is: each has its own, and its own callback
// URL. What one provider was asked is refused at the callback of another.
func ExampleNew_incorrect() {
	one, err1 := callback.New(callback.Config{Issuer: "https://one.example", IssuerOptional: true, Keys: [][]byte{keyOf("a")}})
	two, err2 := callback.New(callback.Config{Issuer: "https://two.example", IssuerOptional: true, Keys: [][]byte{keyOf("a")}})
	if err := errors.Join(err1, err2); err != nil {
		log.Fatal(err)
	}
	w := httptest.NewRecorder()
	begun, err := one.Begin(w, httptest.NewRequest("POST", "/login/one", nil), callback.Intent{})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/callback?code=c0de&state="+begun.State, nil) // wrong: right is /callback/one
	r.AddCookie(w.Result().Cookies()[0])
	_, _, err = two.Finish(httptest.NewRecorder(), r)
	fmt.Println(errors.Is(err, callback.ErrIssuer))
	// Output: true
}
