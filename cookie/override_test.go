package cookie_test

import (
	"log/slog"
	"net/http"
	"net/url"
	"testing"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
)

// override lets clients name another method, as many frameworks do: by query, form or header.
func override(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, method := range []string{r.URL.Query().Get("_method"), r.PostFormValue("_method"), r.Header.Get("X-HTTP-Method-Override")} {
			if method != "" {
				r.Method = method
			}
		}
		next.ServeHTTP(w, r)
	})
}

func TestAMethodOverrideBetweenTwoGuardsIsNoWayAroundTheOriginCheck(t *testing.T) {
	// CS-7: the outer guard has let a read pass, which needs no check of its origin.
	storetest.EachCached(t, func(t *testing.T, s storetest.Store) {
		cookies := newCookies(t, s)
		guard, err := middleware.New(middleware.Config{Authenticator: cookies, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		other, err := middleware.New(middleware.Config{Authenticator: middleware.FirstOf(cookies), Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		b := newBrowser(t, newApp(t, s))
		b.login("1")
		ran := ""
		inner := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ran = r.Method })
		form := func(r *http.Request) {
			r.Body = http.NoBody
			r.PostForm = url.Values{"_method": {"DELETE"}}
			r.Form = r.PostForm
		}
		for name, app := range map[string]http.Handler{
			"a guard in Optional":    guard.Optional(override(guard.Handler(inner))),
			"a guard in a guard":     guard.Handler(override(guard.Handler(inner))),
			"Optional in Optional":   guard.Optional(override(guard.Optional(inner))),
			"a list in another":      guard.Optional(override(other.Handler(inner))),
			"the other way round":    other.Optional(override(guard.Handler(inner))),
			"the override outermost": override(guard.Handler(inner)),
		} {
			b.app = app
			for _, row := range []struct {
				path string
				edit func(*http.Request)
			}{
				{"/?_method=DELETE", func(*http.Request) {}},
				{"/?_method=POST", func(*http.Request) {}},
				{"/", header("X-HTTP-Method-Override", "DELETE")},
				{"/", form},
			} {
				for _, site := range []string{"cross-site", "same-site"} {
					ran = ""
					b.problem("GET", row.path, 403, "cross-origin", row.edit, from(site, "https://evil.example"))
					if ran != "" {
						t.Errorf("%s, %s: the handler ran with %s", name, site, ran)
					}
				}
				ran = ""
				b.status("GET", row.path, 200, row.edit, from("same-origin", "https://app.example"))
				if ran != "DELETE" && ran != "POST" {
					t.Errorf("%s: the handler ran with %q, want the other method", name, ran)
				}
			}
		}
	})
}
