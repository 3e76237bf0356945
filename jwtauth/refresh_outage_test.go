package jwtauth_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
)

func TestAnOutageOfTheStoreRefusesNoRefreshToken(t *testing.T) {
	// RT-15: 503 and Retry-After, and the token is good for the next try.
	s := tokentest.NewSpy(storetest.Memory(t))
	d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.Eager)), "1")
	s.Fail("Rotate")
	w := d.Present(d.Refresh)
	tokentest.WantUnavailable(t, w)
	if got, want := w.Body.String(), `{"error":"temporarily_unavailable","error_description":"try again later"}`+"\n"; got != want {
		t.Errorf("body %s, want %s", got, want)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	d.WantNoGrant("x") // this is known without the store
	s.Fail("Revoke")
	tokentest.WantUnavailable(t, d.Post("/revoke", "token", d.Refresh))
	tokentest.WantUnavailable(t, d.Post("/revoke", "token", d.Token))
	s.Fail("Find")
	tokentest.WantUnavailable(t, d.Do("POST", "/introspect", tokentest.WithForm("token", d.Refresh)))
	s.Fail()
	d.Rotate()
	d.Status("GET", "/me", 200)
}

func TestTheReasonOfAnOutageIsLogged(t *testing.T) {
	// OB-1: an operator must see the reason; a bad token is no such event.
	var out bytes.Buffer
	s := tokentest.NewSpy(storetest.Memory(t))
	d := tokentest.NewDevice(t, tokentest.AppOf(t, tokentest.New(t, s, tokentest.WithRefresh), slog.New(slog.NewTextHandler(&out, nil))), "1")
	d.WantNoGrant("x")
	if out.Len() > 0 {
		t.Errorf("logged %s", &out)
	}
	s.Fail("Rotate")
	tokentest.WantUnavailable(t, d.Present(d.Refresh))
	for _, want := range []string{"level=ERROR", "status=503", "path=/token", storetest.ErrDown.Error()} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("logged %s, want %s in it", &out, want)
		}
	}
	if strings.Contains(out.String(), d.Refresh) {
		t.Error("the refresh token is in the log")
	}
}

func TestARefreshSurvivesADatabaseThatIsKilled(t *testing.T) {
	// RT-15 on Postgres: in mid-traffic, also by way of the cookies and a guard.
	server := pgtest.Start(t)
	s := storetest.Postgres(t, server.Pool(t), "inga")
	storetest.AddUsers(t, s)
	tokens := tokentest.New(t, s, tokentest.Eager)
	d := tokentest.NewDevice(t, tokentest.App(t, tokens), "1")
	b := tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokens)))
	b.Login("1")
	b.Expire()
	d.Rotate()
	server.Kill()
	for range 5 {
		tokentest.WantUnavailable(t, d.Present(d.Refresh))
		tokentest.WantUnavailable(t, b.Do("GET", "/me"))
		tokentest.WantUnavailable(t, b.Do("POST", "/refresh"))
		tokentest.WantUnavailable(t, b.Do("POST", "/logout"))
	}
	server.Restart(t)
	deadline := time.Now().Add(30 * time.Second)
	for b.Do("GET", "/me").Code == 503 && time.Now().Before(deadline) {
	}
	for d.Present(d.Refresh).Code == 503 && time.Now().Before(deadline) {
	}
	b.Status("GET", "/me", 200)
	d.Rotate()
}
