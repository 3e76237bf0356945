package foreign_test

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth/foreign"
)

// BenchmarkForeignToken is a request with a token of another issuer, whose keys are known.
// Beside it, golang-jwt verifies the same token with a key that it was given, with the checks
// that it has, and nothing else.
func BenchmarkForeignToken(b *testing.B) {
	p := newIDP(b, foreignRSA(), foreignEC(), foreignEd())
	issuers := p.issuers(b)
	both, err := foreign.ByIssuer(tokentest.New(b, storetest.Memory(b)), issuers)
	if err != nil {
		b.Fatal(err)
	}
	for _, k := range []*foreignKey{foreignRSA(), foreignEC(), foreignEd()} {
		token := p.token(k)
		r := tokentest.Presented(token)
		b.Run(k.alg+"/inga", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := issuers.Authenticate(r); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(k.alg+"/golang-jwt", func(b *testing.B) {
			parser := jwt.NewParser(jwt.WithValidMethods([]string{k.alg}), jwt.WithIssuer(p.issuer), jwt.WithAudience(tokentest.Audience),
				jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(30*time.Second), jwt.WithStrictDecoding())
			public := k.private.Public()
			key := func(*jwt.Token) (any, error) { return public, nil }
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parser.ParseWithClaims(token, &jwt.RegisteredClaims{}, key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("own, beside issuers", func(b *testing.B) {
		tokens := tokentest.New(b, storetest.Memory(b))
		response, err := tokentest.Login(b, tokens, "2")
		if err != nil {
			b.Fatal(err)
		}
		if both, err = foreign.ByIssuer(tokens, issuers); err != nil {
			b.Fatal(err)
		}
		r := tokentest.Presented(response.AccessToken)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := both.Authenticate(r); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkJunkKid is the cost of tokens with unknown kids.
func BenchmarkJunkKid(b *testing.B) {
	p := newIDP(b, foreignEC())
	issuers := p.issuers(b)
	if _, err := issuers.Authenticate(tokentest.Presented(p.token(foreignEC()))); err != nil {
		b.Fatal(err)
	}
	requests := make([]string, 8192)
	for i := range requests {
		requests[i] = p.junk(i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := issuers.Authenticate(tokentest.Presented(requests[i%len(requests)])); err == nil {
			b.Fatal("passes")
		}
	}
	if got := p.fetched(); got > 3 {
		b.Errorf("%d fetches", got)
	}
}
