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
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// algorithms has what golang-jwt takes of the keys of the tests.
var algorithms = []struct {
	method          jwt.SigningMethod
	private, public func() any
}{
	{jwt.SigningMethodHS256, func() any { return tokentest.Secret }, func() any { return tokentest.Secret }},
	{jwt.SigningMethodES256, func() any { return tokentest.ECKey() }, func() any { return &tokentest.ECKey().PublicKey }},
	{jwt.SigningMethodEdDSA, func() any { return tokentest.EdKey() }, func() any { return tokentest.EdKey().Public() }},
	{jwt.SigningMethodRS256, func() any { return tokentest.RSAKey() }, func() any { return &tokentest.RSAKey().PublicKey }},
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
		tokens := tokentest.New(b, m, tokentest.WithKeys(tokentest.Keys(b)[a.method.Alg()]))
		response, err := tokentest.Login(b, tokens, "2")
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
			parse := byHand(a.method, a.public(), response.AccessToken)
			b.ReportAllocs()
			for b.Loop() {
				if err := parse(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// byHand returns a function that has golang-jwt verify the token, with all checks that it has.
func byHand(method jwt.SigningMethod, public any, token string) func() error {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{method.Alg()}), jwt.WithIssuer(tokentest.Issuer), jwt.WithAudience(tokentest.Audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(30*time.Second), jwt.WithStrictDecoding())
	key := func(*jwt.Token) (any, error) { return public, nil }
	return func() error {
		_, err := parser.ParseWithClaims(token, &typed{}, key)
		return err
	}
}

// BenchmarkStoredSessions shows that a request costs the same however many sessions there
// are.
func BenchmarkStoredSessions(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		m := storetest.Memory(b)
		fill(b, m, n)
		tokens := tokentest.New(b, m)
		response, err := tokentest.Login(b, tokens, "2")
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
	r := tokentest.Presented(token)
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
			ID: backends.NewID("1"), UserID: "1", Kind: backends.KindToken, CreatedAt: now, AuthenticatedAt: now, LastSeenAt: now,
			IdleTimeout: time.Hour, RenewalInterval: time.Minute, IdleDeadline: now.Add(time.Hour), AbsoluteDeadline: now.Add(time.Hour),
		}, backends.SecretHash{}, backends.CreateOptions{})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// always extends, so that a renewal is an issue and nothing else.
type always struct{ backends.Store }

func (always) Extend(_ context.Context, now time.Time, _ string) (time.Time, bool, error) {
	return now.Add(time.Hour), true, nil
}

// BenchmarkIssue is a renewal without its store, beside golang-jwt issuing the same token.
func BenchmarkIssue(b *testing.B) {
	m := storetest.Memory(b)
	for _, a := range algorithms {
		tokens := tokentest.New(b, always{m}, tokentest.WithKeys(tokentest.Keys(b)[a.method.Alg()]))
		now := time.Now()
		id := middleware.Identity{Subject: "1", SessionID: backends.NewID("1"), AuthTime: now}
		id.Session.AbsoluteDeadline = now.Add(time.Hour)
		r := httptest.NewRequest("GET", "/", nil)
		b.Run(a.method.Alg()+"/inga", func(b *testing.B) {
			h := http.Header{}
			b.ReportAllocs()
			for b.Loop() {
				if _, ok, err := tokens.Renew(h, r, id); !ok || err != nil {
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
						Issuer: tokentest.Issuer, Subject: "1", Audience: jwt.ClaimStrings{tokentest.Audience}, ID: backends.NewID("1"),
						ExpiresAt: jwt.NewNumericDate(now.Add(5 * time.Minute)), IssuedAt: jwt.NewNumericDate(now),
					},
					SessionID: id.SessionID, AuthTime: now.Unix(), ClientID: tokentest.Audience,
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
	tokens := tokentest.New(b, storetest.Memory(b))
	r := httptest.NewRequest("POST", "/", nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tokens.Login(r, middleware.Login{Subject: "1"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRefusal is the cost of junk.
func BenchmarkRefusal(b *testing.B) {
	tokens := tokentest.New(b, storetest.Memory(b))
	signed := tokentest.Sign(tokentest.GoodHeader, tokentest.FixedClaims)
	for name, token := range map[string]string{
		"no token":        "x",
		"wrong signature": signed[:len(signed)-2] + "AA",
		"longest header":  tokentest.B64(`{`+tokentest.Members(80)+`"a":1}`) + "." + tokentest.B64(tokentest.FixedClaims) + "." + tokentest.B64("x"),
		"8 KiB of claims": tokentest.B64(tokentest.GoodHeader) + "." + tokentest.B64(fmt.Sprintf("%6000s", "x")) + "." + tokentest.B64(fmt.Sprintf("%32s", "x")),
	} {
		r := tokentest.Presented(token)
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

func TestARequestWithATokenAllocatesNoMoreThanTheREADMESays(t *testing.T) {
	// The whole request, and beside it what golang-jwt takes to parse the same token.
	tokens := tokentest.New(t, storetest.Memory(t))
	response, err := tokentest.Login(t, tokens, "2")
	if err != nil {
		t.Fatal(err)
	}
	guard, err := middleware.New(middleware.Config{Authenticator: tokens})
	if err != nil {
		t.Fatal(err)
	}
	h := guard.Handler(nothing)
	r, w := tokentest.Presented(response.AccessToken), httptest.NewRecorder()
	ours := testing.AllocsPerRun(100, func() {
		clear(w.Header())
		h.ServeHTTP(w, r)
	})
	parse := byHand(algorithms[0].method, tokentest.Secret, response.AccessToken)
	theirs := testing.AllocsPerRun(100, func() {
		if err := parse(); err != nil {
			t.Error(err)
		}
	})
	if ours > 23 || theirs < 58 || w.Code != http.StatusOK {
		t.Errorf("%v allocations, golang-jwt %v, status %d; want at most 23, at least 58, 200", ours, theirs, w.Code)
	}
}
