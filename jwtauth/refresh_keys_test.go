package jwtauth_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
)

// keyIDOf is what a token says of its key.
func keyIDOf(t testing.TB, token string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(token[9:145])
	if err != nil {
		t.Fatal(err)
	}
	return string(raw[:4])
}

func TestRotatingRefreshKeysLogsNobodyOut(t *testing.T) {
	// IN-7: old keys verify, the first one authenticates.
	m := storetest.Memory(t)
	app := func(keys ...[]byte) *tokentest.Device {
		return tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, m, tokentest.Eager, tokentest.WithRefreshKeys(keys...))), "")
	}
	d := tokentest.NewDevice(t, app(tokentest.RefreshKeyA).App, "1")
	idA := keyIDOf(t, d.Refresh)
	d.App = app(tokentest.RefreshKeyA, tokentest.RefreshKeyB).App // the new key is known everywhere, first
	d.Rotate()
	if got := keyIDOf(t, d.Refresh); got != idA {
		t.Errorf("key %x, want the first one, %x", got, idA)
	}
	d.App = app(tokentest.RefreshKeyB, tokentest.RefreshKeyA).App
	_, old := d.Rotate()
	idB := keyIDOf(t, d.Refresh)
	if idB == idA {
		t.Error("the new key is not used")
	}
	d.WantGranted(old, d.Refresh)
	tokentest.NewDevice(t, d.App, "1").Rotate()

	// A process that has not heard of the change yet spells the successor with its own key.
	answer := tokentest.AnswerOf(t, app(tokentest.RefreshKeyA, tokentest.RefreshKeyB).Present(old))
	if keyIDOf(t, answer.RefreshToken) != idA {
		t.Error("not of its first key")
	}
	d.Refresh = answer.RefreshToken
	d.Rotate()

	dropped := tokentest.NewDevice(t, app(tokentest.RefreshKeyA).App, "1")
	d.App = app(tokentest.RefreshKeyB).App
	d.Rotate()
	d.WantNoGrant(dropped.Refresh) // a key that is removed takes its tokens with it
	dropped.Rotate()               // and ends no session
}

func TestTheKeysOfTheCallerAreCopied(t *testing.T) {
	key := bytes.Clone(tokentest.RefreshKeyA)
	d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.Eager, tokentest.WithRefreshKeys(key))), "1")
	clear(key)
	if _, _, _, err := tokentest.ParseRefresh(tokentest.RefreshKeyA, d.Refresh); err != nil {
		t.Fatal(err)
	}
	d.Rotate()
	if _, _, _, err := tokentest.ParseRefresh(tokentest.RefreshKeyA, d.Refresh); err != nil {
		t.Error(err)
	}
}

func TestWithoutKeysThereAreNoRefreshTokens(t *testing.T) {
	m := storetest.Memory(t)
	tokens := tokentest.New(t, m)
	r := httptest.NewRequest("POST", "/", nil)
	resp, err := tokens.Login(r, middleware.Login{Subject: "1"})
	if err != nil || resp.RefreshToken != "" || resp.Session.Refresh != (backends.Refresh{}) {
		t.Errorf("response with %q, %+v; error %v", resp.RefreshToken, resp.Session.Refresh, err)
	}
	if _, ok := tokentest.ClaimsOf(t, resp.AccessToken)["rt_gen"]; ok {
		t.Error("the access token names a refresh token")
	}
	d := tokentest.NewDevice(t, tokentest.App(t, tokens), "")
	d.WantNoGrant("x")
	d.WantNoGrant(tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, m, tokentest.WithRefresh)), "1").Refresh)
}

// A plainStore is neither a backends.Rotator nor a backends.UserFinder.
type plainStore struct{ backends.Store }

func TestARefreshTokenIsGoodForItsIssuerAndAudienceOnly(t *testing.T) {
	// RT-13: two Tokens of one registry share their keys.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		of := func(issuer, audience string) http.Handler {
			return tokentest.App(t, tokentest.New(t, s, tokentest.Eager, j.Use, func(c *tokentest.Config) { c.Issuer, c.Audience = issuer, audience }))
		}
		api := of("https://app.example", "https://api.example")
		d := tokentest.NewDevice(t, api, "1")
		for _, other := range []http.Handler{of("https://app.example", "https://other.example"), of("https://other.example", "https://api.example")} {
			tokentest.DeviceWith(t, other, "", d.Refresh).WantNoGrant(d.Refresh)
			d.App = other
			d.Status("POST", "/revoke", 200, tokentest.WithForm("token", d.Refresh))
			d.App = api
		}
		tokentest.WantLive(t, s, "1", 1)
		d.Rotate()
		if n := j.Count(middleware.EventTheft); n != 0 {
			t.Errorf("%d thefts, want none", n)
		}
	})
}

func TestNewReportsEveryMistakeAboutRefreshTokensAndNamesItsField(t *testing.T) {
	// IN-1.
	config := func(s backends.Store, edit func(*jwtauth.Config)) error {
		sessions, err := session.New(session.Config{Store: s, Policy: tokentest.Policy})
		if err != nil {
			t.Fatal(err)
		}
		c := jwtauth.Config{Sessions: sessions, Keys: []jwtauth.Key{tokentest.HS256(t)}, Issuer: tokentest.Issuer, Audience: tokentest.Audience}
		edit(&c)
		_, err = jwtauth.New(c)
		return err
	}
	m := storetest.Memory(t)
	plain := plainStore{m}
	tokentest.WantMentions(t, config(plain, func(c *jwtauth.Config) {
		c.RefreshKeys = [][]byte{nil, tokentest.RefreshKeyA[:31], bytes.Repeat([]byte("a"), 32), []byte("correct horse battery staple, correct horse"), tokentest.Secret, tokentest.RefreshKeyA}
		c.RefreshOverlap = -1
		c.Claims = func(context.Context, backends.User) (any, error) { return nil, nil }
	}), "Config.RefreshKeys[0]", "Config.RefreshKeys[1]: secret has 31 bytes", "Config.RefreshKeys[2]", "Config.RefreshKeys[3]",
		"Config.RefreshKeys[4] is the secret of Keys[0]",
		"Config.RefreshKeys: the store of Sessions, a jwtauth_test.plainStore, is not a backends.Rotator",
		"Config.Claims: the store of Sessions, a jwtauth_test.plainStore, is not a backends.UserFinder",
		"Config.RefreshOverlap is -1ns")
	for overlap, good := range map[time.Duration]bool{0: true, 1: true, 10 * time.Minute: true, 10*time.Minute + 1: false, -time.Second: false} {
		err := config(m, func(c *jwtauth.Config) { c.RefreshKeys, c.RefreshOverlap = [][]byte{tokentest.RefreshKeyA}, overlap })
		if (err == nil) != good {
			t.Errorf("an overlap of %v: %v", overlap, err)
		}
	}
	if err := config(plain, func(*jwtauth.Config) {}); err != nil {
		t.Errorf("a store without rotation, and no RefreshKeys: %v", err)
	}
	err := config(m, func(c *jwtauth.Config) { c.RefreshKeys = [][]byte{tokentest.RefreshKeyA[:31]} })
	if err == nil || strings.Contains(err.Error(), string(tokentest.RefreshKeyA[:8])) {
		t.Errorf("the error shows the key: %q", err)
	}
}
