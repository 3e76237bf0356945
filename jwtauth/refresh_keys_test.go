package jwtauth_test

import (
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

// keyIDOf is what a token says of its key.
func keyIDOf(t testing.TB, token string) string { return string(rawOf(t, token)[:4]) }

func TestRotatingRefreshKeysLogsNobodyOut(t *testing.T) {
	// Promise 16: old keys verify, the first one authenticates.
	m := storetest.Memory(t)
	app := func(keys ...[]byte) *device {
		return &device{client: client{t: t, app: refreshApp(t, newTokens(t, m, withRefreshKeys(keys...)))}}
	}
	d := newDevice(t, app(refreshKeyA).app, "1")
	idA := keyIDOf(t, d.refresh)
	d.app = app(refreshKeyA, refreshKeyB).app // the new key is known everywhere, first
	d.next()
	if got := keyIDOf(t, d.refresh); got != idA {
		t.Errorf("key %x, want the first one, %x", got, idA)
	}
	d.app = app(refreshKeyB, refreshKeyA).app
	_, old := d.next()
	idB := keyIDOf(t, d.refresh)
	if idB == idA {
		t.Error("the new key is not used")
	}
	d.wantGranted(old, d.refresh)
	newDevice(t, d.app, "1").next()

	// A process that has not heard of the change yet spells the successor with its own key.
	answer := answerOf(t, app(refreshKeyA, refreshKeyB).present(old))
	if keyIDOf(t, answer.RefreshToken) != idA {
		t.Error("not of its first key")
	}
	d.refresh = answer.RefreshToken
	d.next()

	dropped := newDevice(t, app(refreshKeyA).app, "1")
	d.app = app(refreshKeyB).app
	d.next()
	d.wantNoGrant(dropped.refresh) // a key that is removed takes its tokens with it
	dropped.next()                 // and ends no session
}

func TestTheKeysOfTheCallerAreCopied(t *testing.T) {
	key := bytes.Clone(refreshKeyA)
	d := newDevice(t, refreshApp(t, newTokens(t, storetest.Memory(t), withRefreshKeys(key))), "1")
	clear(key)
	if _, _, _, err := jwtauth.ParseRefresh(refreshKeyA, d.refresh); err != nil {
		t.Fatal(err)
	}
	d.next()
	if _, _, _, err := jwtauth.ParseRefresh(refreshKeyA, d.refresh); err != nil {
		t.Error(err)
	}
}

func TestWithoutKeysThereAreNoRefreshTokens(t *testing.T) {
	m := storetest.Memory(t)
	tokens := newTokens(t, m)
	r := httptest.NewRequest("POST", "/", nil)
	resp, err := tokens.Login(r, middleware.Login{Subject: "1"})
	if err != nil || resp.RefreshToken != "" || resp.Session.Refresh != (backends.Refresh{}) {
		t.Errorf("response with %q, %+v; error %v", resp.RefreshToken, resp.Session.Refresh, err)
	}
	if _, ok := claimsOf(t, resp.AccessToken)["rt_gen"]; ok {
		t.Error("the access token names a refresh token")
	}
	d := &device{client: client{t: t, app: refreshApp(t, tokens)}}
	d.wantNoGrant("x")
	d.wantNoGrant(newDevice(t, refreshApp(t, newTokens(t, m, withRefresh)), "1").refresh)
}

// A plainStore is no backends.Rotator.
type plainStore struct{ backends.Store }

func TestNewReportsEveryMistakeAboutRefreshTokensAndNamesItsField(t *testing.T) {
	// Promise 15.
	config := func(edit func(*jwtauth.Config)) error {
		c := jwtauth.Config{Store: storetest.Memory(t), Keys: []jwtauth.Key{hs256(t)}, Issuer: issuer, Audience: audience, Policy: policy}
		edit(&c)
		_, err := jwtauth.New(c)
		return err
	}
	wantMentions(t, config(func(c *jwtauth.Config) {
		c.Store = plainStore{c.Store}
		c.RefreshKeys = [][]byte{nil, refreshKeyA[:31], bytes.Repeat([]byte("a"), 32), []byte("correct horse battery staple, correct horse"), secret, refreshKeyA}
		c.RefreshGrace = backends.Grace{Overlap: -1}
	}), "Config.RefreshKeys[0]", "Config.RefreshKeys[1]: secret has 31 bytes", "Config.RefreshKeys[2]", "Config.RefreshKeys[3]",
		"Config.RefreshKeys[4] is the secret of Keys[0]",
		"Config.Store is a jwtauth_test.plainStore, which is no backends.Rotator", "Config.RefreshGrace")
	for _, g := range []backends.Grace{
		{Overlap: 2 * time.Second, Unseen: time.Second},
		{Overlap: time.Second},
		{Overlap: -time.Second, Unseen: time.Second},
		{Unseen: 10*time.Minute + 1},
	} {
		wantMentions(t, config(func(c *jwtauth.Config) { c.RefreshKeys, c.RefreshGrace = [][]byte{refreshKeyA}, g }), "Config.RefreshGrace is {Overlap:")
	}
	for _, g := range []backends.Grace{{}, {Unseen: 1}, {Overlap: 10 * time.Minute, Unseen: 10 * time.Minute}} {
		if err := config(func(c *jwtauth.Config) { c.RefreshKeys, c.RefreshGrace = [][]byte{refreshKeyA}, g }); err != nil {
			t.Errorf("%+v: %v", g, err)
		}
	}
	if err := config(func(c *jwtauth.Config) { c.Store = plainStore{c.Store} }); err != nil {
		t.Errorf("a store without rotation, and no RefreshKeys: %v", err)
	}
	err := config(func(c *jwtauth.Config) { c.RefreshKeys = [][]byte{refreshKeyA[:31]} })
	if strings.Contains(err.Error(), string(refreshKeyA[:8])) {
		t.Errorf("the error shows the key: %q", err)
	}
}
