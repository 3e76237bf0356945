package callback_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/callback"
)

// A way of logging in and authenticating again, with the method and origin that it demands.
type way struct{ login, reauthenticate func(r *http.Request) error }

// ways are those of the whole module.
func ways(t *testing.T) map[string]way {
	t.Helper()
	sessions := newRegistry(t)
	key, err1 := jwtauth.HS256(keyOf("t"))
	cookies, err2 := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{keyOf("a")}})
	tokens, err3 := jwtauth.New(jwtauth.Config{
		Sessions: sessions, Keys: []jwtauth.Key{key}, Issuer: "https://app.example", Audience: "app", RefreshKeys: [][]byte{keyOf("r")},
	})
	tokenCookies, err4 := tokencookie.New(tokencookie.Config{Tokens: tokens})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		t.Fatal(err)
	}
	ann := middleware.Login{Subject: "ann"}
	return map[string]way{
		"cookie": {
			func(r *http.Request) error { _, err := cookies.Login(httptest.NewRecorder(), r, ann); return err },
			func(r *http.Request) error {
				_, err := cookies.Reauthenticate(httptest.NewRecorder(), r, ann)
				return err
			},
		},
		"tokens": {
			func(r *http.Request) error { _, err := tokens.Login(r, ann); return err },
			func(r *http.Request) error {
				_, err := tokens.Reauthenticate(httptest.NewRecorder(), r, ann)
				return err
			},
		},
		"token cookies": {
			func(r *http.Request) error { _, err := tokenCookies.Login(httptest.NewRecorder(), r, ann); return err },
			func(r *http.Request) error {
				_, err := tokenCookies.Reauthenticate(httptest.NewRecorder(), r, ann)
				return err
			},
		},
	}
}

// refused are the errors of a request whose method or origin may not log in.
func refused(err error) bool {
	return errors.Is(err, middleware.ErrMalformedRequest) || errors.Is(err, middleware.ErrCrossOrigin)
}

func TestAFinishedLoginLogsInThoughItIsAGETOrOfAnotherSite(t *testing.T) {
	// LC-5
	for _, post := range []bool{false, true} {
		l := newLogins(t, func(c *callback.Config) { c.FormPost = post })
		for name, way := range ways(t) {
			b := newBrowser(t)
			begun := b.begin(l, callback.Intent{})
			r := b.back(good(begun))
			if post {
				r = b.posted(good(begun))
			}
			if name != "tokens" || !post { // tokens ask for no origin
				if err := way.login(r); !refused(err) {
					t.Errorf("%s, not finished: %v, want a refusal", name, err)
				}
			}
			done, _, err := b.finish(l, r)
			if err != nil {
				t.Fatal(err)
			}
			if err := way.login(r); (name != "tokens" || !post) && !refused(err) {
				t.Errorf("%s, the request itself: %v, want a refusal", name, err)
			}
			if err := way.login(done); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			// There is no session to authenticate again; the method and the origin are no obstacle.
			if err := way.reauthenticate(done); err == nil || refused(err) {
				t.Errorf("%s: authenticating again: %v, want another error", name, err)
			}
		}
	}
}

func TestTheMarkOfAFinishedLoginHoldsForThatRequestOnly(t *testing.T) {
	// LC-5
	l, b := newLogins(t), newBrowser(t)
	done, _, err := b.finish(l, b.back(good(b.begin(l, callback.Intent{}))))
	if err != nil {
		t.Fatal(err)
	}
	copyOf := func(edit func(r *http.Request)) *http.Request {
		r := done.Clone(context.WithoutCancel(done.Context()))
		edit(r)
		return r
	}
	k := newCookies(t)
	login := func(r *http.Request) error {
		_, err := k.Login(httptest.NewRecorder(), r, middleware.Login{Subject: "ann"})
		return err
	}
	for name, r := range map[string]*http.Request{
		"another method": copyOf(func(r *http.Request) { r.Method = "OPTIONS" }),
		"another path":   copyOf(func(r *http.Request) { r.URL.Path = "/logout" }),
		"another state":  copyOf(func(r *http.Request) { r.URL.RawQuery = "state=x" }),
		"another host":   copyOf(func(r *http.Request) { r.Host = "evil.example" }),
		"another cookie": copyOf(func(r *http.Request) { r.Header.Set("Cookie", "a=b") }),
		"another origin": copyOf(func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }),
		"another site":   copyOf(func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }),
		"a new one":      httptest.NewRequestWithContext(done.Context(), "GET", "https://app.example/callback", nil),
	} {
		if err := login(r); !refused(err) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
	if err := k.Logout(httptest.NewRecorder(), done); !refused(err) {
		t.Errorf("logout: %v, want a refusal", err)
	}
	if err := login(copyOf(func(*http.Request) {})); err != nil {
		t.Errorf("the same request: %v", err)
	}
}
