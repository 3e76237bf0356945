package cookie_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
)

func TestAnOutageLogsNobodyOutAndLetsNobodyIn(t *testing.T) {
	// AZ-5, LO-13: 503, Retry-After, and no cookie is changed.
	m := storetest.Memory(t)
	f := &storetest.Failing{Store: m}
	b := newBrowser(t, newApp(t, f, reissue))
	b.login("1")
	user := "1"
	unavailable := func(method, path string) {
		t.Helper()
		w := b.status(method, path, 503, as(user))
		if w.Header().Get("Retry-After") == "" || w.Header().Values("Set-Cookie") != nil {
			t.Errorf("%s: Retry-After %q, Set-Cookie %q", path, w.Header().Get("Retry-After"), w.Header().Values("Set-Cookie"))
		}
	}
	f.NoFind = true
	unavailable("GET", "/me")
	unavailable("GET", "/admin")
	unavailable("POST", "/logout")
	unavailable("POST", "/prove")
	unavailable("POST", "/login")
	if live, _, _ := m.List(t.Context(), time.Now(), "1", backends.Page{}); len(live) != 1 {
		t.Errorf("%d live sessions after a login that failed, want the one of before", len(live))
	}
	f.NoFind, f.NoCreate = false, true
	unavailable("POST", "/login")
	f.NoCreate, f.NoRevoke = false, true
	unavailable("POST", "/logout")
	user = "2"
	unavailable("POST", "/login") // the session that the browser has, another user's, cannot be ended
	f.NoRevoke = false
	b.status("GET", "/me", 200)
	b.status("POST", "/logout", 200)
	b.status("GET", "/me", 401)
}

func TestARealDatabaseThatDiesAndComesBack(t *testing.T) {
	// AZ-5 on Postgres: killed in mid-traffic. No one is let in, no one is logged out, and
	// service resumes by itself.
	server := pgtest.Start(t)
	pool, err := pgxpool.New(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	s := storetest.Postgres(t, pool, "inga")
	storetest.AddUsers(t, s)
	b := newBrowser(t, newApp(t, s))
	b.login("1")
	b.status("GET", "/me", 200)
	server.Kill()
	for range 20 {
		w := b.status("GET", "/me", 503)
		if w.Header().Values("Set-Cookie") != nil {
			t.Fatal("the outage changed the cookie")
		}
	}
	b.status("POST", "/logout", 503)
	newBrowser(t, b.app).status("POST", "/login", 503, as("1"))
	newBrowser(t, b.app).status("GET", "/me", 401)
	server.Restart(t)
	deadline := time.Now().Add(30 * time.Second)
	for b.do("GET", "/me").Code == 503 && time.Now().Before(deadline) {
	}
	b.status("GET", "/me", 200)
}

func TestARequestInFlightDuringLogoutNeverBringsTheSessionBack(t *testing.T) {
	// LO-5: a hundred requests race one logout, on both backends.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		for range 5 {
			b := newBrowser(t, newApp(t, s, reissue))
			b.login("1")
			value := b.jar["__Host-session"]
			var wg sync.WaitGroup
			for i := range 40 {
				wg.Go(func() {
					other := newBrowser(t, b.app)
					path, method := "/me", "GET"
					if i == 20 {
						path, method = "/logout", "POST"
					}
					w := other.do(method, path, func(r *http.Request) {
						r.AddCookie(&http.Cookie{Name: "__Host-session", Value: value})
					})
					if w.Code != 200 && w.Code != 401 {
						t.Errorf("status %d", w.Code)
					}
				})
			}
			wg.Wait()
			b.status("GET", "/me", 401)
		}
		live, _, err := s.List(t.Context(), time.Now(), "1", backends.Page{})
		if err != nil || len(live) != 0 {
			t.Errorf("%d live sessions (%v), want none", len(live), err)
		}
	})
}

func TestThreeServersOnOneDatabaseSeeALogoutAtOnce(t *testing.T) {
	// LO-10 without a cache: the bound is the next request.
	pool, schema := pgtest.Pool(t), pgtest.Schema(t)
	var apps []http.Handler
	for i := range 3 {
		s := storetest.Postgres(t, pool, schema)
		if i == 0 {
			storetest.AddUsers(t, s)
		}
		apps = append(apps, newApp(t, s))
	}
	for range 20 {
		b := newBrowser(t, apps[0])
		b.login("1")
		value := "__Host-session=" + b.jar["__Host-session"]
		for _, app := range apps {
			newBrowser(t, app).status("GET", "/me", 200, cookieHeader(value))
		}
		b.status("POST", "/logout", 200)
		for _, app := range apps {
			newBrowser(t, app).status("GET", "/me", 401, cookieHeader(value))
		}
	}
}
