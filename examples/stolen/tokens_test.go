package stolen_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/prooftest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/dpop"
)

// A program has tokens, and a key that they are bound to.
type program struct {
	t               *testing.T
	client          *http.Client
	key             *prooftest.Device
	access, refresh string
}

func newProgram(t *testing.T, s *site) *program {
	t.Helper()
	return &program{t: t, client: &http.Client{Transport: s}, key: prooftest.New(t, "ES256")}
}

// copied returns a program with the tokens, and a key of its own.
func (p *program) copied() *program {
	c := *p
	c.key = prooftest.New(p.t, "ES256")
	return &c
}

var proofs atomic.Int64

// claims are those of a proof for a request to the page with the access token, "" for none, as the pairs change them.
func claims(method, page, access string, pairs ...any) map[string]any {
	c := map[string]any{"jti": fmt.Sprint("proof ", proofs.Add(1)), "iat": time.Now().Unix(), "htm": method, "htu": page}
	if access != "" {
		sum := sha256.Sum256([]byte(access))
		c["ath"] = prooftest.B64(sum[:])
	}
	return prooftest.With(c, pairs...)
}

// proof returns a new one; see claims.
func (p *program) proof(method, page, access string, pairs ...any) string {
	p.t.Helper()
	return p.key.Proof(p.t, "dpop+jwt", claims(method, page, access, pairs...))
}

// asks sends a request with the access token in the scheme, and the proof, "" for none.
func (p *program) asks(method, path, scheme, proof string, headers ...string) answer {
	p.t.Helper()
	headers = append(headers, "Authorization", scheme+" "+p.access)
	if proof != "" {
		headers = append(headers, "DPoP", proof)
	}
	return send(p.t, p.client, method, path, "", headers...)
}

// presents sends the refresh token with the proof, "" for none.
func (p *program) presents(refresh, proof string, headers ...string) answer {
	p.t.Helper()
	if proof != "" {
		headers = append(headers, "DPoP", proof)
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}
	return send(p.t, p.client, "POST", "/token", form.Encode(), headers...)
}

// keep keeps the tokens of an answer, which must be bound.
func (p *program) keep(a answer) {
	p.t.Helper()
	var resp jwtauth.Response
	if err := json.Unmarshal([]byte(a.body), &resp); err != nil || a.status != 200 || resp.TokenType != "DPoP" || resp.RefreshToken == "" {
		p.t.Fatalf("%d %s, want tokens of the type DPoP", a.status, a.body)
	}
	p.access, p.refresh = resp.AccessToken, resp.RefreshToken
}

func (p *program) login(user string) *program {
	p.t.Helper()
	p.keep(send(p.t, p.client, "POST", "/login", "", "User", user, "DPoP", p.proof("POST", "https://example.com/login", "")))
	return p
}

// next replaces the refresh token.
func (p *program) next() {
	p.t.Helper()
	tokentest.Tick()
	former := p.refresh
	if p.keep(p.presents(p.refresh, p.proof("POST", "https://example.com/token", ""))); p.refresh == former {
		p.t.Fatal("the refresh token was not replaced")
	}
}

func TestCopiedTokensOfABoundSessionOpenAndEndNothing(t *testing.T) {
	// DP-1, DP-2, DP-3, DP-4. The revocation endpoint is not tried: RFC 7009 asks for the token alone.
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, place, func(s *site, store storetest.Store) http.Handler {
				checked, err := dpop.New(dpop.Config{URL: "https://example.com", Claims: store.(backends.Claims)})
				if err != nil {
					t.Fatal(err)
				}
				return tokentest.App(t, tokentest.New(t, store, tokentest.Eager, func(c *tokentest.Config) {
					c.DPoP, c.Proofs, c.Events = jwtauth.DPoPOffered, checked, s.trail.Hook
				}))
			})
			robTokens(t, s)
		})
	}
}

