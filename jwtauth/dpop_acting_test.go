package jwtauth_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/prooftest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

// The guard takes the proof of the request, and the login needs one too.
func TestAnActorWhoseTokenIsBoundGetsTokensThatAreBoundToTheSameKey(t *testing.T) {
	for _, mode := range []jwtauth.DPoP{jwtauth.DPoPOffered, jwtauth.DPoPRequired} {
		storetest.Each(t, func(t *testing.T, s storetest.Store) {
			tokens := tokentest.New(t, s, withDPoP(t, mode, s), tokentest.WithRefresh)
			guard, err := middleware.New(middleware.Config{Authenticator: tokens})
			if err != nil {
				t.Fatal(err)
			}
			mux := http.NewServeMux()
			mux.Handle("/", tokentest.App(t, tokens))
			mux.Handle("POST /act", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				id, _ := middleware.FromContext(r.Context())
				resp, err := tokens.Login(r, middleware.Login{Subject: "1", Actor: &id})
				if err != nil {
					guard.Refuse(w, r, err)
					return
				}
				resp.Write(w)
			})))
			p := newProver(t, mux)
			p.keep(p.want("POST", "/login", 200, p.proof("POST", "/login", ""), tokentest.As("2")))
			own := *p
			sent := p.made("POST", "/act", p.access)
			again := func(r *http.Request) { r.Header.Set("DPoP", sent) }
			p.keep(p.want("POST", "/act", 200, authorize("DPoP", p.access), again))
			id := identityOf(t, p.asks("GET", "/me", 200))
			if id.Subject != "1" || id.Actor != "2" || !id.Binding.Proved {
				t.Errorf("identity %+v, want one of 1, in which 2 acts, proved", id)
			}
			p.with(prooftest.New(t, "ES256")).asks("GET", "/me", 401)
			own.asks("GET", "/me", 200)
			own.want("POST", "/act", 401, authorize("DPoP", own.access), again) // the proof is used up
		})
	}
}

func TestAStolenRefreshTokenDoesNotLogOutABoundSession(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), tokentest.WithRefresh))
		p := boundClient(t, app)
		thief := p.with(prooftest.New(t, "ES256"))
		thief.want("POST", "/logout", 401, authorize("Bearer", p.refresh))
		thief.want("POST", "/logout", 401, authorize("DPoP", p.refresh))
		thief.want("POST", "/logout", 401, authorize("DPoP", p.refresh), thief.proof("POST", "/logout", p.refresh))
		p.asks("GET", "/me", 200)
		p.want("POST", "/logout", 200, authorize("DPoP", p.refresh), p.proof("POST", "/logout", p.refresh))
		p.asks("GET", "/me", 401)

		plain := tokentest.NewDevice(t, app, "1")
		old := plain.Token
		q := newProver(t, app)
		q.keep(q.want("POST", "/prove", 200, authorize("Bearer", old), q.proof("POST", "/prove", old)))
		thief.want("POST", "/logout", 401, authorize("Bearer", old)) // it opens nothing since the session is bound
		q.asks("GET", "/me", 200)
	})
}

func TestAnOutageDuringALogoutEndsNothing(t *testing.T) {
	s := storetest.Memory(t)
	failing := &storetest.Failing{Store: s}
	p := boundClient(t, tokentest.App(t, tokentest.New(t, failing, withDPoP(t, jwtauth.DPoPOffered, s), tokentest.WithRefresh)))
	failing.NoFind = true
	p.want("POST", "/logout", 503, authorize("DPoP", p.refresh), p.proof("POST", "/logout", p.refresh))
	failing.NoFind = false
	p.asks("GET", "/me", 200)
}

