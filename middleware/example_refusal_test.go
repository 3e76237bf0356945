package middleware_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/inga-auth/inga/middleware"
)

func ExampleGuard_Refuse() {
	guard, err := middleware.New(middleware.Config{Authenticator: &certificate{}})
	if err != nil {
		log.Fatal(err)
	}
	login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// What cookie.Cookies.Login returns when the limit has been reached:
		guard.Refuse(w, r, fmt.Errorf("%w: 5 of 5", middleware.ErrTooManySessions))
	})
	w := ask(login, "POST", "/login", "")
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	fmt.Print(w.Body) // the reason, 5 of 5, is in the log
	// Output:
	// 403 application/problem+json
	// {"type":"https://inga-auth.github.io/problems/too-many-sessions","title":"Too many sessions","status":403,"retryable":false}
}

// A status is sent once. What is refused after the response has begun has the status 200, and
// a problem behind half a page.
func ExampleGuard_Refuse_incorrect() {
	guard, err := middleware.New(middleware.Config{Authenticator: &certificate{}})
	if err != nil {
		log.Fatal(err)
	}
	may := func(*http.Request) error { return middleware.ErrForbidden }
	wrong := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "<h1>Invoice</h1>")
		if err := may(r); err != nil {
			guard.Refuse(w, r, err)
		}
	})
	right := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := may(r); err != nil { // decide first
			guard.Refuse(w, r, err)
			return
		}
		fmt.Fprintln(w, "<h1>Invoice</h1>")
	})
	fmt.Println(ask(wrong, "GET", "/invoice", "").Code, ask(right, "GET", "/invoice", "").Code)
	// Output: 200 403
}

func ExampleRefuse() {
	guard, err := middleware.New(middleware.Config{Authenticator: key(middleware.Identity{Subject: "ann"})})
	if err != nil {
		log.Fatal(err)
	}
	// A handler of another package, which has been given no guard.
	document := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		middleware.Refuse(w, r, fmt.Errorf("%w: document of bob", middleware.ErrForbidden))
	})
	w := ask(guard.Handler(document), "GET", "/documents/7", "ann") // it answers as the guard would
	fmt.Print(w.Code, " ", w.Body)
	// Output: 403 {"type":"https://inga-auth.github.io/problems/forbidden","title":"Not allowed","status":403,"retryable":false}
}

func ExampleProblem() {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "60")
		middleware.Problem(w, r, middleware.Denial{
			Status:    http.StatusTooManyRequests,
			Type:      "https://shop.example/problems/slow-down",
			Title:     "Too many attempts",
			Retryable: true,
		})
	})
	fmt.Print(ask(h, "POST", "/login", "").Body)
	// Output: {"type":"https://shop.example/problems/slow-down","title":"Too many attempts","status":429,"retryable":true}
}

