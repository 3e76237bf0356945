package jwtauth_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
)

// claimsOf returns the claims that a token has, as other services read them.
func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	var claims map[string]any
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

// act has the holder of the token act as the user 1.
func act(t *testing.T, tokens *jwtauth.Tokens, token string) jwtauth.Response {
	t.Helper()
	guard, err := middleware.New(middleware.Config{Authenticator: tokens})
	if err != nil {
		t.Fatal(err)
	}
	var resp jwtauth.Response
	h := guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		id, _ := middleware.FromContext(r.Context())
		resp, err = tokens.Login(r, middleware.Login{Subject: "1", Actor: &id})
	}))
	r := tokentest.Presented(token)
	r.Method = "POST"
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); err != nil || resp.AccessToken == "" {
		t.Fatalf("%v, status %d; want tokens", err, w.Code)
	}
	return resp
}

// wantActing fails the test unless the claims are those of root, who is 2 and acts as ann, who is 1.
func wantActing(t *testing.T, claims map[string]any) {
	t.Helper()
	act, _ := claims["act"].(map[string]any)
	_, authTime := claims["auth_time"]
	if claims["sub"] != "1" || len(act) != 1 || act["sub"] != "2" || authTime {
		t.Errorf("claims %v, want those of 1 with act {sub: 2}, and no auth_time: 1 has not authenticated", claims)
	}
}

func TestATokenOfASessionInWhichAnotherActsNamesBoth(t *testing.T) {
	// RFC 8693, section 4.1.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := tokentest.New(t, s, tokentest.WithRefresh)
		own, err := tokentest.Login(t, tokens, "2")
		if err != nil {
			t.Fatal(err)
		}
		if _, there := claimsOf(t, own.AccessToken)["act"]; there {
			t.Error("the actor's own token has the claim act")
		}
		resp := act(t, tokens, own.AccessToken)
		wantActing(t, claimsOf(t, resp.AccessToken))
		if resp.RefreshToken != "" || resp.Session.Refresh != (backends.Refresh{}) {
			t.Errorf("there is a refresh token, of %+v", resp.Session.Refresh)
		}
		for range 3 { // a cache remembers
			id, err := tokens.Authenticate(tokentest.Presented(resp.AccessToken))
			if err != nil || id.Subject != "1" || id.Actor != "2" || id.SessionID != resp.Session.ID {
				t.Fatalf("%+v, %v; want 1, and the actor 2", id, err)
			}
		}
		if _, err := tokens.Authenticate(tokentest.Presented(own.AccessToken)); err != nil {
			t.Errorf("the actor's own token: %v", err)
		}

		// It ends with the actor's session.
		r := tokentest.Presented(own.AccessToken)
		r.Method = "POST"
		if err := tokens.Logout(httptest.NewRecorder(), r); err != nil {
			t.Fatal(err)
		}
		if _, err := tokens.Authenticate(tokentest.Presented(resp.AccessToken)); !errors.Is(err, middleware.ErrSessionRevoked) {
			t.Errorf("after the actor has logged out: %v, want ErrSessionRevoked", err)
		}
	})
}

func TestAnIntrospectionNamesWhoActs(t *testing.T) {
	// RFC 8693, section 4.1, as RFC 7662, section 2.2, allows.
	tokens := tokentest.New(t, storetest.Memory(t))
	own, err := tokentest.Login(t, tokens, "2")
	if err != nil {
		t.Fatal(err)
	}
	app := tokentest.App(t, tokens)
	c := tokentest.ClientWith(t, app, own.AccessToken)
	var answer map[string]any
	w := c.Status("POST", "/introspect", 200, tokentest.WithForm("token", act(t, tokens, own.AccessToken).AccessToken))
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	wantActing(t, answer)
	w = c.Status("POST", "/introspect", 200, tokentest.WithForm("token", own.AccessToken))
	if strings.Contains(w.Body.String(), `"act"`) || !strings.Contains(w.Body.String(), `"auth_time"`) {
		t.Errorf("of the actor's own token: %s, want auth_time and no act", w.Body)
	}
}

