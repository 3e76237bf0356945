package cookie_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
)

func TestCookiesThatNewDidNotMakeAreAMistakeAndNoPanic(t *testing.T) {
	var none *cookie.Cookies
	if _, err := middleware.New(middleware.Config{Authenticator: none}); err == nil {
		t.Error("a guard takes a nil *Cookies")
	}
	if _, err := middleware.New(middleware.Config{Authenticator: middleware.FirstOf(none)}); err == nil {
		t.Error("a guard takes a nil *Cookies in a list")
	}
	if _, err := cookie.New(cookie.Config{Sessions: &session.Registry{}, Keys: [][]byte{keyA}}); err == nil || !strings.Contains(err.Error(), "Config.Sessions") {
		t.Errorf("%v, want that Config.Sessions is no registry", err)
	}
	value := seal(t, keyA, make([]byte, 32), backends.NewID("1"))
	for name, k := range map[string]*cookie.Cookies{"nil": none, "zero": {}} {
		for _, header := range []string{"", "session=x", "__Host-session=" + value, "=" + value} {
			r := httptest.NewRequest("POST", "https://app.example/", nil)
			r.Header.Set("Cookie", header)
			w := httptest.NewRecorder()
			_, login := k.Login(w, r, middleware.Login{Subject: "1"})
			_, again := k.Reauthenticate(w, r, middleware.Login{Subject: "1"})
			_, asked := k.Authenticate(r)
			for _, err := range []error{login, again, asked, k.Logout(w, r)} {
				if !errors.Is(err, middleware.ErrInvalidArgument) || !strings.Contains(err.Error(), "not from New") {
					t.Errorf("%s, Cookie %q: %v, want ErrInvalidArgument", name, header, err)
				}
			}
			if len(w.Header()) != 0 {
				t.Errorf("%s: header %v, want none", name, w.Header())
			}
		}
	}
	guard, err := middleware.New(middleware.Config{Authenticator: &cookie.Cookies{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	newBrowser(t, guard.Handler(me)).problem("GET", "/", 500, "internal-error", cookieHeader("=x"))
}

func TestALoginOnAPageWithoutTLSWarnsThatTheCookieIsDropped(t *testing.T) {
	var out bytes.Buffer
	former := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	t.Cleanup(func() { slog.SetDefault(former) })
	cookies := newCookies(t, storetest.Memory(t))
	for range 2 {
		r := httptest.NewRequest("POST", "http://192.168.1.5:8080/login", nil)
		r.Header.Set("Origin", "http://192.168.1.5:8080")
		if _, err := cookies.Login(httptest.NewRecorder(), r, middleware.Login{Subject: "1"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(out.String(), "Config.DangerouslyAllowHTTP"); n != 1 {
		t.Errorf("%d warnings, want 1: %s", n, &out)
	}
}
