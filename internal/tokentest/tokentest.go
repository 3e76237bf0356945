// Package tokentest is what the tests of jwtauth and the packages beside it share: keys, small
// applications, clients that keep their tokens, forged tokens, and a store that counts and fails.
package tokentest

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// The names of the application and its API.
const (
	Issuer   = "https://app.example"
	Audience = "https://api.example"
)

// Grace is how old a refresh token is when it is replaced, by default: jwtauth.Config's
// RefreshOverlap of 10 s and Leeway of 30 s.
const Grace = 40 * time.Second

// Policy is that of [New], and with Busy every request is activity.
var (
	Policy = sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}
	Busy   = sliding.Policy{Idle: time.Hour, Absolute: 2 * time.Hour, Interval: time.Microsecond}
)

// A Config is that of the tokens and of the registry behind them.
type Config struct {
	jwtauth.Config
	Policy middleware.Policy
	Limit  func(backends.User) backends.Limit
	Events middleware.EventHook
}

// New returns tokens for sessions in the store: signed with [HS256] as k1, without refresh
// tokens and without events, unless an edit says otherwise.
func New(t testing.TB, s backends.Store, edit ...func(*Config)) *jwtauth.Tokens {
	t.Helper()
	c := Config{
		Config: jwtauth.Config{Keys: []jwtauth.Key{Named(t, HS256(t), "k1")}, Issuer: Issuer, Audience: Audience},
		Policy: Policy,
		Events: func(context.Context, middleware.Event) {},
	}
	for _, e := range edit {
		e(&c)
	}
	var err error
	if c.Sessions, err = session.New(session.Config{Store: s, Policy: c.Policy, Limit: c.Limit, Events: c.Events}); err != nil {
		t.Fatal(err)
	}
	tokens, err := jwtauth.New(c.Config)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// WithRefresh gives refresh tokens.
func WithRefresh(c *Config) { c.RefreshKeys = [][]byte{RefreshKeyA} }

// Eager gives refresh tokens that every refresh replaces, however new they are.
func Eager(c *Config) {
	WithRefresh(c)
	c.RefreshOverlap, c.Leeway = time.Nanosecond, time.Nanosecond
}

// WithRefreshKeys gives refresh tokens of these keys.
func WithRefreshKeys(keys ...[]byte) func(*Config) {
	return func(c *Config) { c.RefreshKeys = keys }
}

// WithKeys signs and verifies with these keys.
func WithKeys(keys ...jwtauth.Key) func(*Config) {
	return func(c *Config) { c.Keys = keys }
}

// WithClaims adds the custom claims that f returns.
func WithClaims(f func(u backends.User) (any, error)) func(*Config) {
	return func(c *Config) {
		c.Claims = func(_ context.Context, u backends.User) (any, error) { return f(u) }
	}
}

// WithRoles adds the roles of the user as a claim.
func WithRoles(c *Config) {
	WithClaims(func(u backends.User) (any, error) { return map[string]any{"roles": u.Roles}, nil })(c)
}

// Within limits the sessions of every user.
func Within(l backends.Limit) func(*Config) {
	return func(c *Config) { c.Limit = l.ForAll }
}

// NewCookies returns the cookies of the tokens.
func NewCookies(t testing.TB, tokens *jwtauth.Tokens, edit ...func(*tokencookie.Config)) *tokencookie.Cookies {
	t.Helper()
	c := tokencookie.Config{Tokens: tokens}
	for _, e := range edit {
		e(&c)
	}
	cookies, err := tokencookie.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return cookies
}

// Login logs the user in.
func Login(t testing.TB, tokens *jwtauth.Tokens, user string) (jwtauth.Response, error) {
	t.Helper()
	return tokens.Login(httptest.NewRequest("POST", "/", nil), middleware.Login{Subject: user})
}
