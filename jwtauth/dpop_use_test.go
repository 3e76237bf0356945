package jwtauth_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/prooftest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// failingClaims cannot be asked while they are down.
type failingClaims struct {
	backends.Claims
	down bool
}

func (f *failingClaims) Claim(ctx context.Context, now time.Time, name backends.NameHash, until time.Time) (bool, error) {
	if f.down {
		return false, storetest.ErrDown
	}
	return f.Claims.Claim(ctx, now, name, until)
}

func TestATokenInAWebSocketHandshakeComesWithItsProof(t *testing.T) {
	s := storetest.Memory(t)
	tokens := tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s))
	p := boundClient(t, tokentest.App(t, tokens))
	plain := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), tokentest.WithRefresh)), "2")
	app := tokentest.Guarded(t, jwtauth.WebSocket(tokens))
	thief := p.with(prooftest.New(t, "ES256"))
	open := func(protocols ...string) int {
		r := httptest.NewRequest("GET", "https://app.example/ws", nil)
		r.Header.Set("Upgrade", "websocket")
		r.Header.Set("Sec-WebSocket-Protocol", strings.Join(protocols, ", "))
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		return w.Code
	}
	proof := p.made("GET", "/ws", p.access)
	for _, row := range []struct {
		what      string
		status    int
		protocols []string
	}{
		{"with its proof", 200, []string{"graphql-ws", "inga.dpop", p.access, proof}},
		{"with a proof that was used", 401, []string{"inga.dpop", p.access, proof}},
		{"with the proof of another key", 401, []string{"inga.dpop", p.access, thief.made("GET", "/ws", p.access)}},
		{"for another page", 401, []string{"inga.dpop", p.access, p.made("GET", "/me", p.access)}},
		{"without a proof", 401, []string{"inga.bearer", p.access}},
		{"with nothing after it", 400, []string{"inga.dpop", p.access}},
		{"announced twice", 400, []string{"inga.dpop", p.access, p.made("GET", "/ws", p.access), "inga.bearer", p.access}},
		{"a token that is not bound", 200, []string{"inga.bearer", plain.Token}},
		{"a token that is not bound, with a proof", 401, []string{"inga.dpop", plain.Token, p.made("GET", "/ws", plain.Token)}},
	} {
		if got := open(row.protocols...); got != row.status {
			t.Errorf("%s: status %d, want %d", row.what, got, row.status)
		}
	}
}

func TestATokenForACookieIsBoundToTheKeyOfItsPage(t *testing.T) {
	// DP-11.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		p := newPageWith(t, s, tokentest.Busy)
		bound := tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s))
		q := newProver(t, tokentest.App(t, bound))
		r := httptest.NewRequest("POST", "https://app.example/grant", nil)
		q.proof("POST", "/grant", "")(r)
		resp, err := bound.Grant(r, p.identity(t))
		if err != nil || resp.TokenType != "DPoP" {
			t.Fatalf("%v, %v, want a token of the type DPoP", resp.TokenType, err)
		}
		q.access = resp.AccessToken
		id := identityOf(t, q.asks("GET", "/me", 200))
		cnf := tokentest.ClaimsOf(t, q.access)["cnf"].(map[string]any)
		if id.SessionID != p.identity(t).SessionID || !id.Binding.Proved || id.Binding.Thumbprint != cnf["jkt"] || len(cnf) != 1 {
			t.Errorf("identity %+v, want the session of the cookie, proved", id)
		}
		wantChallenge(t, "as Bearer", q.do("GET", "/me", authorize("Bearer", q.access)), asBearer)
		q.with(prooftest.New(t, "ES256")).asks("GET", "/me", 401)
		p.browser.Status("GET", "/me", 200) // the cookie needs no proof

		tokentest.Tick()
		renewed := q.asks("GET", "/me", 200).Header().Get("Access-Token")
		wantChallenge(t, "renewed", q.do("GET", "/me", authorize("Bearer", renewed)), asBearer)

		if _, err := bound.Grant(r, p.identity(t)); !errors.Is(err, middleware.ErrUnproved) {
			t.Errorf("with a proof that was used: %v, want ErrUnproved", err)
		}
		required := tokentest.New(t, s, withDPoP(t, jwtauth.DPoPRequired, s))
		if _, err := required.Grant(httptest.NewRequest("POST", "/", nil), p.identity(t)); !errors.Is(err, middleware.ErrUnproved) {
			t.Errorf("without a proof, which is required: %v, want ErrUnproved", err)
		}
	})
}

