package jwtauth_test

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
)

// wantUnavailable fails the test unless w says that the token is as good as before.
func wantUnavailable(t testing.TB, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code != 503 || w.Header().Get("Retry-After") != "1" || w.Header().Get("WWW-Authenticate") != "" {
		t.Fatalf("status %d, headers %v: %s; want 503 with Retry-After", w.Code, w.Header(), w.Body)
	}
	if got := w.Header().Values("Set-Cookie"); got != nil {
		t.Fatalf("Set-Cookie %q, want none", got)
	}
}

func TestAnOutageOfTheStoreRefusesNoRefreshToken(t *testing.T) {
	// RT-15: 503 and Retry-After, and the token is good for the next try.
	s := newSpy(storetest.Memory(t))
	d := newDevice(t, refreshApp(t, newTokens(t, s, withRefresh)), "1")
	s.fail("Rotate")
	w := d.present(d.refresh)
	wantUnavailable(t, w)
	if got, want := w.Body.String(), `{"error":"temporarily_unavailable","error_description":"try again later"}`+"\n"; got != want {
		t.Errorf("body %s, want %s", got, want)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	d.wantNoGrant("x") // this much can be told without the store
	s.fail("Revoke")
	wantUnavailable(t, d.post("/revoke", "token", d.refresh))
	wantUnavailable(t, d.post("/revoke", "token", d.token))
	s.fail("FindBySecret")
	wantUnavailable(t, d.do("POST", "/introspect", withForm("token", d.refresh)))
	s.fail()
	d.next()
	d.status("GET", "/me", 200)
}

func TestTheReasonOfAnOutageIsLogged(t *testing.T) {
	// OB-1: somebody has to wake up for it, and find the reason; a bad token wakes nobody.
	var out bytes.Buffer
	s := newSpy(storetest.Memory(t))
	logged := func(c *jwtauth.Config) { c.Logger = slog.New(slog.NewTextHandler(&out, nil)) }
	d := newDevice(t, refreshApp(t, newTokens(t, s, withRefresh, logged)), "1")
	d.wantNoGrant("x")
	if out.Len() > 0 {
		t.Errorf("logged %s", &out)
	}
	s.fail("Rotate")
	wantUnavailable(t, d.present(d.refresh))
	for _, want := range []string{"level=ERROR", "status=503", "path=/token", storetest.ErrDown.Error()} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("logged %s, want %s in it", &out, want)
		}
	}
	if strings.Contains(out.String(), d.refresh) {
		t.Error("the refresh token is in the log")
	}
}

func TestARefreshSurvivesADatabaseThatIsKilled(t *testing.T) {
	// RT-15 on Postgres: in mid-traffic, also by way of the cookies and a guard.
	server := pgtest.Start(t)
	s := storetest.Postgres(t, server.Pool(t), "inga")
	storetest.AddUsers(t, s)
	tokens := newTokens(t, s, withRefresh)
	d := newDevice(t, refreshApp(t, tokens), "1")
	b := newBrowser(t, newCookieApp(t, newCookies(t, tokens)))
	b.login("1")
	b.expire()
	d.next()
	server.Kill()
	for range 5 {
		wantUnavailable(t, d.present(d.refresh))
		wantUnavailable(t, b.do("GET", "/me"))
		wantUnavailable(t, b.do("POST", "/refresh"))
		wantUnavailable(t, b.do("POST", "/logout"))
	}
	server.Restart(t)
	deadline := time.Now().Add(30 * time.Second)
	for b.do("GET", "/me").Code == 503 && time.Now().Before(deadline) {
	}
	for d.present(d.refresh).Code == 503 && time.Now().Before(deadline) {
	}
	b.status("GET", "/me", 200)
	d.next()
}
