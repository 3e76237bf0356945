package jwtauth_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/middleware"
)

type profile struct {
	Name   string         `json:"name"`
	Tenant string         `json:"tenant,omitempty"`
	Limits map[string]int `json:"limits,omitempty"`
}

func TestClaimsOfTheApplicationGoInTypedAndComeOutTyped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := tokentest.New(t, s, tokentest.WithClaims(func(u backends.User) (any, error) {
			return profile{Name: u.Name, Tenant: `<"acme"> & 한국`, Limits: map[string]int{"a": 1, "A": 2}}, nil
		}))
		var got profile
		guard, err := middleware.New(middleware.Config{Authenticator: tokens})
		if err != nil {
			t.Fatal(err)
		}
		h := guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			id, _ := middleware.FromContext(r.Context())
			if err := id.DecodeClaims(&got); err != nil {
				t.Error(err)
			}
		}))
		response, err := tokentest.Login(t, tokens, "1")
		if err != nil {
			t.Fatal(err)
		}
		c := tokentest.NewClient(t, h)
		c.Token = response.AccessToken
		c.Status("GET", "/", 200)
		if got.Name != "ann" || got.Tenant != `<"acme"> & 한국` || got.Limits["a"] != 1 || got.Limits["A"] != 2 {
			t.Errorf("got %+v", got)
		}
		got.Limits["a"] = 7 // is the handler's own: the next request finds its own, too
		c.Status("GET", "/", 200)
		if got.Limits["a"] != 1 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestNoClaimsOfTheApplicationAreNoClaims(t *testing.T) {
	for name, v := range map[string]any{"nil": nil, "a nil pointer": (*profile)(nil), "an empty struct": struct{}{}, "an empty map": map[string]any{}} {
		tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithClaims(func(backends.User) (any, error) { return v, nil }))
		response, err := tokentest.Login(t, tokens, "1")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if n := len(tokentest.ClaimsOf(t, response.AccessToken)); n != 10 {
			t.Errorf("%s: %d claims, want the 10 of ours", name, n)
		}
	}
}

func TestClaimsThatWouldNotBeAcceptedAreNotIssued(t *testing.T) {
	// JW-17, JW-11: no claim of the application can take the place of ours.
	for name, v := range map[string]any{
		"sub":             map[string]any{"sub": "2"},
		"SUB":             map[string]any{"SUB": "2"},
		"sub, long s":     map[string]any{"ſub": "2"},
		"exp":             map[string]any{"exp": 1},
		"Sid":             map[string]any{"Sid": "x"},
		"client_id":       map[string]any{"client_id": "x"},
		"auth_time":       map[string]any{"Auth_Time": 1},
		"nbf":             map[string]any{"nbf": 1},
		"struct":          struct{ Iss string }{"x"},
		"an escaped name": json.RawMessage(`{"\u0073ub":"2"}`),
		// jwx had this one: GHSA-4cf7-xm37-g63h.
		"a name twice":   json.RawMessage(`{"admin":false,"admin":true}`),
		"not UTF-8":      json.RawMessage("{\"a\":\"\xff\"}"),
		"an array":       []string{"a"},
		"a string":       "a",
		"a number":       1,
		"a function":     func() {},
		"not JSON":       json.RawMessage(`{"a":`),
		"too deep":       json.RawMessage(`{"a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`),
		"too long":       map[string]any{"a": strings.Repeat("x", 7000)},
		"too many names": json.RawMessage(`{` + strings.TrimSuffix(tokentest.Members(600), ",") + `}`),
	} {
		m := storetest.Memory(t)
		tokens := tokentest.New(t, m, tokentest.WithClaims(func(backends.User) (any, error) { return v, nil }))
		response, err := tokentest.Login(t, tokens, "1")
		if err == nil {
			t.Errorf("%s: issued %v", name, tokentest.ClaimsOf(t, response.AccessToken))
			continue
		}
		tokentest.WantMentions(t, err, "Config.Claims")
		if live, err := m.List(t.Context(), time.Now(), "1"); err != nil || len(live) != 0 {
			t.Errorf("%s: a session was left behind (%v)", name, err)
		}
	}
	// A name that tries to end the string stays a name.
	tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithClaims(func(backends.User) (any, error) {
		return map[string]any{`x":0,"admin`: true}, nil
	}))
	response, err := tokentest.Login(t, tokens, "1")
	if err != nil {
		t.Fatal(err)
	}
	if got := tokentest.ClaimsOf(t, response.AccessToken); got[`x":0,"admin`] != true || got["admin"] != nil {
		t.Errorf("claims %v", got)
	}
}

