package jwtauth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/prooftest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/dpop"
)

// BenchmarkProof is a guarded request of a cached session: with a token that is not bound, where proofs are
// off and where they are offered, and with a proof of each algorithm, which is remembered in memory or in
// Postgres. Each request has a proof of its own, whose making is not counted.
func BenchmarkProof(b *testing.B) {
	store := storetest.Cached(b, storetest.Memory(b))
	postgres := storetest.Postgres(b, pgtest.Pool(b), pgtest.Schema(b))
	inMemory := func(c *dpop.Config) { c.Claims, c.InMemory = nil, true }

	b.Run("no proof, off", func(b *testing.B) {
		tokens := tokentest.New(b, store)
		serve(b, guardedBy(b, tokens), loggedIn(b, tokens))
	})
	b.Run("no proof, offered", func(b *testing.B) {
		tokens := tokentest.New(b, store, withDPoP(b, jwtauth.DPoPOffered, store, inMemory))
		serve(b, guardedBy(b, tokens), loggedIn(b, tokens))
	})
	for _, alg := range []string{"ES256", "EdDSA", "RS256"} {
		b.Run(fmt.Sprintf("%s, in memory", alg), func(b *testing.B) {
			prove(b, tokentest.New(b, store, withDPoP(b, jwtauth.DPoPOffered, store, inMemory)), alg)
		})
	}
	b.Run("ES256, in memory, with nonces", func(b *testing.B) {
		prove(b, tokentest.New(b, store, withDPoP(b, jwtauth.DPoPOffered, store, inMemory, withNonces)), "ES256")
	})
	b.Run("ES256, in Postgres", func(b *testing.B) {
		prove(b, tokentest.New(b, store, withDPoP(b, jwtauth.DPoPOffered, postgres)), "ES256")
	})
}

// prove measures requests with a proof each.
func prove(b *testing.B, tokens *jwtauth.Tokens, alg string) {
	p := newProver(b, tokentest.App(b, tokens))
	p.key = prooftest.New(b, alg)
	login := func() *httptest.ResponseRecorder {
		return p.do("POST", "/login", p.proof("POST", "/login", ""), tokentest.As("1"))
	}
	w := login()
	if w.Code == http.StatusUnauthorized { // for want of a nonce
		w = login()
	}
	p.keep(w)
	h := guardedBy(b, tokens)
	r := httptest.NewRequest("GET", "https://app.example/orders", nil)
	authorize("DPoP", p.access)(r)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		p.proof("GET", "/orders", p.access)(r)
		w := httptest.NewRecorder()
		b.StartTimer()
		if h.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatalf("status %d", w.Code)
		}
	}
}
