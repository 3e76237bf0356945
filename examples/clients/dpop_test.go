package clients_test

import (
	"io"
	"net/http"
	neturl "net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/prooftest"
)

// loot is what can be copied from the memory of a client: everything but its key, which no script can
// read.
type loot struct{ Access, Refresh, Proof string }

func TestDpopOAuth4WebAPIAndOpenIDClientWithBoundTokens(t *testing.T) {
	t.Parallel()
	node, dir := need(t, "node"), installed(t)
	for name, flags := range map[string][]string{
		"offered":              {"-dpop=offered"},
		"required":             {"-dpop=required"},
		"offered, with nonces": {"-dpop=offered", "-dpop-nonce"},
		"required with nonces": {"-dpop=required", "-dpop-nonce"},
	} {
		t.Run(name, func(t *testing.T) {
			url := start(t, flags...)
			for _, alg := range algs {
				steal(t, dir, node, url, alg)
			}
		})
	}
}

// steal runs the client, and returns what it had in the end.
func steal(t *testing.T, dir, node, url, alg string) (l loot) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), node, "dpop.mjs", url, alg)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "NO_PROXY=127.0.0.1", "no_proxy=127.0.0.1")
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		t.Fatalf("%s: %v\n%s", alg, err, exit.Stderr)
	}
	decode(t, out, &l)
	if l.Access == "" || l.Refresh == "" || l.Proof == "" {
		t.Fatalf("%s: %s", alg, out)
	}
	return l
}

func TestWhatIsStolenFromAClientOpensNothingAtAnyProcess(t *testing.T) {
	// DP-1, DP-2, DP-4, DP-6.
	t.Parallel()
	node, dir := need(t, "node"), installed(t)
	for name, nonce := range map[string]string{"with nonces": "-dpop-nonce", "without": "-dpop-nonce=false"} {
		t.Run(name, func(t *testing.T) {
			// Two processes with one database, which clients know by the address of the first.
			flags := []string{
				"-dpop=offered", nonce, "-database-url", pgtest.Start(t).URL(), "-cache", "-keys", filepath.Join(t.TempDir(), "keys.json"),
			}
			here := start(t, flags...)
			there := start(t, append(flags, "-url", here)...)
			l := steal(t, dir, node, here, "ES256")
			admin := login(t, there, rootJSON).Access
			thief := prooftest.New(t, "ES256")
			for _, process := range []string{here, there} {
				l.tryAccess(t, process, here, thief)
				l.tryRefresh(t, process, here, thief)
				if status, body := send(t, "POST", process+"/introspect", form("token", l.Access), "Bearer "+admin, ""); status != 200 || !strings.Contains(body, `"active":true`) || !strings.Contains(body, `"token_type":"DPoP"`) {
					t.Errorf("the session of the owner: status %d, %s", status, body)
				}
			}
		})
	}
}

// tryAccess tries the access token in all ways that a thief has.
func (l loot) tryAccess(t *testing.T, process, known string, thief *prooftest.Device) {
	t.Helper()
	own := thief.Proof(t, "dpop+jwt", map[string]any{"jti": "x", "iat": 1, "htm": "GET", "htu": known + "/me"})
	for what, request := range map[string]struct{ authorization, proof string }{
		"as Bearer":                  {"Bearer " + l.Access, ""},
		"as Bearer, with the proof":  {"Bearer " + l.Access, l.Proof},
		"without a proof":            {"DPoP " + l.Access, ""},
		"with the proof that passed": {"DPoP " + l.Access, l.Proof},
		"with a proof of the thief":  {"DPoP " + l.Access, own},
		"with a key of the thief":    {"DPoP " + l.Access, strings.Join([]string{strings.Split(own, ".")[0], strings.Split(l.Proof, ".")[1], strings.Split(own, ".")[2]}, ".")},
		"the proof alone":            {"", l.Proof},
	} {
		for _, path := range []string{"/me", "/sessions"} {
			if status, body := send(t, "GET", process+path, nil, request.authorization, request.proof); status != 401 {
				t.Errorf("%s %s: status %d, want 401: %s", path, what, status, body)
			}
		}
		if status, body := send(t, "POST", process+"/logout", nil, request.authorization, request.proof); request.authorization != "" && status != 401 {
			t.Errorf("/logout %s: status %d, want 401: %s", what, status, body)
		}
	}
}

// tryRefresh tries the refresh token in all ways that a thief has.
func (l loot) tryRefresh(t *testing.T, process, known string, thief *prooftest.Device) {
	t.Helper()
	own := thief.Proof(t, "dpop+jwt", map[string]any{"jti": "y", "iat": 1, "htm": "POST", "htu": known + "/token"})
	for what, proof := range map[string]string{"without a proof": "", "with the proof that passed": l.Proof, "with a proof of the thief": own} {
		for range 3 {
			status, body := send(t, "POST", process+"/token", form("grant_type", "refresh_token", "refresh_token", l.Refresh), "", proof)
			if status != 400 || !strings.Contains(body, `"error":"invalid_dpop_proof"`) {
				t.Errorf("/token %s: status %d, want 400 and invalid_dpop_proof: %s", what, status, body)
			}
		}
	}
}

func form(pairs ...string) neturl.Values {
	v := neturl.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// send sends a request as curl would.
func send(t *testing.T, method, url string, body neturl.Values, authorization, proof string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range map[string]string{"Authorization": authorization, "DPoP": proof} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}
