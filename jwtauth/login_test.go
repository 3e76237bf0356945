package jwtauth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

func TestALoginAnswersAsRFC6749Says(t *testing.T) {
	// Section 5.1; RT-17's access part, TL-12.
	w := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t)))).Status("POST", "/login", 200, tokentest.As("1"))
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q, want no-store", got)
	}
	if got := w.Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type %q, want application/json", got)
	}
	var body map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	if body["token_type"] != "Bearer" || body["expires_in"] != 300.0 || body["access_token"] == "" || len(body) != 3 {
		t.Errorf("body %v, want access_token, token_type Bearer, expires_in 300 and no more", body)
	}
}

func TestATokenHasTheClaimsOfRFC9068(t *testing.T) {
	// JW-9, section 2.2 of the RFC, and those that make it ours.
	synctest.Test(t, func(t *testing.T) { // which begins on 2000-01-01
		time.Sleep(100 * time.Millisecond)
		tokens := tokentest.New(t, storetest.Memory(t))
		response, err := tokens.Login(httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "1"})
		if err != nil {
			t.Fatal(err)
		}
		wantHeader := map[string]any{"alg": "HS256", "typ": "at+jwt", "kid": "k1"}
		if got := tokentest.Part(t, response.AccessToken, 0); !reflect.DeepEqual(got, wantHeader) {
			t.Errorf("header %v, want %v", got, wantHeader)
		}
		got := tokentest.ClaimsOf(t, response.AccessToken)
		jti, _ := got["jti"].(string)
		delete(got, "jti")
		want := map[string]any{
			"iss": "https://app.example", "sub": "1", "aud": "https://api.example", "client_id": "https://api.example",
			"iat": json.Number("946684800"), "exp": json.Number("946685101"), "auth_time": json.Number("946684800"),
			"auth_at": json.Number("946684800100000"),
			"sid":     response.Session.ID,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("claims %v, want %v", got, want)
		}
		again, err := tokens.Login(httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "1"})
		if err != nil {
			t.Fatal(err)
		}
		if len(jti) < 26 || tokentest.ClaimsOf(t, again.AccessToken)["jti"] == jti {
			t.Errorf("jti %q, want one that is long and new in each token", jti)
		}
	})
}

func TestTheClientIDIsTheConfiguredOne(t *testing.T) {
	tokens := tokentest.New(t, storetest.Memory(t), func(c *tokentest.Config) { c.ClientID = "cli" })
	response, err := tokens.Login(httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "1"})
	if err != nil {
		t.Fatal(err)
	}
	if got := tokentest.ClaimsOf(t, response.AccessToken)["client_id"]; got != "cli" {
		t.Errorf("client_id %v, want cli", got)
	}
}

func TestNobodyLogsInOrOutWithASafeMethod(t *testing.T) {
	// CS-5, LO-8.
	m := storetest.Memory(t)
	c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, m))).Login("1")
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
		c.Status(method, "/login", 400, tokentest.As("1"))
		c.Status(method, "/logout", 400)
	}
	c.Status("GET", "/me", 200)
	if live, _, err := m.List(t.Context(), time.Now(), "1", backends.Page{}); err != nil || len(live) != 1 {
		t.Errorf("%d sessions (%v), want the one", len(live), err)
	}
}

func TestWhoMayNotLogInGetsNoToken(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		if err := s.Users().SetDisabled(t.Context(), time.Now(), "2", true); err != nil {
			t.Fatal(err)
		}
		c := tokentest.NewClient(t, tokentest.App(t, tokentest.New(t, s)))
		for user, status := range map[string]int{
			"2": 401,
			// No store has, or accepts, these as the ID of a user: a mistake of the application.
			"nobody": 500,
			"":       500, "1\x00": 500, "\xff": 500, strings.Repeat("1", 300): 500,
		} {
			w := c.Status("POST", "/login", status, func(r *http.Request) { r.Header["User"] = []string{user} })
			if strings.Contains(w.Body.String(), "access_token") {
				t.Errorf("%q: got a token: %s", user, w.Body)
			}
		}
		ann, _, err := s.Users().UserByName(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Users().SetPassword(t.Context(), time.Now(), "1", 0, "$argon2id$x", ""); err != nil {
			t.Fatal(err)
		}
		// A login with the old password, checked before it was changed, is refused.
		_, err = tokentest.New(t, s).Login(httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "1", UserVersion: ann.Version})
		tokentest.WantMentions(t, err, middleware.ErrInvalidCredentials.Error())
	})
}

func TestALoginMayHaveAPolicyOfItsOwn(t *testing.T) {
	tokens := tokentest.New(t, storetest.Memory(t))
	login := func(p middleware.Policy) (jwtauth.Response, error) {
		return tokens.Login(httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "1", Policy: p})
	}
	response, err := login(sliding.Policy{Idle: time.Minute, Absolute: 2 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if got := response.Session.IdleTimeout; got != time.Minute {
		t.Errorf("idle timeout %v, want 1m", got)
	}
	if response.ExpiresIn > 120 {
		t.Errorf("expires in %d s, want at most the absolute 120", response.ExpiresIn)
	}
	_, err = login(sliding.Policy{})
	tokentest.WantMentions(t, err, "Login.Policy", "Policy.Absolute")
}

func TestASessionOfTokensSlidesTwiceInTheLifetimeOfOne(t *testing.T) {
	for _, row := range []struct {
		ttl      time.Duration
		interval time.Duration
		want     time.Duration
	}{
		{5 * time.Minute, 0, 150 * time.Second}, // a tenth of 30 minutes is more
		{5 * time.Minute, time.Minute, time.Minute},
		{time.Hour, 0, 3 * time.Minute},
	} {
		tokens := tokentest.New(t, storetest.Memory(t), func(c *tokentest.Config) {
			c.AccessTTL = row.ttl
			c.Policy = sliding.Policy{Idle: 30 * time.Minute, Absolute: time.Hour, Interval: row.interval}
		})
		response, err := tokens.Login(httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "1"})
		if err != nil {
			t.Fatal(err)
		}
		if got := response.Session.RenewalInterval; got != row.want {
			t.Errorf("%+v: interval %v", row, got)
		}
	}
}

func TestAResponseIsNotPrinted(t *testing.T) {
	// SID-8.
	tokens := tokentest.New(t, storetest.Memory(t))
	response, err := tokens.Login(httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "1"})
	if err != nil {
		t.Fatal(err)
	}
	response.RefreshToken = "rrrrrrrr"
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&out, verb+"\n"+verb+"\n", response, []*jwtauth.Response{&response}[0])
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", response)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "v", response)
	for _, shown := range []string{response.AccessToken, fmt.Sprintf("%x", response.AccessToken), "rrrrrrrr"} {
		if strings.Contains(out.String(), shown) {
			t.Errorf("printed %s", out.String())
		}
	}
	if !strings.Contains(out.String(), "[tokens of session "+response.Session.ID+"]") {
		t.Errorf("does not say whose they are: %s", out.String())
	}
}