func TestABoundCookieGetsNoTokenWithoutItsProof(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		p := newPage(t, s)
		id := p.identity(t)
		key := backends.Binding{
			Algorithm: "ES256", Thumbprint: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
			Key:     `{"crv":"P-256","kty":"EC","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}`,
			BoundAt: id.AuthTime, ProvedAt: id.AuthTime,
		}
		if ok, err := s.Bind(t.Context(), id.AuthTime, id.SessionID, key); !ok || err != nil {
			t.Fatal(ok, err)
		}
		r := httptest.NewRequest("POST", "/", nil)
		for what, binding := range map[string]middleware.Binding{
			"no binding":  {},
			"not proved":  {Thumbprint: key.Thumbprint, BoundAt: key.BoundAt},
			"another key": {Thumbprint: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", BoundAt: key.BoundAt, Proved: true},
		} {
			id.Binding = binding
			if _, err := p.tokens.Grant(r, id); !errors.Is(err, middleware.ErrUnproved) {
				t.Errorf("%s: %v, want ErrUnproved", what, err)
			}
		}
		id.Binding = middleware.Binding{Thumbprint: key.Thumbprint, BoundAt: key.BoundAt, Proved: true}
		resp, err := p.tokens.Grant(r, id)
		if err != nil || resp.TokenType != "Bearer" {
			t.Fatalf("%v, %v; want a Bearer token", resp.TokenType, err)
		}
		// It is good for its minutes, as the bound cookie is, and says that no key was proved with it.
		got, err := p.tokens.Authenticate(tokentest.Presented(resp.AccessToken))
		if err != nil || got.Binding.Proved || got.Binding.Thumbprint != key.Thumbprint {
			t.Errorf("binding %+v, %v; want that of the session, not proved", got.Binding, err)
		}
	})
}

func TestATokenThatIsBoundIsNotAcceptedInACookie(t *testing.T) {
	s := storetest.Memory(t)
	tokens := tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), tokentest.WithRefresh)
	p := boundClient(t, tokentest.App(t, tokens))
	app := tokentest.CookieApp(t, tokentest.NewCookies(t, tokens))
	for _, request := range []struct{ method, path string }{{"GET", "/me"}, {"POST", "/refresh"}, {"POST", "/prove"}} {
		r := httptest.NewRequest(request.method, "https://app.example"+request.path, nil)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.AddCookie(&http.Cookie{Name: "__Host-refresh", Value: p.refresh})
		r.AddCookie(&http.Cookie{Name: "__Host-access", Value: p.access})
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		if w.Code != 401 {
			t.Errorf("%s: status %d, want 401: %s", request.path, w.Code, w.Body)
		}
	}
	p.asks("GET", "/me", 200)
	p.keep(p.presents(p.refresh))
}

func TestAFormerTokenThatIsBoundIsNoTheftInACookie(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), tokentest.Eager)
		p := boundClient(t, tokentest.App(t, tokens))
		first := p.refresh
		for range 2 {
			tokentest.Tick()
			p.keep(p.presents(p.refresh))
			p.asks("GET", "/me", 200)
		}
		tokentest.Tick()
		app := tokentest.CookieApp(t, tokentest.NewCookies(t, tokens))
		r := httptest.NewRequest("POST", "https://app.example/refresh", nil)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.AddCookie(&http.Cookie{Name: "__Host-refresh", Value: first})
		w := httptest.NewRecorder()
		if app.ServeHTTP(w, r); w.Code != 401 {
			t.Errorf("status %d, want 401: %s", w.Code, w.Body)
		}
		p.asks("GET", "/me", 200)
	})
}

func TestARouteForBoundSessionsRefusesOthers(t *testing.T) {
	s := storetest.Memory(t)
	tokens := tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), tokentest.WithRefresh)
	guard, err := middleware.New(middleware.Config{Authenticator: tokens})
	if err != nil {
		t.Fatal(err)
	}
	bound, err := guard.Require(middleware.Bound())
	if err != nil {
		t.Fatal(err)
	}
	app := http.NewServeMux()
	app.Handle("/", tokentest.App(t, tokens))
	app.Handle("/transfer", bound.Handler(tokentest.Me))
	p := boundClient(t, app)
	p.asks("POST", "/transfer", 200)
}

func TestASessionThatIsNotBoundHasAPolicyOfItsOwn(t *testing.T) {
	s := storetest.Memory(t)
	short := sliding.Policy{Idle: time.Minute, Absolute: time.Hour}
	tokens := tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), func(c *tokentest.Config) { c.UnboundPolicy = short })
	app := tokentest.App(t, tokens)
	absolute := func(token string) time.Duration {
		sid := tokentest.SID(t, token)
		row, _, err := s.Find(t.Context(), time.Now(), sid, backends.SecretHash{})
		if err != nil {
			t.Fatal(err)
		}
		return row.AbsoluteDeadline.Sub(row.AuthenticatedAt)
	}
	if got := absolute(boundClient(t, app).access); got != 12*time.Hour {
		t.Errorf("bound: %v, want 12h", got)
	}
	if got := absolute(tokentest.NewClient(t, app).Login("1").Token); got != time.Hour {
		t.Errorf("not bound: %v, want 1h", got)
	}
	resp, err := tokens.Login(httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: "1", Policy: tokentest.Busy})
	if err != nil || absolute(resp.AccessToken) != 2*time.Hour {
		t.Errorf("with a policy of the login: %v, want 2h", err)
	}
}

