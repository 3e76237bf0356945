package jwtauth_test

import (
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/sliding"
)

func TestNewReportsEveryMistakeAndNamesItsField(t *testing.T) {
	// Promise 15.
	_, err := jwtauth.New(jwtauth.Config{})
	wantMentions(t, err, "Config.Store is nil", "Config.Keys is empty", "Config.Issuer", "Config.Audience", "Config.Policy is nil")

	public := must(t)(jwtauth.ES256Public(&ecKey().PublicKey))
	_, err = jwtauth.New(jwtauth.Config{
		Store:     memory.New(),
		Keys:      []jwtauth.Key{public, {}, hs256(t), hs256(t)},
		Issuer:    " https://app.example",
		Audience:  "a\nb",
		Policy:    sliding.Policy{Idle: time.Hour},
		AccessTTL: time.Millisecond,
		Leeway:    -1,
		Header:    "Access Token",
		ClientID:  strings.Repeat("x", 256),
	})
	wantMentions(t, err, "Config.Keys[0] can only verify", "Config.Keys[1] is the zero Key", "Config.Keys[3] has the ID", "Config.Issuer",
		"Config.Audience", "Config.Policy: sliding: Policy.Absolute", "Config.AccessTTL is 1ms", "Config.Leeway is -1ns", "Config.Header", "Config.ClientID")

	_, err = jwtauth.New(jwtauth.Config{AccessTTL: 25 * time.Hour, Leeway: 61 * time.Second, Header: "Tökén"})
	wantMentions(t, err, "Config.AccessTTL is 25h0m0s", "Config.Leeway is 1m1s", "Config.Header")
}

func TestOneKeyIsOneAlgorithm(t *testing.T) {
	// JW-2: an RSA key for both RS256 and PS256 has one thumbprint, so it is one kid.
	_, err := jwtauth.New(jwtauth.Config{Keys: []jwtauth.Key{must(t)(jwtauth.RS256(rsaKey())), must(t)(jwtauth.PS256(rsaKey()))}})
	wantMentions(t, err, "Config.Keys[1] has the ID")
}