func robTokens(t *testing.T, s *site) {
	owner, own := newProgram(t, s).login("1"), newProgram(t, s).login("2")
	before := s.session(t)
	first := owner.refresh
	owner.next()
	owner.next() // the first one is two generations behind now
	sent := owner.proof("GET", "https://example.com/me", owner.access)
	if a := owner.asks("GET", "/me", "DPoP", sent); a.status != 200 {
		t.Fatalf("the owner's page: %d %s", a.status, a.body)
	}
	for _, row := range accessAttacks(owner, own, sent) {
		s.atEither(func() {
			method, path, _ := strings.Cut(row.to, " ")
			if a := owner.asks(method, path, row.scheme, row.proof(), row.headers...); a.status != row.want {
				t.Errorf("%s: %d %s, want %d", row.what, a.status, a.body, row.want)
			}
		})
	}
	for _, row := range refreshAttacks(owner, own, sent, first) {
		s.atEither(func() {
			a := owner.presents(row.token, row.proof(), row.headers...)
			if a.status != 400 || !strings.HasPrefix(a.body, `{"error":"invalid_dpop_proof"`) {
				t.Errorf("%s: %d %s, want 400 and invalid_dpop_proof", row.what, a.status, a.body)
			}
		})
	}
	replayProofs(t, owner)
	owner.next()
	s.atEither(func() {
		if a := owner.asks("GET", "/me", "DPoP", owner.proof("GET", "https://example.com/me", owner.access)); a.status != 200 {
			t.Errorf("the owner's page: %d %s, want 200", a.status, a.body)
		}
	})
	s.wantUntouched(t, before)
}

// An accessAttack is what a thief with the access token of the owner tries.
type accessAttack struct {
	what, to, scheme string
	proof            func() string
	want             int
	headers          []string
}

func none() string { return "" }

// mixed returns a proof of the parts: header, claims and signature.
func mixed(header, claims, signature string) string {
	return strings.Join([]string{strings.Split(header, ".")[0], strings.Split(claims, ".")[1], strings.Split(signature, ".")[2]}, ".")
}