func TestClaimsThatCannotBeFoundOutAreNoReasonToLogOut(t *testing.T) {
	// A token is not issued without them, nor with old ones; the one in use stays good, and
	// the next request tries again.
	synctest.Test(t, func(t *testing.T) {
		var fail error
		asked := 0
		m := storetest.Memory(t)
		tokens := tokentest.New(t, m, tokentest.WithClaims(func(u backends.User) (any, error) {
			asked++
			return profile{Name: u.Name, Tenant: strings.Repeat("x", asked)}, fail
		}))
		c := tokentest.NewClient(t, tokentest.App(t, tokens)).Login("1")
		if got := tokentest.ClaimsOf(t, c.Token); got["name"] != "ann" || got["tenant"] != "x" {
			t.Fatalf("claims %v", got)
		}
		time.Sleep(3 * time.Minute)
		// Whatever it wraps, it is no answer about the credential.
		for _, err := range []error{errors.New("no directory"), middleware.ErrInvalidCredentials, middleware.ErrNoCredentials, backends.ErrRevoked} {
			fail = err
			if w := c.Status("GET", "/me", 200); w.Header().Get("Access-Token") != "" {
				t.Fatal("a token without its claims")
			}
			tokentest.NewClient(t, c.App).Status("POST", "/login", 503, tokentest.As("1"))
		}
		fail, asked = nil, 1
		if w := c.Status("GET", "/me", 200); w.Header().Get("Access-Token") == "" {
			t.Fatal("the next request did not try again")
		}
		if got := tokentest.ClaimsOf(t, c.Token); got["tenant"] != "xx" {
			t.Errorf("claims %v, want those of now", got)
		}
	})
}

func TestARenewalWhoseTokenCannotBeIssuedExtendsNothing(t *testing.T) {
	// Claims may grow: each alone is good, and together with ours they are too many or too long.
	for name, big := range map[string]any{
		"too many names": json.RawMessage(`{` + strings.TrimSuffix(tokentest.Members(600), ",") + `}`),
		"too long":       map[string]any{"a": strings.Repeat("x", 7000)},
	} {
		synctest.Test(t, func(t *testing.T) {
			var claims any
			var j tokentest.Journal
			m := storetest.Memory(t)
			tokens := tokentest.New(t, m, j.Use, tokentest.WithClaims(func(backends.User) (any, error) { return claims, nil }))
			c := tokentest.NewClient(t, tokentest.App(t, tokens)).Login("1")
			time.Sleep(3 * time.Minute)
			claims = big
			c.Status("GET", "/me", 200)
			if n := j.Count(middleware.EventRenewed); n != 0 {
				t.Errorf("%s: %d renewals without a token", name, n)
			}
			claims = nil
			if w := c.Status("GET", "/me", 200); w.Header().Get("Access-Token") == "" {
				t.Errorf("%s: the next request did not try again", name)
			}
		})
	}
}

func TestARenewalOfASessionThatEndsMeanwhileIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := storetest.Memory(t)
		end := false
		tokens := tokentest.New(t, m, tokentest.WithClaims(func(u backends.User) (any, error) {
			if end {
				_, err := m.RevokeUser(context.Background(), time.Now(), u.ID, "", backends.ReasonRevoked)
				return nil, err
			}
			return nil, nil
		}))
		c := tokentest.NewClient(t, tokentest.App(t, tokens)).Login("1")
		time.Sleep(3 * time.Minute)
		end = true
		if w := c.Status("GET", "/me", 200); w.Header().Get("Access-Token") != "" {
			t.Error("a new token for a session that has ended")
		}
		// And if it ends before the claims are asked for:
		id := middleware.Identity{Subject: "1", SessionID: tokentest.ClaimsOf(t, c.Token)["sid"].(string)}
		h := http.Header{}
		_, ok, err := tokens.Renew(h, httptest.NewRequest("GET", "/", nil), id)
		if ok || err != nil || len(h) != 0 {
			t.Errorf("ok %v, error %v, header %v; want nothing", ok, err, h)
		}
		c.Status("GET", "/me", 401)
	})
}
