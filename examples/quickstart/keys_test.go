package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestARestartWithTheSameKeysLogsNobodyOut(t *testing.T) {
	t.Parallel()
	for _, alg := range []string{"HS256", "ES256", "EdDSA", "RS256", "PS256"} {
		t.Run(alg, func(t *testing.T) {
			t.Parallel()
			flags := []string{"-database-url", newDatabase(t), "-keys", keyPath(t)}
			p := start(t, append(flags, "-alg", alg)...)
			everybody := logInEverywhere(t, p)
			everybody.wantIn()
			p.stop()
			p = start(t, flags...)
			if !strings.Contains(p.output.String(), "so a restart logs nobody out") {
				t.Errorf("the program does not say what a restart does:\n%s", p.output.String())
			}
			everybody.meet(p)
			everybody.wantIn()
			if got := header(t, everybody.bearer.token)["alg"]; got != alg {
				t.Errorf("tokens are signed with %s, want %s", got, alg)
			}
		})
	}
}

func TestARotationOfKeysLogsNobodyOut(t *testing.T) {
	t.Parallel()
	path := keyPath(t)
	flags := []string{"-database-url", newDatabase(t), "-keys", path}
	p := start(t, flags...)
	everybody := logInEverywhere(t, p)
	bearer := everybody.bearer
	old := jwks(t, bearer)
	before := read(t, path)

	out := &output{}
	if err := runFlags(t.Context(), []string{"-keys", path, "-rotate-keys", "-alg", "EdDSA"}, out); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), path+" has new keys in front. They are used from the next start on, and the old ones still verify.\n"; got != want {
		t.Errorf("output %q, want %q", got, want)
	}
	wantPrivate(t, path)
	after := read(t, path)
	for name, lists := range map[string][2][]string{"cookie": {before.Cookie, after.Cookie}, "refresh": {before.Refresh, after.Refresh}} {
		if was, is := lists[0], lists[1]; len(is) != 2 || is[1] != was[0] || is[0] == was[0] {
			t.Errorf("%s keys: not a new one before the old one", name)
		}
	}
	if len(after.Signing) != 2 || after.Signing[1] != before.Signing[0] || after.Signing[0].Alg != "EdDSA" {
		t.Error("signing keys: not a new one for EdDSA before the old one")
	}

	everybody.wantIn() // the program that runs goes on with the old ones
	p.stop()
	p = start(t, flags...)
	everybody.meet(p)
	set := jwks(t, bearer)
	if len(set) != 2 || set[0]["alg"] != "EdDSA" || set[1]["kid"] != old[0]["kid"] {
		t.Errorf("JWKS %v, want the new key and the old one", set)
	}
	everybody.wantIn()
	if got, want := header(t, bearer.token)["kid"], set[0]["kid"]; got != want {
		t.Errorf("a new token has the kid %s, want that of the new key", got)
	}

	if err := runFlags(t.Context(), []string{"-keys", path, "-rotate-keys"}, out); err != nil {
		t.Fatal(err)
	}
	if third := read(t, path); len(third.Signing) != 3 || third.Signing[0].Alg != "EdDSA" {
		t.Error("a rotation without -alg does not keep the algorithm")
	}
	p.stop()
	everybody.meet(start(t, flags...))
	everybody.wantIn()
}

func TestTheKeyFileIsPrivateAndMadeOnce(t *testing.T) {
	t.Parallel()
	path := keyPath(t)
	var wait sync.WaitGroup
	kids := make([]string, 8)
	for i := range kids {
		wait.Go(func() {
			k, err := loadKeys(path, "")
			if err != nil {
				t.Error(err)
				return
			}
			kids[i] = k.signing[0].ID()
		})
	}
	wait.Wait()
	for _, kid := range kids {
		if kid != kids[0] {
			t.Fatal("two processes that start at the same time have different keys")
		}
	}
	wantPrivate(t, path)
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("%d files beside each other (%v), want the one", len(left), err)
	}
	first := read(t, path)
	if err := createKeys(path, ""); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want one that says that the file exists", err)
	}
	if read(t, path).Cookie[0] != first.Cookie[0] {
		t.Error("a key file is overwritten")
	}
}

func TestAKeyFileThatOthersCanReadIsRefused(t *testing.T) {
	t.Parallel()
	for _, mode := range []fs.FileMode{0o644, 0o640, 0o604, 0o660, 0o602, 0o610} {
		path := keyPath(t)
		if _, err := loadKeys(path, ""); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		for _, flags := range [][]string{{"-keys", path}, {"-keys", path, "-rotate-keys"}} {
			wantMistake(t, runFlags(t.Context(), flags, &output{}), path, "mode is")
		}
	}
}

