package cookie_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

func reissue(c *config) { c.Reissue = true }

func TestAnIdleSessionEnds(t *testing.T) {
	// TL-1, TL-5: though the browser sends the cookie still.
	synctest.Test(t, func(t *testing.T) {
		b := newBrowser(t, newApp(t, storetest.Memory(t)))
		b.login("1")
		time.Sleep(30*time.Minute - time.Second)
		b.status("GET", "/me", 200) // and this one extends
		time.Sleep(30*time.Minute + time.Second)
		b.status("GET", "/me", 401)
		b.status("GET", "/me", 401)
	})
}

func TestABusySessionEndsAtItsAbsoluteDeadline(t *testing.T) {
	// TL-2, CK-7: a request every idle/2, and no cookie that outlives the session.
	for name, edit := range map[string]func(*config){"sent once": func(*config) {}, "reissued": reissue} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBrowser(t, newApp(t, storetest.Memory(t), edit))
				end := time.Now().Add(12 * time.Hour)
				b.login("1")
				for time.Now().Before(end) {
					w := b.status("GET", "/me", 200)
					var id middleware.Identity
					_ = json.Unmarshal(w.Body.Bytes(), &id)
					if id.ExpiresAt.After(end) {
						t.Fatalf("the identity expires %v after the end", id.ExpiresAt.Sub(end))
					}
					for _, line := range w.Header().Values("Set-Cookie") {
						c, _ := http.ParseSetCookie(line)
						until := time.Now().Add(time.Duration(c.MaxAge) * time.Second)
						if d := until.Sub(id.ExpiresAt); d < 0 || d > time.Second {
							t.Fatalf("Max-Age is %v off the session's end", d)
						}
					}
					time.Sleep(15 * time.Minute)
				}
				b.status("GET", "/me", 401)
			})
		})
	}
}

func TestActivityIsWrittenAtMostOnceInAnInterval(t *testing.T) {
	// TL-6, TL-7: idle is 30 minutes, the interval 3.
	synctest.Test(t, func(t *testing.T) {
		c := &counting{Store: storetest.Memory(t)}
		b := newBrowser(t, newApp(t, c))
		b.login("1")
		for range 1000 {
			b.status("GET", "/me", 200)
		}
		if n := c.extended.Load(); n != 0 {
			t.Errorf("%d writes in the first interval, want 0: the login was one", n)
		}
		time.Sleep(3 * time.Minute)
		for range 1000 {
			b.status("GET", "/me", 200)
		}
		if n := c.extended.Load(); n != 1 {
			t.Errorf("%d writes in the second interval, want 1", n)
		}
		// The last request that counted was at 3 minutes; one at 5 is within its interval, so
		// the session ends 28 minutes after that one, which is idle minus less than an interval.
		time.Sleep(2 * time.Minute)
		b.status("GET", "/me", 200)
		time.Sleep(28*time.Minute - time.Nanosecond)
		b.status("GET", "/poll", 200)
		time.Sleep(time.Nanosecond)
		b.status("GET", "/poll", 401)
	})
}

func TestASimultaneousThousandIsOneWrite(t *testing.T) {
	// TL-6
	synctest.Test(t, func(t *testing.T) {
		c := &counting{Store: storetest.Memory(t)}
		b := newBrowser(t, newApp(t, c))
		b.login("1")
		time.Sleep(3 * time.Minute)
		var wg sync.WaitGroup
		value := b.jar["__Host-session"]
		for range 1000 {
			wg.Go(func() {
				r := httptest.NewRequest("GET", "/me", nil)
				r.AddCookie(&http.Cookie{Name: "__Host-session", Value: value})
				w := httptest.NewRecorder()
				b.app.ServeHTTP(w, r)
				if w.Code != 200 {
					t.Errorf("status %d, want 200", w.Code)
				}
			})
		}
		wg.Wait()
		if n := c.extended.Load(); n != 1 {
			t.Errorf("%d writes, want 1", n)
		}
	})
}

func TestNothingIsWrittenForAnonymousVisitors(t *testing.T) {
	// IN-2.
	c := &counting{Store: storetest.Memory(t)}
	b := newBrowser(t, newApp(t, c))
	for range 100 {
		if w := b.status("GET", "/me", 401); w.Header().Values("Set-Cookie") != nil {
			t.Fatal("an anonymous visitor got a cookie")
		}
	}
	if c.asked.Load() != 0 || c.extended.Load() != 0 {
		t.Errorf("the store was asked %d times and written to %d times, want 0 and 0", c.asked.Load(), c.extended.Load())
	}
}

func TestAPassiveRouteAuthenticatesAndDoesNotCount(t *testing.T) {
	// TL-8.
	synctest.Test(t, func(t *testing.T) {
		b := newBrowser(t, newApp(t, storetest.Memory(t), reissue))
		b.login("1")
		for range 29 {
			time.Sleep(time.Minute)
			if w := b.status("GET", "/poll", 200); w.Header().Values("Set-Cookie") != nil {
				t.Fatal("a passive request renewed the cookie")
			}
		}
		time.Sleep(time.Minute)
		b.status("GET", "/poll", 401)
	})
}