func TestARenewedTokenStillNamesWhoActs(t *testing.T) {
	tokens := tokentest.New(t, storetest.Memory(t), func(c *tokentest.Config) { c.Policy = tokentest.Busy })
	own, err := tokentest.Login(t, tokens, "2")
	if err != nil {
		t.Fatal(err)
	}
	resp := act(t, tokens, own.AccessToken)
	id, err := tokens.Authenticate(tokentest.Presented(resp.AccessToken))
	if err != nil {
		t.Fatal(err)
	}
	tokentest.Tick()
	h := http.Header{}
	renewed, ok, err := tokens.Renew(h, tokentest.Presented(resp.AccessToken), id)
	if !ok || err != nil || !renewed.Session.AbsoluteDeadline.Equal(resp.Session.AbsoluteDeadline) || renewed.Session.IdleDeadline.After(resp.Session.AbsoluteDeadline) {
		t.Fatalf("renewed %v, %v, until %v; want true, and the end %v as before", ok, err, renewed.Session.IdleDeadline, resp.Session.AbsoluteDeadline)
	}
	wantActing(t, claimsOf(t, h.Get("Access-Token")))
	if _, err := tokens.Authenticate(tokentest.Presented(h.Get("Access-Token"))); err != nil {
		t.Error(err)
	}
}

func TestATokenThatIsGrantedToWhoActsNamesBoth(t *testing.T) {
	s := storetest.Memory(t)
	p := newPage(t, s) // ann's
	sessions := p.tokens.Engine().Registry
	if _, err := sessions.EndUser(t.Context(), "1", "", backends.ReasonLogout); err != nil {
		t.Fatal(err)
	}
	keys := sessions.Method("api_key", "api-key")
	secret := backends.NewSecret()
	own, err := keys.Open(httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "2"}, session.Opening{Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	id, err := keys.Authenticate(t.Context(), own.ID, secret)
	if err != nil {
		t.Fatal(err)
	}
	var acting backends.Session
	actingSecret := backends.NewSecret()
	guard, err := middleware.New(middleware.Config{Authenticator: &known{id}})
	if err != nil {
		t.Fatal(err)
	}
	guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		acting, err = keys.Open(r, middleware.Login{Subject: "1", Actor: &id}, session.Opening{Secret: actingSecret})
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("POST", "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	actingID, err := keys.Authenticate(t.Context(), acting.ID, actingSecret)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := p.tokens.Grant(httptest.NewRequest("POST", "/token", nil), actingID)
	if err != nil {
		t.Fatal(err)
	}
	wantActing(t, claimsOf(t, resp.AccessToken))
	if id, err := p.tokens.Authenticate(tokentest.Presented(resp.AccessToken)); err != nil || id.Actor != "2" {
		t.Errorf("%+v, %v; want the actor 2", id, err)
	}
}

// A known authenticator has one identity.
type known struct{ id middleware.Identity }

func (k *known) Authenticate(*http.Request) (middleware.Identity, error) { return k.id, nil }

func TestNoTokenOfAnApplicationSaysWhoActs(t *testing.T) {
	tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithClaims(func(backends.User) (any, error) {
		return map[string]any{"act": map[string]string{"sub": "2"}}, nil
	}))
	if _, err := tokentest.Login(t, tokens, "1"); !errors.Is(err, middleware.ErrInvalidArgument) {
		t.Errorf("a custom claim act: %v, want ErrInvalidArgument", err)
	}
}

func TestATokenOfWhoActsIsNotReauthenticated(t *testing.T) {
	tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh)
	own, err := tokentest.Login(t, tokens, "2")
	if err != nil {
		t.Fatal(err)
	}
	r := tokentest.Presented(act(t, tokens, own.AccessToken).AccessToken)
	r.Method = "POST"
	if _, err := tokens.Reauthenticate(httptest.NewRecorder(), r, middleware.Login{Subject: "1"}); !errors.Is(err, middleware.ErrForbidden) {
		t.Errorf("%v, want ErrForbidden", err)
	}
}

func TestTokenCookiesAreNotForWhoActs(t *testing.T) {
	cookies := tokentest.NewCookies(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh))
	id := middleware.Identity{Subject: "2", SessionID: "AAAAAAAAAAAAAAAAAAAAAAAAAA", ExpiresAt: time.Now().Add(time.Hour)}
	w := httptest.NewRecorder()
	_, err := cookies.Login(w, httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "1", Actor: &id})
	if !errors.Is(err, middleware.ErrInvalidArgument) || !strings.Contains(err.Error(), "Login.Actor is set") || len(w.Result().Cookies()) != 0 {
		t.Errorf("%v, and cookies %v; want ErrInvalidArgument about Login.Actor, and none", err, w.Result().Cookies())
	}
}