func TestABrokenKeyFileIsAnErrorThatNamesTheFieldAndNothingInIt(t *testing.T) {
	t.Parallel()
	const secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I=" // of 32 bytes
	der := func(private any) string {
		raw, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(raw)
	}
	p384, err1 := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	rsa1024, err2 := rsa.GenerateKey(rand.Reader, 1024)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	good := func(change func(k *keyRing)) string {
		ring, err := keyRing{}.rotated("")
		if err != nil {
			t.Fatal(err)
		}
		change(&ring)
		text, err := json.Marshal(ring)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	signing := func(alg, key string) string {
		return good(func(k *keyRing) { k.Signing = append(k.Signing, signingKey{alg, key}) })
	}
	ec := func() string { k, _ := newSigningKey("ES256"); return k.Key }()

	for _, row := range []struct{ name, text, want string }{
		{"nothing", "", "not JSON"},
		{"no JSON", secret, "not JSON"},
		{"half a file", `{"cookie_keys":["` + secret, "not JSON"},
		{"something behind", good(func(*keyRing) {}) + secret, "not JSON"},
		{"a list", `["` + secret + `"]`, "wrong type"},
		{"no list", `{"cookie_keys":"` + secret + `"}`, "cookie_keys"},
		{"a number", `{"refresh_keys":[123456789]}`, "refresh_keys"},
		{"no object", `{"signing_keys":["` + secret + `"]}`, "signing_keys"},
		{"a member of another name", `{"cookie_key":["` + secret + `"]}`, "cookie_keys is empty"},
		{"no cookie key", good(func(k *keyRing) { k.Cookie = nil }), "cookie_keys is empty"},
		{"no refresh key", good(func(k *keyRing) { k.Refresh = nil }), "refresh_keys is empty"},
		{"no signing key", good(func(k *keyRing) { k.Signing = nil }), "signing_keys is empty"},
		{"no base64", good(func(k *keyRing) { k.Cookie[0] = "?" + secret }), "cookie_keys[0]"},
		{"a short secret", good(func(k *keyRing) { k.Refresh = append(k.Refresh, secret[:40]) }), "refresh_keys[1]"},
		{"a key that is no base64", signing("ES256", "?"+secret), "signing_keys[1].key"},
		{"a key that is none", signing("ES256", secret), "signing_keys[1].key"},
		{"a short HS256 secret", signing("HS256", secret[:40]), "signing_keys[1].key"},
		{"a key without an algorithm", signing("", ec), "signing_keys[1].key: not one for alg"},
		{"an algorithm that we do not know", signing("none", ec), "signing_keys[1].key: not one for alg"},
		{"the algorithm of another key", signing("RS256", ec), "signing_keys[1].key: not one for alg"},
		{"another curve", signing("ES256", der(p384)), "signing_keys[1].key"},
		{"short RSA", signing("PS256", der(rsa1024)), "signing_keys[1].key"},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := keyPath(t)
			if err := os.WriteFile(path, []byte(row.text), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, flags := range [][]string{{"-keys", path}, {"-keys", path, "-rotate-keys"}} {
				err := runFlags(t.Context(), flags, &output{})
				wantMistake(t, err, path, row.want)
				for _, content := range []string{secret[:8], ec[:8], "123456", "cookie_key "} {
					if strings.Contains(strings.ReplaceAll(err.Error(), path, ""), content) {
						t.Errorf("the error quotes the file: %v", err)
					}
				}
			}
			if left, err := os.ReadFile(path); err != nil || string(left) != row.text {
				t.Error("the file has been changed")
			}
		})
	}
}

func TestKeyFlagsThatContradictTheFileAreErrors(t *testing.T) {
	t.Parallel()
	path := keyPath(t)
	if _, err := loadKeys(path, "ES256"); err != nil {
		t.Fatal(err)
	}
	wantMistake(t, runFlags(t.Context(), []string{"-keys", path, "-alg", "RS256"}, &output{}), path, "-rotate-keys")
	missing := keyPath(t)
	wantMistake(t, runFlags(t.Context(), []string{"-keys", missing, "-rotate-keys"}, &output{}), missing, "no such file")
	nowhere := filepath.Join(missing, "keys.json")
	wantMistake(t, runFlags(t.Context(), []string{"-keys", nowhere}, &output{}), filepath.Dir(nowhere), "no such file")
	wantMistake(t, runFlags(t.Context(), []string{"-keys", missing, "-alg", "none"}, &output{}), "-alg", "none")
	if _, err := os.Stat(missing); err == nil {
		t.Error("a file is left after a mistake")
	}
}

func TestNoKeyIsPrinted(t *testing.T) {
	t.Parallel()
	path := keyPath(t)
	p := start(t, "-keys", path)
	p.client(t).loginToken(annJSON)
	ring := read(t, path)
	for _, secret := range []string{ring.Cookie[0], ring.Refresh[0], ring.Signing[0].Key} {
		if strings.Contains(p.output.String(), secret) {
			t.Error("a key is printed")
		}
	}
}

// A crowd is a client with each kind of credential.
type crowd struct{ session, cookies, bearer *client }

func logInEverywhere(t *testing.T, p *program) crowd {
	t.Helper()
	all := crowd{p.client(t), p.client(t), p.client(t)}
	all.session.login(annJSON)
	all.cookies.post("/login/cookies", annJSON).want(200)
	all.bearer.loginToken(annJSON)
	return all
}

// meet lets the clients go on with another program.
func (all crowd) meet(p *program) {
	for _, c := range []*client{all.session, all.cookies, all.bearer} {
		c.url = p.url // the port is no part of what a cookie is for
	}
}

// wantIn wants all to be let in as before, with what they have and with what they get for it.
func (all crowd) wantIn() {
	all.session.t.Helper()
	for _, c := range []*client{all.session, all.cookies, all.bearer} {
		c.get("/me").want(200).wantMember("subject", "ann")
	}
	all.cookies.post("/refresh", "").want(200)
	all.bearer.keep(all.bearer.exchange(all.bearer.refresh).want(200))
}

func keyPath(t *testing.T) string { return filepath.Join(t.TempDir(), "keys.json") }

func read(t *testing.T, path string) keyRing {
	t.Helper()
	ring, _, err := readKeys(path)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

func wantPrivate(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode(); got != 0o600 {
		t.Errorf("mode %v, want -rw-------", got)
	}
}

func wantMistake(t *testing.T, err error, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one about %s", err, want)
		}
	}
}