func TestARenewedCookieDiffersInItsExpiryOnly(t *testing.T) {
	// CK-10, TL-9: on any status of an authenticated request.
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Memory(t)
		cookies := newCookies(t, s, reissue)
		app := appOf(t, cookies, nil)
		b := newBrowser(t, app)
		issued := b.do("POST", "/login", as("1")).Header().Get("Set-Cookie")
		guard, _ := middleware.New(middleware.Config{Authenticator: cookies})
		for _, status := range []int{200, 304, 404, 500} {
			time.Sleep(4 * time.Minute)
			teapot := newBrowser(t, guard.Handler(sliding.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))))
			teapot.jar = b.jar
			w := teapot.status("GET", "/", status)
			renewed := w.Header().Get("Set-Cookie")
			strip := func(line string) string { return line[strings.Index(line, ";"):] }
			if strip(renewed) != strip(issued) {
				t.Errorf("status %d: renewed %q, issued %q", status, strip(renewed), strip(issued))
			}
			if got := w.Header().Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control %q, want no-store", got)
			}
		}
	})
}

func TestOneResponseSetsTheCookieOnce(t *testing.T) {
	// CK-6, TL-9: log out in a request that was renewed, log in in one.
	synctest.Test(t, func(t *testing.T) {
		b := newBrowser(t, newApp(t, storetest.Memory(t), reissue))
		b.login("1")
		time.Sleep(4 * time.Minute)
		w := b.status("POST", "/private/logout", 200)
		if c := sessionCookie(t, w); c.MaxAge >= 0 {
			t.Errorf("the last word is %v, want the deletion", c)
		}
		if len(b.jar) != 0 {
			t.Errorf("the browser still has %v", b.jar)
		}

		cookies := newCookies(t, storetest.Memory(t), reissue)
		guard, _ := middleware.New(middleware.Config{Authenticator: cookies})
		mux := http.NewServeMux()
		login := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "theme", Value: "dark"})
			if _, err := cookies.Login(w, r, middleware.Login{Subject: "1"}); err != nil {
				t.Error(err)
			}
		})
		mux.Handle("/login", login)
		mux.Handle("/again", guard.Handler(sliding.Handler(login)))
		b = newBrowser(t, mux)
		b.do("POST", "/login")
		former := b.jar["__Host-session"]
		time.Sleep(4 * time.Minute)
		lines := b.do("POST", "/again").Header().Values("Set-Cookie")
		if len(lines) != 2 || !strings.HasPrefix(lines[0], "theme=dark") || strings.Contains(lines[1], former) {
			t.Errorf("Set-Cookie %q, want the theme and one new session", lines)
		}
	})
}

func TestALateResponseNeverOverwritesANewerCookie(t *testing.T) {
	// LO-5, LO-14: a slow request is renewed, and answers after its browser has
	// logged out and in again.
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Memory(t)
		cookies := newCookies(t, s)
		guard, _ := middleware.New(middleware.Config{Authenticator: cookies})
		started, finish := make(chan bool), make(chan bool)
		slow := guard.Handler(sliding.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			started <- true
			<-finish
			fmt.Fprint(w, "done")
		})))
		b := newBrowser(t, appOf(t, cookies, nil))
		b.login("1")
		time.Sleep(4 * time.Minute) // a renewal is due
		r := httptest.NewRequest("GET", "/", nil)
		r.AddCookie(&http.Cookie{Name: "__Host-session", Value: b.jar["__Host-session"]})
		late := httptest.NewRecorder()
		go func() {
			slow.ServeHTTP(late, r)
			close(finish)
		}()
		<-started
		b.status("POST", "/logout", 200)
		b.status("GET", "/me", 401)
		b.login("2")
		finish <- true
		<-finish
		if late.Body.String() != "done" {
			t.Fatalf("the slow request answered %q", late.Body)
		}
		b.keep(late)
		if got := b.status("GET", "/me", 200).Body.String(); !strings.Contains(got, `"subject":"2"`) {
			t.Errorf("the browser is %s, want user 2", got)
		}
	})
}

func TestARefusalNeverClearsACookie(t *testing.T) {
	// LO-14: the refused request may be the older one.
	synctest.Test(t, func(t *testing.T) {
		b := newBrowser(t, newApp(t, storetest.Memory(t)))
		b.login("1")
		time.Sleep(time.Hour)
		for _, path := range []string{"/me", "/admin", "/poll"} {
			if got := b.status("GET", path, 401).Header().Values("Set-Cookie"); got != nil {
				t.Errorf("%s set %q", path, got)
			}
		}
	})
}

func TestProvingAgainBeginsBothTimeoutsAnewAndActivityDoesNot(t *testing.T) {
	// TL-4, TL-11.
	synctest.Test(t, func(t *testing.T) {
		b := newBrowser(t, newApp(t, storetest.Memory(t), func(c *config) { c.Policy = sliding.AAL2() }))
		b.login("1")
		loggedIn := time.Now()
		identity := func() (id middleware.Identity) {
			_ = json.Unmarshal(b.status("GET", "/me", 200).Body.Bytes(), &id)
			return id
		}
		for range 40 {
			time.Sleep(30 * time.Minute)
			if id := identity(); !id.AuthTime.Equal(loggedIn) {
				t.Fatalf("activity moved auth_time to %v", id.AuthTime)
			}
		}
		b.status("POST", "/prove", 200)
		if id := identity(); !id.AuthTime.Equal(time.Now()) || time.Until(id.ExpiresAt) != time.Hour {
			t.Errorf("auth_time %v, expires_at %v; want now and in an hour", id.AuthTime, id.ExpiresAt)
		}
		for range 47 { // 23.5 hours from the new proof, 43.5 from the login
			time.Sleep(30 * time.Minute)
			identity()
		}
		time.Sleep(30 * time.Minute)
		b.status("GET", "/me", 401)
	})
}