func ExampleDenierFunc() {
	guard, err := middleware.New(middleware.Config{
		Authenticator: &certificate{},
		Denier: middleware.DenierFunc(func(w http.ResponseWriter, _ *http.Request, d middleware.Denial) {
			http.Error(w, d.Title, d.Status)
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	w := ask(guard.Handler(whoami), "GET", "/", "")
	fmt.Print(w.Code, " ", w.Body)
	// Output: 401 Authentication required
}

// The status is the Denier's to write. One that only writes a text says 200 to everybody whom
// the guard refuses, and clients take that for success.
func ExampleDenierFunc_incorrect() {
	guard, err := middleware.New(middleware.Config{
		Authenticator: &certificate{},
		Denier: middleware.DenierFunc(func(w http.ResponseWriter, _ *http.Request, d middleware.Denial) {
			fmt.Fprint(w, d.Title) // right: w.WriteHeader(d.Status) before
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	w := ask(guard.Handler(whoami), "GET", "/", "")
	fmt.Println(w.Code, w.Body)
	// Output: 200 Authentication required
}

func ExampleLoginRedirect() {
	guard, err := middleware.New(middleware.Config{
		Authenticator: &certificate{},
		Denier:        middleware.LoginRedirect{Path: "/login"},
	})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/orders?page=2", nil)
	r.Header.Set("Accept", "text/html")
	w := httptest.NewRecorder()
	guard.Handler(whoami).ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Location"))

	fmt.Println(ask(guard.Handler(whoami), "GET", "/orders?page=2", "").Code) // an API client
	// Output:
	// 303 /login?next=%2Forders%3Fpage%3D2
	// 401
}

// Each kind of refusal has its page, forms included.
func ExampleLoginRedirect_pages() {
	guard, err := middleware.New(middleware.Config{
		Authenticator: key(middleware.Identity{Subject: "ann", AMR: []string{"pwd"}}),
		Roles:         []string{"admin"},
		Denier: middleware.LoginRedirect{
			Path:         "/login",
			Again:        "/confirm",
			SecondFactor: "/code",
			Page: middleware.DenierFunc(func(w http.ResponseWriter, _ *http.Request, d middleware.Denial) {
				w.WriteHeader(d.Status)
				fmt.Fprintf(w, "<h1>%s</h1>", d.Title)
			}),
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, rule := range []middleware.Authorizer{middleware.Fresh(time.Minute), middleware.HasAMR("otp"), middleware.HasRole("admin")} {
		guard, err := guard.Require(rule)
		if err != nil {
			log.Fatal(err)
		}
		r := httptest.NewRequest("POST", "https://shop.example/orders", strings.NewReader("item=7"))
		r.Header = http.Header{
			"Accept": {"text/html"}, "Content-Type": {"application/x-www-form-urlencoded"},
			"Referer": {"https://shop.example/cart"}, "X-Api-Key": {"key of ann"},
		}
		w := httptest.NewRecorder()
		guard.Handler(whoami).ServeHTTP(w, r)
		fmt.Printf("%d %s%s\n", w.Code, w.Header().Get("Location"), w.Body)
	}
	// Output:
	// 303 /confirm?next=%2Fcart
	// 303 /code?next=%2Fcart
	// 403 <h1>Not allowed</h1>
}

// A login page behind its own guard is refused to those who need it.
func ExampleLoginRedirect_incorrect() {
	guard, err := middleware.New(middleware.Config{
		Authenticator: &certificate{},
		Denier:        middleware.LoginRedirect{Path: "/login"},
	})
	if err != nil {
		log.Fatal(err)
	}
	login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "your name, your password") })
	fmt.Println(ask(guard.Handler(login), "GET", "/login", "").Code)
	fmt.Println(ask(guard.Optional(login), "GET", "/login", "").Code) // right, and so is the page without a guard
	// Output:
	// 401
	// 200
}

func ExampleLocalPath() {
	// In the handler of the login page, after a login:
	//	http.Redirect(w, r, middleware.LocalPath(r.FormValue("next")), http.StatusSeeOther)
	fmt.Println(middleware.LocalPath("/orders?page=2"))
	fmt.Println(middleware.LocalPath("https://evil.example/login"))
	fmt.Println(middleware.LocalPath("//evil.example"))
	// Output:
	// /orders?page=2
	// /
	// /
}

// Anybody can write a link to the login page of a site that people trust, with an address of
// theirs in it. A path that begins with one slash is not enough: browsers read \ as another.
func ExampleLocalPath_incorrect() {
	const next = `/\evil.example`
	wrong := func(w http.ResponseWriter, r *http.Request) {
		if next[0] == '/' && next[1] != '/' {
			http.Redirect(w, r, next, http.StatusSeeOther)
		}
	}
	right := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, middleware.LocalPath(next), http.StatusSeeOther)
	}
	for _, login := range []http.HandlerFunc{wrong, right} {
		fmt.Println(ask(login, "POST", "/login", "").Header().Get("Location"))
	}
	// Output:
	// /\evil.example
	// /
}
