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
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

type profile struct {
	Name   string         `json:"name"`
	Tenant string         `json:"tenant,omitempty"`
	Limits map[string]int `json:"limits,omitempty"`
}

func withClaims(f func(u backends.User) (any, error)) func(*jwtauth.Config) {
	return func(c *jwtauth.Config) {
		c.Claims = func(_ context.Context, u backends.User) (any, error) { return f(u) }
	}
}

func login(t testing.TB, tokens *jwtauth.Tokens, user string) (jwtauth.Response, error) {
	t.Helper()
	return tokens.Login(httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: user})
}

func TestClaimsOfTheApplicationGoInTypedAndComeOutTyped(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := newTokens(t, s, withClaims(func(u backends.User) (any, error) {
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
		response, err := login(t, tokens, "1")
		if err != nil {
			t.Fatal(err)
		}
		c := newClient(t, h)
		c.token = response.AccessToken
		c.status("GET", "/", 200)
		if got.Name != "ann" || got.Tenant != `<"acme"> & 한국` || got.Limits["a"] != 1 || got.Limits["A"] != 2 {
			t.Errorf("got %+v", got)
		}
		got.Limits["a"] = 7 // is the handler's own: the next request finds its own, too
		c.status("GET", "/", 200)
		if got.Limits["a"] != 1 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestNoClaimsOfTheApplicationAreNoClaims(t *testing.T) {
	for name, v := range map[string]any{"nil": nil, "a nil pointer": (*profile)(nil), "an empty struct": struct{}{}, "an empty map": map[string]any{}} {
		tokens := newTokens(t, storetest.Memory(t), withClaims(func(backends.User) (any, error) { return v, nil }))
		response, err := login(t, tokens, "1")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if n := len(claimsOf(t, response.AccessToken)); n != 9 {
			t.Errorf("%s: %d claims, want the 9 of ours", name, n)
		}
	}
}

func TestClaimsThatWouldNotBeAcceptedAreNotIssued(t *testing.T) {
	// JW-11 from the other side: no claim of the application can take the place of ours.
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
		"too many names": json.RawMessage(`{` + strings.TrimSuffix(members(257), ",") + `}`),
	} {
		m := storetest.Memory(t)
		tokens := newTokens(t, m, withClaims(func(backends.User) (any, error) { return v, nil }))
		response, err := login(t, tokens, "1")
		if err == nil {
			t.Errorf("%s: issued %v", name, claimsOf(t, response.AccessToken))
			continue
		}
		wantMentions(t, err, "Config.Claims")
		if live, err := m.List(t.Context(), time.Now(), "1"); err != nil || len(live) != 0 {
			t.Errorf("%s: a session was left behind (%v)", name, err)
		}
	}
	// A name that tries to end the string stays a name.
	tokens := newTokens(t, storetest.Memory(t), withClaims(func(backends.User) (any, error) {
		return map[string]any{`x":0,"admin`: true}, nil
	}))
	response, err := login(t, tokens, "1")
	if err != nil {
		t.Fatal(err)
	}
	if got := claimsOf(t, response.AccessToken); got[`x":0,"admin`] != true || got["admin"] != nil {
		t.Errorf("claims %v", got)
	}
}

// members returns the text of n members with different names.
func members(n int) string {
	var s strings.Builder
	for i := range n {
		name, _ := json.Marshal("m" + strings.Repeat("a", i/26) + string(rune('a'+i%26)))
		s.Write(name)
		s.WriteString(":1,")
	}
	return s.String()
}

func TestClaimsThatCannotBeFoundOutAreNoReasonToLogOut(t *testing.T) {
	// A token is not issued without them, nor with old ones; the one in use stays good, and
	// the next request tries again.
	synctest.Test(t, func(t *testing.T) {
		var fail error
		asked := 0
		m := storetest.Memory(t)
		tokens := newTokens(t, m, withClaims(func(u backends.User) (any, error) {
			asked++
			return profile{Name: u.Name, Tenant: strings.Repeat("x", asked)}, fail
		}))
		c := newClient(t, newApp(t, tokens)).login("1")
		if got := claimsOf(t, c.token); got["name"] != "ann" || got["tenant"] != "x" {
			t.Fatalf("claims %v", got)
		}
		time.Sleep(3 * time.Minute)
		// Whatever it wraps, it is no answer about the credential.
		for _, err := range []error{errors.New("no directory"), middleware.ErrInvalidCredentials, middleware.ErrNoCredentials, backends.ErrRevoked} {
			fail = err
			if w := c.status("GET", "/me", 200); w.Header().Get("Access-Token") != "" {
				t.Fatal("a token without its claims")
			}
			newClient(t, c.app).status("POST", "/login", 503, as("1"))
		}
		fail, asked = nil, 1
		if w := c.status("GET", "/me", 200); w.Header().Get("Access-Token") == "" {
			t.Fatal("the next request did not try again")
		}
		if got := claimsOf(t, c.token); got["tenant"] != "xx" {
			t.Errorf("claims %v, want those of now", got)
		}
	})
}

func TestARenewalOfASessionThatEndsMeanwhileIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := storetest.Memory(t)
		end := false
		tokens := newTokens(t, m, withClaims(func(u backends.User) (any, error) {
			if end {
				_, err := m.RevokeUser(context.Background(), time.Now(), u.ID, "", backends.ReasonRevoked)
				return nil, err
			}
			return nil, nil
		}))
		c := newClient(t, newApp(t, tokens)).login("1")
		time.Sleep(3 * time.Minute)
		end = true
		if w := c.status("GET", "/me", 200); w.Header().Get("Access-Token") != "" {
			t.Error("a new token for a session that has ended")
		}
		// And if it ends before the claims are asked for:
		id := middleware.Identity{Subject: "1", SessionID: claimsOf(t, c.token)["sid"].(string)}
		h := http.Header{}
		_, ok, err := tokens.Renew(h, httptest.NewRequest("GET", "/", nil), id, time.Now().Add(time.Hour))
		if ok || err != nil || len(h) != 0 {
			t.Errorf("ok %v, error %v, header %v; want nothing", ok, err, h)
		}
		c.status("GET", "/me", 401)
	})
}
