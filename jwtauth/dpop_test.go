package jwtauth_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/prooftest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

const (
	noProof    = `DPoP realm="inga", error="invalid_dpop_proof", ` + algs
	needsNonce = `DPoP realm="inga", error="use_dpop_nonce", ` + algs
	asBearer   = `Bearer realm="inga", error="invalid_token", DPoP realm="inga", ` + algs
)

func TestABoundTokenOpensNothingWithoutAProofOfItsKey(t *testing.T) {
	// DP-1, DP-2, DP-3.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var journal tokentest.Journal
		app := tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), tokentest.WithRefresh, func(c *tokentest.Config) { c.Events = journal.Hook }))
		p := boundClient(t, app)
		id := identityOf(t, p.asks("GET", "/me", 200))
		if id.Method != "bearer" || !id.Binding.Proved || len(id.Binding.Thumbprint) != 43 || id.Binding.BoundAt.IsZero() {
			t.Errorf("identity %+v, want one with a binding that was proved", id)
		}
		stored, _, err := s.Find(t.Context(), time.Now(), id.SessionID, backends.SecretHash{})
		if err != nil || stored.Binding.Thumbprint != id.Binding.Thumbprint || stored.Binding.Algorithm != "ES256" || stored.Binding.Key == "" ||
			!stored.Binding.BoundAt.Equal(stored.AuthenticatedAt) || !stored.Binding.ProvedAt.Equal(stored.AuthenticatedAt) {
			t.Errorf("row %+v, %v", stored.Binding, err)
		}

		thief := p.with(prooftest.New(t, "ES256"))
		token := authorize("DPoP", p.access)
		sent := p.made("GET", "/me", p.access)
		again := func(r *http.Request) { r.Header.Set("DPoP", sent) }
		p.want("GET", "/me", 200, token, again)
		for what, edit := range map[string][]func(*http.Request){
			"no proof":             {token},
			"the proof once more":  {token, again},
			"a proof of another":   {token, thief.proof("GET", "/me", p.access)},
			"for another method":   {token, p.proof("POST", "/me", p.access)},
			"for another page":     {token, p.proof("GET", "/admin", p.access)},
			"for another token":    {token, p.proof("GET", "/me", p.access+"x")},
			"for no token":         {token, p.proof("GET", "/me", "")},
			"of yesterday":         {token, p.proof("GET", "/me", p.access, "iat", time.Now().Add(-24*time.Hour).Unix())},
			"two proofs":           {token, p.proof("GET", "/me", p.access), func(r *http.Request) { r.Header.Add("DPoP", p.made("GET", "/me", p.access)) }},
			"a scheme in capitals": {authorize("DPOP", p.access)},
		} {
			wantChallenge(t, what, thief.do("GET", "/me", edit...), noProof)
		}
		wantChallenge(t, "as Bearer", thief.do("GET", "/me", authorize("Bearer", p.access)), asBearer)
		wantChallenge(t, "as Bearer, with a proof", thief.do("GET", "/me", authorize("Bearer", p.access), p.proof("GET", "/me", p.access)), asBearer)

		p.asks("GET", "/me", 200) // it lives
		if n := journal.Count(middleware.EventUnproved); n != 12 {
			t.Errorf("%d events of missing proofs, want 12", n)
		}
		if n := journal.Count(middleware.EventBound); n != 1 {
			t.Errorf("%d events of bindings, want 1", n)
		}
		if n := journal.Count(middleware.EventRevoked) + journal.Count(middleware.EventLogout); n != 0 {
			t.Errorf("%d sessions ended, want none", n)
		}
	})
}

func TestARefreshTokenWithAnotherKeyIsRefusedAndRevokesNothing(t *testing.T) {
	// DP-4.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var journal tokentest.Journal
		app := tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), tokentest.Eager, func(c *tokentest.Config) { c.Events = journal.Hook }))
		p := boundClient(t, app)
		first := p.refresh
		for range 3 {
			tokentest.Tick()
			p.keep(p.presents(p.refresh))
		}
		if p.refresh == first {
			t.Fatal("the refresh token was not replaced")
		}
		thief := p.with(prooftest.New(t, "ES256"))
		for range 3 {
			for _, stolen := range []string{first, p.refresh} { // the first one would be theft
				for what, edit := range map[string]func(*http.Request){
					"another key": func(*http.Request) {}, "no proof": without, "for another page": thief.proof("POST", "/me", ""),
				} {
					w := thief.presents(stolen, edit)
					if want := `{"error":"invalid_dpop_proof","error_description":"the DPoP proof is missing or not good"}` + "\n"; w.Code != 400 || w.Body.String() != want {
						t.Errorf("%s: status %d, %s; want 400 and %s", what, w.Code, w.Body, want)
					}
				}
			}
			tokentest.Tick()
		}
		p.asks("GET", "/me", 200)
		before := p.refresh
		p.keep(p.presents(p.refresh))
		if p.refresh == before {
			t.Error("the refresh token of the owner was not replaced")
		}
		p.asks("GET", "/me", 200)
		if n := journal.Count(middleware.EventTheft); n != 0 {
			t.Errorf("%d thefts, want none", n)
		}
		// With the key it is what it is without one.
		if w := p.presents(first); w.Code != 400 || w.Body.String() != tokentest.InvalidGrant || journal.Count(middleware.EventTheft) != 1 {
			t.Errorf("by the owner's key: status %d, %s, %d thefts; want 400 and a theft", w.Code, w.Body, journal.Count(middleware.EventTheft))
		}
	})
}

