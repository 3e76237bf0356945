package clients_test

import (
	"encoding/json"
	"errors"
	"net/http"
	neturl "net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// The access token lives for less than the 10 seconds that x/oauth2 wants to have left, so
// it refreshes before each request. No test needs to wait or to set a clock.
const shortLived = "-access-ttl=5s"

// always replaces each refresh token that is presented, however new it is.
const always = "-refresh-overlap=1ns"

func TestXOAuth2RefreshesATokenThatExpires(t *testing.T) {
	t.Parallel()
	url := start(t, shortLived, always)
	for name, style := range map[string]oauth2.AuthStyle{
		"client in the body": oauth2.AuthStyleInParams, "client in the header": oauth2.AuthStyleInHeader, "found out": oauth2.AuthStyleAutoDetect,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := configFor(url, style)
			file := filepath.Join(t.TempDir(), "token.json")
			first := tokenOf(t, post(t, url+"/login/token", annJSON))

			// A command line: it refreshes, keeps what it got, and ends.
			second, err := config.TokenSource(t.Context(), first).Token()
			if err != nil {
				t.Fatal(err)
			}
			if second.AccessToken == first.AccessToken || second.RefreshToken == first.RefreshToken || second.Type() != "Bearer" {
				t.Error("the tokens after a refresh are the old ones, want new ones")
			}
			save(t, file, second)

			// It starts again, and the client does the rest.
			source := config.TokenSource(t.Context(), load(t, file))
			var me struct{ Subject string }
			decode(t, get(t, oauth2.NewClient(t.Context(), source), url+"/me"), &me)
			if me.Subject != "ann" {
				t.Errorf("subject %q, want ann", me.Subject)
			}
			third, err := source.Token()
			if err != nil {
				t.Fatal(err)
			}
			if third.RefreshToken == second.RefreshToken {
				t.Error("no second refresh")
			}
		})
	}
}

func TestXOAuth2InSeveralProcessesWithOneTokenStaysLoggedIn(t *testing.T) {
	t.Parallel()
	url := start(t, shortLived, always)
	shared := tokenOf(t, post(t, url+"/login/token", annJSON))
	config := configFor(url, oauth2.AuthStyleInParams)
	got := make([]*oauth2.Token, 16)
	var wait sync.WaitGroup
	for i := range got {
		wait.Go(func() {
			var err error
			if got[i], err = config.TokenSource(t.Context(), shared).Token(); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if t.Failed() {
		return
	}
	for _, token := range got {
		if token.RefreshToken != got[0].RefreshToken {
			t.Error("two processes have different refresh tokens")
		}
		if _, err := config.TokenSource(t.Context(), token).Token(); err != nil {
			t.Errorf("the next refresh: %v", err)
		}
	}
}

func TestXOAuth2SeesThatATokenWasRevoked(t *testing.T) {
	t.Parallel()
	url := start(t, shortLived, always)
	token := tokenOf(t, post(t, url+"/login/token", annJSON))
	res, err := http.PostForm(url+"/revoke", neturl.Values{"token": {token.RefreshToken}})
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	_, err = configFor(url, oauth2.AuthStyleInParams).TokenSource(t.Context(), token).Token()
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.ErrorCode != "invalid_grant" {
		t.Errorf("error %v, want invalid_grant", err)
	}
}

func TestXOAuth2LeavesALongLivedTokenAlone(t *testing.T) {
	t.Parallel()
	url := start(t)
	first := tokenOf(t, post(t, url+"/login/token", annJSON))
	second, err := configFor(url, oauth2.AuthStyleInParams).TokenSource(t.Context(), first).Token()
	if err != nil {
		t.Fatal(err)
	}
	if second.AccessToken != first.AccessToken {
		t.Error("a token that is good for minutes is refreshed")
	}
}

func configFor(url string, style oauth2.AuthStyle) *oauth2.Config {
	return &oauth2.Config{ClientID: "cli", Endpoint: oauth2.Endpoint{TokenURL: url + "/token", AuthStyle: style}}
}

// tokenOf makes a token of the answer to a login, as x/oauth2 does of the answer to a grant.
func tokenOf(t *testing.T, body []byte) *oauth2.Token {
	t.Helper()
	var token oauth2.Token
	decode(t, body, &token)
	if token.ExpiresIn == 0 {
		t.Fatal("the login says no expires_in")
	}
	token.Expiry = time.Now().Add(time.Duration(token.ExpiresIn) * time.Second)
	return &token
}

func save(t *testing.T, file string, token *oauth2.Token) {
	t.Helper()
	text, err := json.Marshal(token)
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, file string) *oauth2.Token {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var token oauth2.Token
	decode(t, text, &token)
	return &token
}