func TestIntrospectionSaysInactiveWhereTheGuardRefuses(t *testing.T) {
	s := storetest.Memory(t)
	offered := tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s), tokentest.WithRefresh))
	bound, plain := boundClient(t, offered), tokentest.NewDevice(t, offered, "2")
	off := tokentest.App(t, tokentest.New(t, s, tokentest.WithRefresh))
	required := tokentest.App(t, tokentest.New(t, s, withDPoP(t, jwtauth.DPoPRequired, s), tokentest.WithRefresh))
	const inactive = "{\"active\":false}\n"
	service := tokentest.NewDevice(t, off, "2")
	for _, token := range []string{bound.access, bound.refresh} {
		if w := service.Status("POST", "/introspect", 200, tokentest.WithForm("token", token)); w.Body.String() != inactive {
			t.Errorf("a bound token, where none are bound any more: %s, want %s", w.Body, inactive)
		}
	}
	p := newProver(t, required)
	p.keep(p.want("POST", "/login", 200, p.proof("POST", "/login", ""), tokentest.As("2")))
	inspected := func(token string) *httptest.ResponseRecorder {
		return p.want("POST", "/introspect", 200, authorize("DPoP", p.access), p.proof("POST", "/introspect", p.access), tokentest.WithForm("token", token))
	}
	for _, token := range []string{plain.Token, plain.Refresh} {
		w := inspected(token)
		if w.Body.String() != inactive {
			t.Errorf("a token that is not bound, where all must be: %s, want %s", w.Body, inactive)
		}
	}
	if w := inspected(p.access); w.Body.String() == inactive {
		t.Error("a bound token, where all must be: inactive")
	}
}

// In the minutes in which a copy of the cookies is good, a thief can get a token too.
func TestATokenThatACookieOfABoundSessionGotIsNotRenewed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		p := newPageWith(t, s, tokentest.Busy)
		tokens := tokentest.New(t, s, withDPoP(t, jwtauth.DPoPOffered, s))
		q := newProver(t, tokentest.App(t, tokens))
		id := p.identity(t)
		grant := func(edit ...func(*http.Request)) string {
			r := httptest.NewRequest("POST", "https://app.example/grant", nil)
			for _, e := range edit {
				e(r)
			}
			resp, err := tokens.Grant(r, id)
			if err != nil {
				t.Fatal(err)
			}
			return resp.AccessToken
		}
		renewed := func(edit ...func(*http.Request)) bool {
			tokentest.Tick()
			return q.want("GET", "/me", 200, edit...).Header().Get("Access-Token") != ""
		}
		before, keyed := grant(), grant(q.proof("POST", "/grant", ""))
		if !renewed(authorize("Bearer", before)) || !renewed(authorize("DPoP", keyed), q.proof("GET", "/me", keyed)) {
			t.Fatal("the token of a session that is not bound is not renewed")
		}
		key := prooftest.New(t, "ES256")
		binding := q.with(key).binding(id.AuthTime)
		if ok, err := s.Bind(t.Context(), id.AuthTime, id.SessionID, binding); !ok || err != nil {
			t.Fatal(ok, err)
		}
		id.Binding = middleware.Binding{Thumbprint: binding.Thumbprint, BoundAt: binding.BoundAt, Proved: true}
		after, own := grant(), grant(q.proof("POST", "/grant", ""))
		for what, edit := range map[string][]func(*http.Request){
			"a token from before it was bound": {authorize("Bearer", before)},
			"a token":                          {authorize("Bearer", after)},
			"a token that is bound to a key of the thief's own": {authorize("DPoP", own), q.proof("GET", "/me", own)},
		} {
			tokentest.Tick()
			began := time.Now()
			if renewed(edit...) {
				t.Errorf("%s is renewed, and so good for as long as the session", what)
			}
			row, _, err := s.Find(t.Context(), time.Now(), id.SessionID, backends.SecretHash{})
			if err != nil || row.LastSeenAt.Before(began.Truncate(time.Microsecond)) {
				t.Errorf("%s: last seen at %v, %v; want that the request is activity", what, row.LastSeenAt, err)
			}
		}
	})
}