func TestAHundredParallelRefreshesWithAProofEachGetTheSameSuccessor(t *testing.T) {
	// DP-4.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var journal tokentest.Journal
		app := tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), tokentest.WithRefresh, journal.Use))
		p := newProver(t, app)
		refresh := p.stored(s, 10*time.Minute) // older than the overlap, and so due
		answers := make([]*httptest.ResponseRecorder, 100)
		var all sync.WaitGroup
		for i := range answers {
			q := p.with(p.key)
			edit := q.proof("POST", "/token", "")
			all.Go(func() { answers[i] = q.presents(refresh, edit) })
		}
		all.Wait()
		for _, w := range answers {
			former := p.refresh
			if p.keep(w); former != "" && p.refresh != former || p.refresh == refresh {
				t.Fatal("another successor")
			}
		}
		if n := journal.Count(middleware.EventRefreshed); n != 1 {
			t.Errorf("%d rotations, want 1", n)
		}
		p.asks("GET", "/me", 200)
	})
}

func TestAThiefCannotLogOutASession(t *testing.T) {
	// DP-1.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s)))
		p := boundClient(t, app)
		thief := p.with(prooftest.New(t, "ES256"))
		thief.want("POST", "/logout", 401, authorize("Bearer", p.access))
		thief.want("POST", "/logout", 401, authorize("DPoP", p.access))
		thief.asks("POST", "/logout", 401)
		thief.asks("POST", "/private/logout", 401)
		thief.asks("POST", "/prove", 401)
		p.asks("GET", "/me", 200)
		p.asks("POST", "/private/logout", 200) // one proof for the guard and the handler
		p.asks("GET", "/me", 401)

		p = boundClient(t, app)
		p.asks("POST", "/logout", 200)
		p.asks("GET", "/me", 401)
		p.asks("POST", "/logout", 200) // again
	})
}

func TestReauthenticationKeepsTheKeyAndBindsASessionThatWasNot(t *testing.T) {
	// DP-11.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), tokentest.WithRefresh))
		p := boundClient(t, app)
		former := identityOf(t, p.asks("GET", "/me", 200))
		old := *p
		p.keep(p.asks("POST", "/prove", 200))
		id := identityOf(t, p.asks("GET", "/otp", 200))
		if id.Binding != former.Binding || id.SessionID != former.SessionID {
			t.Errorf("binding %+v, want that of before, %+v", id.Binding, former.Binding)
		}
		old.asks("GET", "/me", 401)
		if w := old.presents(old.refresh); w.Code != 400 {
			t.Errorf("the former refresh token: status %d, want 400", w.Code)
		}

		plain := tokentest.NewDevice(t, app, "1")
		before := tokentest.IdentityOf(t, plain.Status("GET", "/me", 200))
		q := newProver(t, app)
		q.keep(q.want("POST", "/prove", 200, authorize("Bearer", plain.Token), q.proof("POST", "/prove", plain.Token)))
		if id := identityOf(t, q.asks("GET", "/me", 200)); id.SessionID != before.SessionID || !id.Binding.Proved {
			t.Errorf("identity %+v, want the same session, bound", id)
		}
		plain.WantAccess(plain.Token, 401)
	})
}

func TestWithoutAProofALoginIsAsItWas(t *testing.T) {
	// DP-5.
	s := storetest.Memory(t)
	app := tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), tokentest.WithRefresh))
	d := tokentest.NewDevice(t, app, "1")
	w := d.Status("GET", "/me", 200)
	if id := tokentest.IdentityOf(t, w); id.Binding != (middleware.Binding{}) || w.Header().Get("DPoP-Nonce") != "" {
		t.Errorf("binding %+v, want none", id.Binding)
	}
	d.Next()
	d.WantAccess(d.Token, 200)
	wantChallenge(t, "sent as bound", d.Do("GET", "/me", authorize("DPoP", d.Token)), `DPoP realm="inga", error="invalid_token", `+algs)
	wantChallenge(t, "nothing", tokentest.NewClient(t, app).Do("GET", "/me"), `Bearer realm="inga", DPoP realm="inga", `+algs)
}

