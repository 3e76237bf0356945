package features

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/callback"
)

// A Provider is what its OpenID Connect metadata says, and what it knows of the shop.
type Provider struct {
	oauth2.Config
	Issuer string
	Keys   string // its jwks_uri
}

// An IDToken is what a provider says about a person: OpenID Connect Core, sections 2 and 5.1.
type IDToken struct {
	jwt.Claims
	Nonce         string `json:"nonce"`
	Email         string `json:"email"`
	EmailVerified bool   `json:"email_verified"`
}

// exchange returns whom the code stands for. A library such as github.com/coreos/go-oidc does the same
// with keys that it keeps.
func (p Provider) exchange(ctx context.Context, result callback.Result) (t IDToken, err error) {
	answer, err := p.Exchange(ctx, result.Code, oauth2.VerifierOption(result.Verifier))
	if refused := (*oauth2.RetrieveError)(nil); errors.As(err, &refused) {
		return t, fmt.Errorf("%w: %w", middleware.ErrInvalidCredentials, err)
	}
	if err != nil {
		return t, errors.Join(middleware.ErrUnavailable, err)
	}
	keys, err := p.fetchKeys(ctx)
	if err != nil {
		return t, errors.Join(middleware.ErrUnavailable, err)
	}
	text, _ := answer.Extra("id_token").(string)
	signed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	if err == nil {
		err = signed.Claims(keys, &t)
	}
	if err == nil {
		err = t.Validate(jwt.Expected{Issuer: p.Issuer, AnyAudience: jwt.Audience{p.ClientID}, Time: time.Now()})
	}
	if err == nil && (t.Nonce != result.Nonce || t.Expiry == nil || t.Subject == "") {
		err = errors.New("another nonce, or no expiry or subject")
	}
	if err != nil {
		return t, fmt.Errorf("%w: ID token: %w", middleware.ErrInvalidCredentials, err)
	}
	return t, nil
}

func (p Provider) fetchKeys(ctx context.Context) (keys jose.JSONWebKeySet, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Keys, nil)
	if err != nil {
		return keys, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return keys, err
	}
	defer resp.Body.Close()
	return keys, json.NewDecoder(resp.Body).Decode(&keys)
}