// A request of a session that is not bound costs what it cost before.
func TestWhereDPoPIsOfferedABearerTokenCostsNoMore(t *testing.T) {
	// DP-10.
	s := storetest.Cached(t, storetest.Memory(t))
	cost := func(edit ...func(*tokentest.Config)) float64 {
		tokens := tokentest.New(t, s, edit...)
		resp, err := tokentest.Login(t, tokens, "1")
		if err != nil {
			t.Fatal(err)
		}
		r := tokentest.Presented(resp.AccessToken)
		authenticate := func() {
			if _, err := tokens.Authenticate(r); err != nil {
				t.Fatal(err)
			}
		}
		authenticate()
		return testing.AllocsPerRun(200, authenticate)
	}
	off, offered := cost(), cost(withDPoP(t, jwtauth.DPoPOffered, s))
	if offered > off {
		t.Errorf("%v allocations where DPoP is offered, want the %v of before", offered, off)
	}
}

func TestAProofThatAGuardHasSeenIsOneOfItsOwnKeyOnly(t *testing.T) {
	s := storetest.Memory(t)
	tokens := tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s))
	app := tokentest.App(t, tokens)
	p, victim := boundClient(t, app), boundClient(t, app)
	guard, err := middleware.New(middleware.Config{Authenticator: tokens})
	if err != nil {
		t.Fatal(err)
	}
	p.app = guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		inner := httptest.NewRequest("GET", "https://app.example/me", nil).WithContext(r.Context())
		inner.Header.Set("Authorization", "DPoP "+victim.access)
		if id, err := tokens.Authenticate(inner); !errors.Is(err, middleware.ErrUnproved) {
			t.Errorf("the token of another client: %+v, %v; want ErrUnproved", id, err)
		}
		inner.Header.Set("Authorization", "DPoP "+p.access)
		if _, err := tokens.Authenticate(inner); err != nil {
			t.Errorf("the token whose proof the guard has seen: %v", err)
		}
	}))
	p.asks("GET", "/me", 200)
}

func TestAHandlerBehindAGuardMayLogInWithTheProofThatTheGuardTook(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), tokentest.WithRefresh)
		app := tokentest.App(t, tokens)
		p := boundClient(t, app)
		guard, err := middleware.New(middleware.Config{Authenticator: tokens})
		if err != nil {
			t.Fatal(err)
		}
		behind := p.with(p.key)
		behind.app = guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			resp, err := tokens.Login(r, middleware.Login{Subject: "2"})
			if err != nil {
				guard.Refuse(w, r, err)
				return
			}
			resp.Write(w)
		}))
		edit := []func(*http.Request){authorize("DPoP", p.access), p.proof("POST", "/switch", p.access)}
		behind.keep(behind.want("POST", "/switch", 200, edit...))
		behind.want("POST", "/switch", 401, edit...) // again
		behind.app = app
		if id := identityOf(t, behind.asks("GET", "/me", 200)); id.Subject != "2" || !id.Binding.Proved {
			t.Errorf("identity %+v, want the other user, with the same key", id)
		}
	})
}

func TestMistakesAboutProofsNameTheirFields(t *testing.T) {
	s := storetest.Memory(t)
	var with tokentest.Config
	withDPoP(t, jwtauth.DPoPOffered, s)(&with)
	for want, c := range map[string]jwtauth.Config{
		"Config.DPoP is 7":               {DPoP: 7, Proofs: with.Proofs},
		"Config.DPoP is -1":              {DPoP: -1, Proofs: with.Proofs},
		"Config.Proofs is nil":           {DPoP: jwtauth.DPoPRequired},
		"Config.Proofs is set":           {Proofs: with.Proofs},
		"Config.UnboundPolicy: ":         {UnboundPolicy: sliding.Policy{}},
		"Config.UnboundPolicy is a nil ": {UnboundPolicy: (*sliding.Policy)(nil)},
	} {
		if _, err := jwtauth.New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want an error about %s", err, want)
		}
	}
}

func TestATokenForTokensInCookiesIsBoundToTheKeyOfItsPage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		tokens := tokentest.New(t, s, withDPoP(t, jwtauth.DPoPRequired, s), tokentest.WithRefresh)
		b := tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokens)))
		b.Keep(b.Status("POST", "/login", 200, tokentest.As("1"))) // cookies need no proof
		id := tokentest.IdentityOf(t, b.Status("GET", "/me", 200))
		q := newProver(t, tokentest.App(t, tokens))
		r := httptest.NewRequest("POST", "https://app.example/grant", nil)
		q.proof("POST", "/grant", "")(r)
		resp, err := tokens.Grant(r, id)
		if err != nil {
			t.Fatal(err)
		}
		q.access = resp.AccessToken
		if got := identityOf(t, q.asks("GET", "/me", 200)); got.SessionID != id.SessionID || !got.Binding.Proved {
			t.Errorf("identity %+v, want the session of the cookies, proved", got)
		}
		wantChallenge(t, "as Bearer", q.do("GET", "/me", authorize("Bearer", q.access)), `DPoP realm="inga", `+algs+`, Bearer realm="inga", error="invalid_token"`)
		q.asks("POST", "/prove", 403) // the cookies would no longer open the session
		b.Status("GET", "/me", 200)
	})
}