func TestWhereItIsRequiredNothingPassesWithoutAKey(t *testing.T) {
	// DP-5.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		unbound := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.WithRefresh)), "1")
		app := tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPRequired, s), tokentest.WithRefresh))
		c := tokentest.NewClient(t, app)
		nothing := `DPoP realm="inga", ` + algs + `, Bearer realm="inga"`
		wantChallenge(t, "nothing", c.Do("GET", "/me"), nothing)
		wantChallenge(t, "a login", c.Do("POST", "/login", tokentest.As("1")), noProof)
		wantChallenge(t, "a token of before", c.Do("GET", "/me", authorize("Bearer", unbound.Token)), `DPoP realm="inga", `+algs+`, Bearer realm="inga", error="invalid_token"`)
		form := tokentest.WithForm("grant_type", "refresh_token", "refresh_token", unbound.Refresh)
		if w := c.Do("POST", "/token", form); w.Code != 400 || w.Body.String() != tokentest.InvalidGrant {
			t.Errorf("a refresh token of before: status %d, %s; want 400 and invalid_grant", w.Code, w.Body)
		}
		unbound.WantAccess(unbound.Token, 200) // it lives
		p := boundClient(t, app)
		p.asks("GET", "/me", 200)
	})
}

func TestWhereProofsAreNoLongerCheckedBoundTokensAreRefused(t *testing.T) {
	// DP-5.
	s := storetest.Memory(t)
	p := boundClient(t, tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), tokentest.WithRefresh)))
	off := tokentest.App(t, tokentest.New(t, s, tokentest.WithRefresh))
	c := tokentest.NewClient(t, off)
	wantChallenge(t, "as Bearer", c.Do("GET", "/me", authorize("Bearer", p.access)), `Bearer realm="inga", error="invalid_token"`)
	wantChallenge(t, "as DPoP", c.Do("GET", "/me", authorize("DPoP", p.access)), `Bearer realm="inga"`)
	if w := c.Do("POST", "/token", tokentest.WithForm("grant_type", "refresh_token", "refresh_token", p.refresh)); w.Code != 400 || w.Body.String() != tokentest.InvalidGrant {
		t.Errorf("status %d, %s; want 400 and invalid_grant", w.Code, w.Body)
	}
	c.Status("POST", "/logout", 401, authorize("Bearer", p.access))
	p.asks("GET", "/me", 200)
}

func TestWithNoncesEachAnswerOffersTheNextOne(t *testing.T) {
	// DP-6.
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Memory(t)
		app := tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s, withNonces), tokentest.WithRefresh))
		p := newProver(t, app)
		login := func() []func(*http.Request) {
			return []func(*http.Request){p.proof("POST", "/login", ""), tokentest.As("1")}
		}
		w := p.want("POST", "/login", 401, login()...)
		if p.nonce == "" {
			t.Fatalf("no nonce: %v", w.Header())
		}
		p.keep(p.want("POST", "/login", 200, login()...))
		p.nonce = ""
		wantChallenge(t, "no nonce", p.do("GET", "/me", authorize("DPoP", p.access), p.proof("GET", "/me", p.access)), needsNonce)
		first := p.nonce
		p.asks("GET", "/me", 200)
		if p.nonce != first {
			t.Error("two nonces in one window")
		}
		time.Sleep(time.Minute)
		p.asks("GET", "/me", 200) // with the former one
		if p.nonce == first {
			t.Error("the answer did not offer the next nonce")
		}
		if w := p.asks("GET", "/admin", 403); w.Header().Get("DPoP-Nonce") != p.nonce {
			t.Errorf("a page that the user may not see offers the nonce %q, want %q", w.Header().Get("DPoP-Nonce"), p.nonce)
		}
		p.nonce = ""
		w = p.presents(p.refresh)
		if want := `{"error":"use_dpop_nonce","error_description":"repeat the request with the nonce in DPoP-Nonce"}` + "\n"; w.Code != 400 || w.Body.String() != want || p.nonce == "" {
			t.Errorf("status %d, %s, nonce %q; want 400, %s and a nonce", w.Code, w.Body, p.nonce, want)
		}
		former := p.nonce
		p.nonce = former
		if w := p.presents(p.refresh); w.Code != 200 || w.Header().Get("DPoP-Nonce") != former {
			t.Errorf("status %d, nonce %q; want 200 and %q", w.Code, w.Header().Get("DPoP-Nonce"), former)
		}
	})
}