// accessAttacks are those of a thief who has seen the proof that was sent, has the owner make some for other
// requests, and has a session of their own.
func accessAttacks(owner, own *program, sent string) []accessAttack {
	thief := owner.copied()
	by := func(p *program, method, page, access string, pairs ...any) func() string {
		return func() string { return p.proof(method, page, access, pairs...) }
	}
	const me = "https://example.com/me"
	good := by(owner, "GET", me, owner.access)
	forged := by(thief, "GET", me, owner.access)
	evil := []string{"Host", "evil.example", "X-Forwarded-Host", "evil.example", "Forwarded", "host=evil.example"}
	return []accessAttack{
		{"as Bearer", "GET /me", "Bearer", none, 401, nil},
		{"as Bearer, with a good proof", "GET /me", "Bearer", good, 401, nil},
		{"without a proof", "GET /me", "DPoP", none, 401, nil},
		{"the proof once more", "GET /me", "DPoP", func() string { return sent }, 401, nil},
		{"a proof by the thief's key", "GET /me", "DPoP", forged, 401, nil},
		{"a proof by the thief's key that names the owner's", "GET /me", "DPoP", func() string {
			return thief.key.Signed(thief.t, map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": owner.key.JWK}, claims("GET", me, owner.access))
		}, 401, nil},
		{"the owner's proof, signed by the thief", "GET /me", "DPoP", func() string { return mixed(sent, sent, forged()) }, 401, nil},
		{"new claims over the owner's signature", "GET /me", "DPoP", func() string { return mixed(sent, good(), sent) }, 401, nil},
		{"for another host", "GET /me", "DPoP", by(owner, "GET", "https://evil.example/me", owner.access), 401, nil},
		{"for another host, and sent as if to that", "GET /me", "DPoP", by(owner, "GET", "https://evil.example/me", owner.access), 401, evil},
		{"for another port", "GET /me", "DPoP", by(owner, "GET", "https://example.com:8443/me", owner.access), 401, nil},
		{"for another scheme", "GET /me", "DPoP", by(owner, "GET", "http://example.com/me", owner.access), 401, nil},
		{"for another page", "GET /me", "DPoP", by(owner, "GET", "https://example.com/poll", owner.access), 401, nil},
		{"for another method", "GET /me", "DPoP", by(owner, "POST", me, owner.access), 401, nil},
		{"for another method, and with a header that says so", "GET /me", "DPoP", by(owner, "POST", me, owner.access), 401, []string{"X-HTTP-Method-Override", "POST"}},
		{"for another token", "GET /me", "DPoP", by(owner, "GET", me, own.access), 401, nil},
		{"for no token", "GET /me", "DPoP", by(owner, "GET", me, ""), 401, nil},
		{"of yesterday", "GET /me", "DPoP", by(owner, "GET", me, owner.access, "iat", time.Now().Add(-24*time.Hour).Unix()), 401, nil},
		{"of tomorrow", "GET /me", "DPoP", by(owner, "GET", me, owner.access, "iat", time.Now().Add(24*time.Hour).Unix()), 401, nil},
		{"without a jti", "GET /me", "DPoP", by(owner, "GET", me, owner.access, "jti", nil), 401, nil},
		{"another authentication, with the thief's key", "POST /prove", "DPoP", by(thief, "POST", "https://example.com/prove", owner.access), 401, nil},
		{"another authentication as Bearer, with the thief's key", "POST /prove", "Bearer", by(thief, "POST", "https://example.com/prove", owner.access), 401, nil},
		{"logout as Bearer", "POST /logout", "Bearer", none, 401, nil},
		{"logout without a proof", "POST /logout", "DPoP", none, 401, nil},
		{"logout with the thief's key", "POST /logout", "DPoP", by(thief, "POST", "https://example.com/logout", owner.access), 401, nil},
		{"logout with the proof of a page", "POST /logout", "DPoP", good, 401, nil},
		{"login as another user", "POST /login", "DPoP", by(thief, "POST", "https://example.com/login", owner.access), 200, []string{"User", "2"}},
	}
}

// A refreshAttack is what a thief with refresh tokens of the owner tries.
type refreshAttack struct {
	what, token string
	proof       func() string
	headers     []string
}

func refreshAttacks(owner, own *program, sent, first string) (all []refreshAttack) {
	thief := owner.copied()
	const token = "https://example.com/token"
	evil := []string{"Host", "evil.example", "X-Forwarded-Host", "evil.example"}
	// The former one would be theft, which ends the session, if the key were the owner's.
	for which, refresh := range map[string]string{"the refresh token": owner.refresh, "a former refresh token": first} {
		all = append(all,
			refreshAttack{which + " without a proof", refresh, none, nil},
			refreshAttack{which + " with a proof that was sent", refresh, func() string { return sent }, nil},
			refreshAttack{which + " with the thief's key", refresh, func() string { return thief.proof("POST", token, "") }, nil},
			refreshAttack{which + " with the key of the thief's session", refresh, func() string { return own.proof("POST", token, "") }, nil},
			refreshAttack{which + " for another host", refresh, func() string { return owner.proof("POST", "https://evil.example/token", "") }, evil},
			refreshAttack{which + " for another method", refresh, func() string { return owner.proof("GET", token, "") }, nil},
			refreshAttack{which + " for another page", refresh, func() string { return owner.proof("POST", "https://example.com/login", "") }, nil},
		)
	}
	return all
}

// replayProofs sends one proof of the owner twenty times at once, to both servers, for each use of one.
func replayProofs(t *testing.T, owner *program) {
	t.Helper()
	page := owner.proof("GET", "https://example.com/me", owner.access)
	got := counted(20, func(int) int { return owner.asks("GET", "/me", "DPoP", page).status })
	if got[200] != 1 || got[401] != 19 {
		t.Errorf("a proof for a page that was sent twenty times: %v, want 200 once and 401 else", got)
	}
	var answers [20]answer
	proof, refresh := owner.proof("POST", "https://example.com/token", ""), owner.refresh
	got = counted(20, func(i int) int {
		answers[i] = owner.presents(refresh, proof)
		return answers[i].status
	})
	if got[200] != 1 || got[400] != 19 {
		t.Errorf("a proof for a refresh that was sent twenty times: %v, want 200 once and 400 else", got)
	}
	for _, a := range answers {
		if a.status == 200 { // it came to the owner
			owner.keep(a)
		}
	}
}
