package oauth_test

import (
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/dpop"
	"github.com/inga-auth/inga/jwtauth/oauth"
	"github.com/inga-auth/inga/middleware"
)

func TestAGrantOfTheApplicationIsRefusedAsTheTokenEndpointDoes(t *testing.T) {
	proofs, err := dpop.New(dpop.Config{URL: "https://app.example", InMemory: true, NonceKeys: [][]byte{tokentest.RefreshKeyA}})
	if err != nil {
		t.Fatal(err)
	}
	tokens := tokentest.New(t, storetest.Memory(t), func(c *tokentest.Config) { c.DPoP, c.Proofs = jwtauth.DPoPRequired, proofs })
	endpoints, err := oauth.New(oauth.Config{Tokens: tokens})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "https://app.example/token", nil)
	_, missing := tokens.Login(r, middleware.Login{Subject: "1"})
	for _, row := range []struct {
		err    error
		status int
		body   string
	}{
		{missing, 400, `{"error":"invalid_dpop_proof","error_description":"the DPoP proof is missing or not good"}`},
		{middleware.ErrInvalidCredentials, 400, `{"error":"invalid_grant","error_description":"token is invalid, expired or revoked"}`},
		{errors.New("down"), 503, `{"error":"temporarily_unavailable","error_description":"try again later"}`},
	} {
		w := httptest.NewRecorder()
		endpoints.Refuse(w, r, row.err)
		if w.Code != row.status || w.Body.String() != row.body+"\n" || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%v: status %d, %s; want %d and %s", row.err, w.Code, w.Body, row.status, row.body)
		}
		if nonce := w.Header().Get("DPoP-Nonce"); (nonce != "") != (row.err == missing) {
			t.Errorf("%v: nonce %q, want one only with a refusal of the proof", row.err, nonce)
		}
	}
}
