package jwtauth_test

import (
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
)

func TestNewReportsEveryMistakeAndNamesItsField(t *testing.T) {
	// IN-1.
	_, err := jwtauth.New(jwtauth.Config{})
	tokentest.WantMentions(t, err, "Config.Sessions is nil", "Config.Keys is empty", "Config.Issuer", "Config.Audience")

	public := tokentest.Must(t)(jwtauth.ES256Public(&tokentest.ECKey().PublicKey))
	_, err = jwtauth.New(jwtauth.Config{
		Keys:      []jwtauth.Key{public, {}, tokentest.HS256(t), tokentest.HS256(t)},
		Issuer:    " https://app.example",
		Audience:  "a\nb",
		AccessTTL: time.Millisecond,
		Leeway:    -1,
		Header:    "Access Token",
		ClientID:  strings.Repeat("x", 256),
	})
	tokentest.WantMentions(t, err, "Config.Keys[0] can only verify", "Config.Keys[1] is the zero Key", "Config.Keys[3] has the ID", "Config.Issuer",
		"Config.Audience", "Config.AccessTTL is 1ms", "Config.Leeway is -1ns", "Config.Header", "Config.ClientID")

	_, err = jwtauth.New(jwtauth.Config{AccessTTL: 25 * time.Hour, Leeway: 61 * time.Second, Header: "Tökén"})
	tokentest.WantMentions(t, err, "Config.AccessTTL is 25h0m0s", "Config.Leeway is 1m1s", "Config.Header")
}

func TestOneKeyIsOneAlgorithm(t *testing.T) {
	// JW-2: an RSA key for both RS256 and PS256 has one thumbprint, so it is one kid.
	_, err := jwtauth.New(jwtauth.Config{Keys: []jwtauth.Key{tokentest.Must(t)(jwtauth.RS256(tokentest.RSAKey())), tokentest.Must(t)(jwtauth.PS256(tokentest.RSAKey()))}})
	tokentest.WantMentions(t, err, "Config.Keys[1] has the ID")
}