func TestAClientThatLearnsANonceIsNoEvent(t *testing.T) {
	s := storetest.Memory(t)
	var journal tokentest.Journal
	app := tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s, withNonces), func(c *tokentest.Config) { c.Events = journal.Hook }))
	p := newProver(t, app)
	p.want("POST", "/login", 401, p.proof("POST", "/login", ""), tokentest.As("1"))
	if n := journal.Count(middleware.EventUnproved); n != 0 {
		t.Errorf("%d events, want none", n)
	}
	p.want("POST", "/login", 401, p.proof("GET", "/login", ""), tokentest.As("1"))
	if n := journal.Count(middleware.EventUnproved); n != 1 {
		t.Errorf("%d events of a proof for another method, want 1", n)
	}
}

func TestARenewedTokenIsBoundToTheSameKey(t *testing.T) {
	// DP-11.
	s := storetest.Memory(t)
	app := tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), func(c *tokentest.Config) { c.Policy = tokentest.Busy }))
	p := boundClient(t, app)
	tokentest.Tick()
	renewed := p.asks("GET", "/me", 200).Header().Get("Access-Token")
	if renewed == "" || renewed == p.access {
		t.Fatalf("renewed token %q, want another one", renewed)
	}
	wantChallenge(t, "the renewed token", p.do("GET", "/me", authorize("Bearer", renewed)), asBearer)
	p.access = renewed
	p.asks("GET", "/me", 200)
}

func TestIntrospectionSaysToWhichKeyATokenIsBound(t *testing.T) {
	// DP-11.
	s := storetest.Memory(t)
	app := tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), tokentest.WithRefresh))
	p := boundClient(t, app)
	key := identityOf(t, p.asks("GET", "/me", 200)).Binding.Thumbprint
	service := tokentest.NewDevice(t, app, "2")
	for token, typ := range map[string]string{p.access: "DPoP", p.refresh: "refresh_token", service.Token: "Bearer"} {
		var got struct {
			Active    bool
			TokenType string `json:"token_type"`
			Cnf       *struct{ Jkt string }
		}
		w := service.Status("POST", "/introspect", 200, tokentest.WithForm("token", token))
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || !got.Active || got.TokenType != typ {
			t.Errorf("%s, want an active %s", w.Body, typ)
		}
		if bound := typ != "Bearer"; bound != (got.Cnf != nil) || bound && got.Cnf.Jkt != key {
			t.Errorf("%s: cnf %+v, want the key only of a bound one", typ, got.Cnf)
		}
	}
}

func TestProofsAreClaimedAcrossProcesses(t *testing.T) {
	// DP-3.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		process := func() http.Handler {
			return tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), tokentest.WithRefresh))
		}
		here, there := process(), process()
		p := boundClient(t, here)
		for _, request := range []struct {
			path string
			edit []func(*http.Request)
		}{
			{"/me", []func(*http.Request){authorize("DPoP", p.access), p.proof("POST", "/me", p.access)}},
			{"/token", []func(*http.Request){tokentest.WithForm("grant_type", "refresh_token", "refresh_token", p.refresh), p.proof("POST", "/token", "")}},
			{"/login", []func(*http.Request){tokentest.As("1"), p.proof("POST", "/login", "")}},
		} {
			p.app = here
			p.want("POST", request.path, 200, request.edit...)
			p.app = there
			if w := p.do("POST", request.path, request.edit...); w.Code != 401 && w.Code != 400 {
				t.Errorf("%s: the proof passes in another process: status %d", request.path, w.Code)
			}
		}
		p.asks("GET", "/me", 200)
	})
}

func TestAUserIsNotRefusedWhileTheStoreIsDown(t *testing.T) {
	s := tokentest.NewSpy(storetest.Memory(t))
	claims := &failingClaims{Claims: s.Store.(backends.Claims)}
	app := tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, claims), tokentest.WithRefresh))
	p := boundClient(t, app)
	claims.down = true
	p.asks("GET", "/me", 503)
	if w := p.presents(p.refresh); w.Code != 503 {
		t.Errorf("refresh: status %d, want 503", w.Code)
	}
	claims.down = false
	p.asks("GET", "/me", 200)
	if w := p.presents(p.refresh); w.Code != 200 {
		t.Errorf("refresh: status %d, want 200", w.Code)
	}
	if got := s.Take(); !slices.Contains(got, "Create") {
		t.Errorf("asked %q", got)
	}
}
