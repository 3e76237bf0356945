package callback_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/callback"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// Apple answers with a form that the browser posts, and sends no iss.
func ExampleNew() {
	apple, err := callback.New(callback.Config{
		Issuer:         "https://appleid.apple.com",
		IssuerOptional: true, // so this provider has a callback URL of its own
		FormPost:       true,
		Keys:           [][]byte{keyOf("a")},
	})
	if err != nil {
		log.Fatal(err)
	}
	w := httptest.NewRecorder()
	begun, err := apple.Begin(w, httptest.NewRequest("POST", "https://shop.example/login/apple", nil), callback.Intent{})
	if err != nil {
		log.Fatal(err)
	}
	c := w.Result().Cookies()[0]
	fmt.Println(begun.Query().Get("response_mode"), c.SameSite == http.SameSiteNoneMode, c.Secure)

	form := url.Values{"state": {begun.State}, "code": {"c0de"}, "user": {`{"name":{"firstName":"Ann"}}`}}
	r := httptest.NewRequest("POST", "https://shop.example/login/apple/callback", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://appleid.apple.com")
	r.AddCookie(c)
	r, result, err := apple.Finish(httptest.NewRecorder(), r)
	fmt.Println(result.Code, r.PostFormValue("user"), err)
	// Output:
	// form_post true true
	// c0de {"name":{"firstName":"Ann"}} <nil>
}

// What the application wants to know again comes back from the cookie, and not from the provider.
func ExampleLogins_Begin() {
	idp, err := callback.New(callback.Config{Issuer: "https://idp.example", Keys: [][]byte{keyOf("a")}})
	if err != nil {
		log.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "https://shop.example/login?next=https://evil.example/", nil)
	begun, err := idp.Begin(w, r, callback.Intent{Next: r.FormValue("next"), Value: "newsletter"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(begun.State), w.Result().Cookies()[0].MaxAge, begun)

	back := httptest.NewRequest("GET", "https://shop.example/callback?code=c0de&iss=https://idp.example&state="+begun.State, nil)
	back.AddCookie(w.Result().Cookies()[0])
	_, result, err := idp.Finish(httptest.NewRecorder(), back)
	fmt.Println(result.Next, result.Value, err)
	// Output:
	// 43 600 [login begun]
	// / newsletter <nil>
}

// The errors of Finish say what to do: begin again, or show what the provider said.
func ExampleLogins_Finish() {
	idp, err := callback.New(callback.Config{Issuer: "https://idp.example", Keys: [][]byte{keyOf("a")}})
	if err != nil {
		log.Fatal(err)
	}
	w := httptest.NewRecorder()
	begun, err := idp.Begin(w, httptest.NewRequest("POST", "https://shop.example/login", nil), callback.Intent{})
	if err != nil {
		log.Fatal(err)
	}
	for _, answer := range []string{
		"error=access_denied&iss=https://idp.example&state=" + begun.State,
		"code=c0de&iss=https://evil.example&state=" + begun.State,
		"code=c0de&iss=https://idp.example&state=unknown",
	} {
		r := httptest.NewRequest("GET", "https://shop.example/callback?"+answer, nil)
		r.AddCookie(w.Result().Cookies()[0])
		_, _, err := idp.Finish(httptest.NewRecorder(), r)
		var said *callback.ProviderError
		fmt.Println(errors.As(err, &said), errors.Is(err, callback.ErrIssuer), errors.Is(err, callback.ErrNotBegun))
	}
	// Output:
	// true false false
	// false true false
	// false false true
}

// annsShop returns the cookies of an application with one user, and a guard for it.
func annsShop() (*cookie.Cookies, *middleware.Guard) {
	store := memory.New()
	err1 := store.Users().CreateUser(context.Background(), backends.User{ID: "ann"}, "")
	sessions, err2 := session.New(session.Config{
		Store:  store,
		Policy: sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour},
		Events: func(context.Context, middleware.Event) {},
	})
	cookies, err3 := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{keyOf("a")}})
	guard, err4 := middleware.New(middleware.Config{Authenticator: cookies})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		log.Fatal(err)
	}
	return cookies, guard
}

func exchange(code, verifier, nonce string) (subject string, err error) { return "ann", nil }
