package jwtauth_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// algorithms has what golang-jwt takes of the keys of the tests.
var algorithms = []struct {
	method          jwt.SigningMethod
	private, public func() any
}{
	{jwt.SigningMethodHS256, func() any { return secret }, func() any { return secret }},
	{jwt.SigningMethodES256, func() any { return ecKey() }, func() any { return &ecKey().PublicKey }},
	{jwt.SigningMethodEdDSA, func() any { return edKey() }, func() any { return edKey().Public() }},
	{jwt.SigningMethodRS256, func() any { return rsaKey() }, func() any { return &rsaKey().PublicKey }},
}

// typed are our claims, as one writes them for golang-jwt.
type typed struct {
	jwt.RegisteredClaims
	SessionID string `json:"sid"`
	AuthTime  int64  `json:"auth_time"`
	ClientID  string `json:"client_id"`
}

var nothing = http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})

// BenchmarkGuardedRequest is a whole request with a token: guard, verification, the session
// and its user on the memory backend. Beside it, golang-jwt verifies the same token, with
// the checks that it has, and nothing else.
func BenchmarkGuardedRequest(b *testing.B) {
	m := storetest.Memory(b)
	fill(b, m, 1000)
	for _, a := range algorithms {
		tokens := newTokens(b, m, withKeys(keys(b)[a.method.Alg()]))
		response, err := login(b, tokens, "2")
		if err != nil {
			b.Fatal(err)
		}
		guard, err := middleware.New(middleware.Config{Authenticator: tokens})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(a.method.Alg()+"/inga", func(b *testing.B) { serve(b, guard.Handler(nothing), response.AccessToken) })
		if a.method == jwt.SigningMethodHS256 {
			h := middleware.Chain(guard.Handler, sliding.Handler)(nothing)
			b.Run(a.method.Alg()+"/inga+sliding", func(b *testing.B) { serve(b, h, response.AccessToken) })
		}
		b.Run(a.method.Alg()+"/golang-jwt", func(b *testing.B) {
			parser := jwt.NewParser(jwt.WithValidMethods([]string{a.method.Alg()}), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
				jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(30*time.Second), jwt.WithStrictDecoding())
			public := a.public()
			key := func(*jwt.Token) (any, error) { return public, nil }
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parser.ParseWithClaims(response.AccessToken, &typed{}, key); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkStoredSessions shows that a request costs the same however many sessions there
// are.
func BenchmarkStoredSessions(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		m := storetest.Memory(b)
		fill(b, m, n)
		tokens := newTokens(b, m)
		response, err := login(b, tokens, "2")
		if err != nil {
			b.Fatal(err)
		}
		guard, err := middleware.New(middleware.Config{Authenticator: tokens})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) { serve(b, guard.Handler(nothing), response.AccessToken) })
	}
}

func serve(b *testing.B, h http.Handler, token string) {
	r := presented(token)
	w := httptest.NewRecorder()
	b.ReportAllocs()
	for b.Loop() {
		clear(w.Header())
		h.ServeHTTP(w, r)
	}
	if w.Code != 200 {
		b.Fatalf("status %d", w.Code)
	}
}

func fill(b testing.TB, s backends.Store, n int) {
	now := time.Now()
	for range n {
		_, err := s.Create(context.Background(), now, backends.Session{
			ID: backends.NewID(), UserID: "1", Kind: backends.KindToken, CreatedAt: now, AuthenticatedAt: now, LastSeenAt: now,
			IdleTimeout: time.Hour, RenewalInterval: time.Minute, IdleDeadline: now.Add(time.Hour), AbsoluteDeadline: now.Add(time.Hour),
		}, backends.SecretHash{}, backends.Admission{})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// always extends, so that a renewal is an issue and nothing else.
type always struct{ backends.Store }

func (always) Extend(context.Context, time.Time, string, time.Time) (bool, error) { return true, nil }

// BenchmarkIssue is a renewal without its store, beside golang-jwt issuing the same token.
func BenchmarkIssue(b *testing.B) {
	m := storetest.Memory(b)
	for _, a := range algorithms {
		tokens := newTokens(b, always{m}, withKeys(keys(b)[a.method.Alg()]))
		now := time.Now()
		id := middleware.Identity{Subject: "1", SessionID: backends.NewID(), AuthTime: now}
		id.Session.AbsoluteDeadline = now.Add(time.Hour)
		r := httptest.NewRequest("GET", "/", nil)
		b.Run(a.method.Alg()+"/inga", func(b *testing.B) {
			h := http.Header{}
			b.ReportAllocs()
			for b.Loop() {
				if _, ok, err := tokens.Renew(h, r, id, now.Add(time.Hour)); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
		b.Run(a.method.Alg()+"/golang-jwt", func(b *testing.B) {
			private := a.private()
			b.ReportAllocs()
			for b.Loop() {
				token := jwt.NewWithClaims(a.method, typed{
					RegisteredClaims: jwt.RegisteredClaims{
						Issuer: issuer, Subject: "1", Audience: jwt.ClaimStrings{audience}, ID: backends.NewID(),
						ExpiresAt: jwt.NewNumericDate(now.Add(5 * time.Minute)), IssuedAt: jwt.NewNumericDate(now),
					},
					SessionID: id.SessionID, AuthTime: now.Unix(), ClientID: audience,
				})
				token.Header["typ"], token.Header["kid"] = "at+jwt", "k1"
				if _, err := token.SignedString(private); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkLogin(b *testing.B) {
	tokens := newTokens(b, storetest.Memory(b))
	r := httptest.NewRequest("POST", "/", nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tokens.Login(r, middleware.Login{Subject: "1"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRefusal is what somebody costs who sends junk.
func BenchmarkRefusal(b *testing.B) {
	tokens := newTokens(b, storetest.Memory(b))
	signed := sign(goodHeader, fixedClaims)
	for name, token := range map[string]string{
		"no token":        "x",
		"wrong signature": signed[:len(signed)-2] + "AA",
		"longest header":  b64(`{`+members(80)+`"a":1}`) + "." + b64(fixedClaims) + "." + b64("x"),
		"8 KiB of claims": b64(goodHeader) + "." + b64(fmt.Sprintf("%6000s", "x")) + "." + b64(fmt.Sprintf("%32s", "x")),
	} {
		r := presented(token)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := tokens.Authenticate(r); err == nil {
					b.Fatal("passes")
				}
			}
		})
	}
}

func TestARequestWithATokenAllocatesNoMoreThanItDid(t *testing.T) {
	tokens := newTokens(t, storetest.Memory(t))
	response, err := login(t, tokens, "2")
	if err != nil {
		t.Fatal(err)
	}
	guard, err := middleware.New(middleware.Config{Authenticator: tokens})
	if err != nil {
		t.Fatal(err)
	}
	h := guard.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r, w := presented(response.AccessToken), httptest.NewRecorder()
	n := testing.AllocsPerRun(100, func() {
		clear(w.Header())
		h.ServeHTTP(w, r)
	})
	if most := 25.0; n > most || w.Code != http.StatusOK {
		t.Errorf("%v allocations and status %d, want at most %v and 200", n, w.Code, most)
	}
}
