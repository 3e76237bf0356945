package stolen_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/internal/prooftest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/dbsc"
	"github.com/inga-auth/inga/middleware/session"
)

// life is how long a browser keeps a bound cookie in these tests. Servers accept it for twice as long.
const life = 2 * time.Second

// cookies are those of package cookie, or of tokencookie.
type cookies interface {
	middleware.Authenticator
	dbsc.Cookies
	Login(w http.ResponseWriter, r *http.Request, l middleware.Login) (backends.Session, error)
	Reauthenticate(w http.ResponseWriter, r *http.Request, l middleware.Login) (backends.Session, error)
	Logout(w http.ResponseWriter, r *http.Request) error
}

var kinds = map[string]func(t *testing.T, store backends.Store, hook middleware.EventHook) (cookies, error){
	"session cookie": func(_ *testing.T, store backends.Store, hook middleware.EventHook) (cookies, error) {
		s, err := session.New(session.Config{Store: store, Policy: tokentest.Policy, Events: hook})
		if err != nil {
			return nil, err
		}
		return cookie.New(cookie.Config{Sessions: s, Keys: [][]byte{tokentest.RefreshKeyB}, Bind: session.Bind{Path: "/dbsc/"}})
	},
	"token cookies": func(t *testing.T, store backends.Store, hook middleware.EventHook) (cookies, error) {
		tokens := tokentest.New(t, store, tokentest.Eager, func(c *tokentest.Config) { c.Events = hook })
		return tokencookie.New(tokencookie.Config{Tokens: tokens, Bind: session.Bind{Path: "/dbsc/"}})
	},
}

// cookieApp is an application whose bound cookies are over soon.
func cookieApp(t *testing.T, c cookies) http.Handler {
	t.Helper()
	c.Bound().Shorten(life, life)
	bound, err1 := dbsc.New(c)
	guard, err2 := middleware.New(middleware.Config{Authenticator: c})
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	act := func(do func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if err := do(w, r); err != nil {
				guard.Refuse(w, r, err)
			}
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/dbsc/", bound)
	mux.HandleFunc("POST /login/{user}", act(func(w http.ResponseWriter, r *http.Request) error {
		_, err := c.Login(w, r, middleware.Login{Subject: r.PathValue("user")})
		return err
	}))
	mux.HandleFunc("POST /again", act(func(w http.ResponseWriter, r *http.Request) error {
		_, err := c.Reauthenticate(w, r, middleware.Login{Subject: "1"})
		return err
	}))
	mux.HandleFunc("POST /logout", act(c.Logout))
	if tokens, ok := c.(*tokencookie.Cookies); ok {
		mux.HandleFunc("POST /refresh", act(func(w http.ResponseWriter, r *http.Request) error {
			_, err := tokens.Refresh(w, r)
			return err
		}))
	}
	mux.Handle("GET /me", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := middleware.FromContext(r.Context())
		_, _ = fmt.Fprintf(w, "user %s, proved %t", id.Subject, id.Binding.Proved)
	})))
	return mux
}

// A browser has a jar and a key.
type browser struct {
	t                 *testing.T
	client            *http.Client
	key               *prooftest.Device
	offer, identifier string
}

func newBrowser(t *testing.T, s *site) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, client: &http.Client{Transport: s, Jar: jar}, key: prooftest.New(t, "ES256")}
}

var home = &url.URL{Scheme: "https", Host: "example.com", Path: "/"}

// copied returns a browser with a copy of the jar that nothing ends, and a key of its own.
func (b *browser) copied(s *site) *browser {
	c := newBrowser(b.t, s)
	c.client.Jar.SetCookies(home, b.client.Jar.Cookies(home))
	c.identifier = b.identifier
	return c
}

func (b *browser) send(method, path string, headers ...string) answer {
	b.t.Helper()
	a := send(b.t, b.client, method, path, "", headers...)
	if offer := a.header.Get("Secure-Session-Registration"); offer != "" {
		b.offer = offer
	}
	return a
}

// refresh asks for a bound cookie with the proof, "" for none.
func (b *browser) refresh(proof string) answer {
	b.t.Helper()
	return b.send("POST", "/dbsc/refresh", "Sec-Secure-Session-Id", b.identifier, "Secure-Session-Response", proof)
}

func (b *browser) register(proof string) answer {
	b.t.Helper()
	return b.send("POST", "/dbsc/register", "Secure-Session-Response", proof)
}

// login logs in and binds the session.
func (b *browser) login(user string) *browser {
	b.t.Helper()
	b.send("POST", "/login/"+user)
	a := b.register(b.registration(b.offer, b.offer))
	var instructions struct {
		Identifier string `json:"session_identifier"`
	}
	if err := json.Unmarshal([]byte(a.body), &instructions); err != nil || a.status != 200 || instructions.Identifier == "" {
		b.t.Fatalf("registration: %d %s", a.status, a.body)
	}
	b.identifier = instructions.Identifier
	return b
}

var offerForm = regexp.MustCompile(`challenge="([\w-]+)";authorization="([\w-]+)"$`)

// registration returns a proof for the challenge of one offer and the authorization of another.
func (b *browser) registration(challenge, authorization string) string {
	b.t.Helper()
	c, a := offerForm.FindStringSubmatch(challenge), offerForm.FindStringSubmatch(authorization)
	if c == nil || a == nil {
		b.t.Fatalf("offers %q and %q", challenge, authorization)
	}
	return b.key.Proof(b.t, "dbsc+jwt", map[string]any{"jti": c[1], "authorization": a[2]})
}

var challengeForm = regexp.MustCompile(`^"([\w-]+)";id="([\w-]+)"$`)

// proof returns one for a new challenge for the session of the identifier.
func (b *browser) proof() string {
	b.t.Helper()
	return b.signed(b.challenge())
}

func (b *browser) signed(challenge string) string {
	b.t.Helper()
	return b.key.Signed(b.t, map[string]any{"typ": "dbsc+jwt", "alg": "ES256"}, map[string]any{"jti": challenge})
}

func (b *browser) challenge() string {
	b.t.Helper()
	a := b.refresh("")
	m := challengeForm.FindStringSubmatch(a.header.Get("Secure-Session-Challenge"))
	if a.status != 403 || m == nil {
		b.t.Fatalf("refresh without a proof: %d %s, want 403 and a challenge", a.status, a.header)
	}
	return m[1]
}

func isBound(c *http.Cookie) bool { return strings.Contains(c.Name, "-bound-") }

// works reports whether the page opens with a proof, for which a browser refreshes a bound cookie that is over.
func (b *browser) works() bool {
	b.t.Helper()
	if !slices.ContainsFunc(b.client.Jar.Cookies(home), isBound) {
		if a := b.refresh(b.proof()); a.status != 200 {
			b.t.Fatalf("the owner's refresh: %d %s", a.status, a.body)
		}
	}
	a := b.send("GET", "/me")
	return a.status == 200 && strings.HasSuffix(a.body, ", proved true")
}

func TestACopiedJarOpensAndEndsNothing(t *testing.T) {
	// DB-1, DB-2, DB-3, DB-4.
	for kind, with := range kinds {
		for name, place := range places {
			t.Run(kind+", "+name, func(t *testing.T) {
				t.Parallel()
				s := newSite(t, place, func(s *site, store storetest.Store) http.Handler {
					c, err := with(t, store, s.trail.Hook)
					if err != nil {
						t.Fatal(err)
					}
					return cookieApp(t, c)
				})
				robJar(t, s, kind)
			})
		}
	}
}

func robJar(t *testing.T, s *site, kind string) {
	owner := newBrowser(t, s).login("1")
	before := s.session(t)
	var copied *browser
	s.eventually(t, "a copy of the jar is complete", func() bool {
		if !owner.works() {
			return false
		}
		copied = owner.copied(s)
		return copied.send("GET", "/me").body == "user 1, proved true"
	})
	s.eventually(t, "the copied bound cookie is over", func() bool {
		return copied.copied(s).send("GET", "/me").status == 401
	})
	own := newBrowser(t, s).login("2")
	for _, row := range jarAttacks(owner, own) {
		if row.kind != "" && row.kind != kind {
			continue
		}
		s.atEither(func() {
			if a := row.try(copied.copied(s)); a.status != row.want || !strings.Contains(a.body, row.problem) {
				t.Errorf("%s: %d %s, want %d %s", row.what, a.status, a.body, row.want, row.problem)
			}
		})
	}
	replay(t, s, owner)
	s.eventually(t, "the owner's page opens", owner.works)
	s.wantUntouched(t, before)
}

// A jarAttack is what a thief with the cookies of the owner tries.
type jarAttack struct {
	what, kind string // the kind of cookies, "" for both
	try        func(thief *browser) answer
	want       int
	problem    string // in the body
}

// jarAttacks are those of a thief who has seen what the servers sent to the owner, but not the key, and has
// a session of their own that is bound.
func jarAttacks(owner, own *browser) []jarAttack {
	sends := func(method, path string, headers ...string) func(*browser) answer {
		return func(thief *browser) answer { return thief.send(method, path, headers...) }
	}
	registers := func(challenge, authorization string) func(*browser) answer {
		return func(thief *browser) answer { return thief.register(thief.registration(challenge, authorization)) }
	}
	refreshes := func(proof func(thief *browser) string) func(*browser) answer {
		return func(thief *browser) answer { return thief.refresh(proof(thief)) }
	}
	return []jarAttack{
		// First, because an offer is good for a minute.
		{"a second registration, by the answer to the owner's login", "", registers(owner.offer, owner.offer), 403, ""},
		{"the challenge of the thief's login with the owner's authorization", "", registers(own.offer, owner.offer), 401, ""},
		{"the challenge of the owner's login with the thief's authorization", "", registers(owner.offer, own.offer), 401, ""},
		{"a registration without a proof", "", sends("POST", "/dbsc/register"), 400, ""},
		{"the page, after the owner's registration once more", "", func(thief *browser) answer {
			thief.register(owner.registration(owner.offer, owner.offer))
			return thief.send("GET", "/me")
		}, 401, "proof-required"},
		{"the owner's registration as a refresh", "", refreshes(func(*browser) string { return owner.registration(owner.offer, owner.offer) }), 403, ""},

		{"the page", "", sends("GET", "/me"), 401, "proof-required"},
		{"Secure-Session-Skipped: server_error", "", sends("GET", "/me", "Secure-Session-Skipped", "server_error"), 401, "proof-required"},
		{"Secure-Session-Skipped with the identifier", "", sends("GET", "/me", "Secure-Session-Skipped", `quota_exceeded;session_identifier="`+owner.identifier+`"`), 401, "proof-required"},
		{"the page, with the bound cookie of the thief's session", "", func(thief *browser) answer {
			var value string
			own.works() // has a new one
			for _, c := range own.client.Jar.Cookies(home) {
				if isBound(c) {
					value = c.Value
				}
			}
			jar := thief.client.Jar.Cookies(home)
			for _, c := range jar {
				if isBound(c) {
					c.Value = value
				}
			}
			thief.client.Jar.SetCookies(home, jar)
			return thief.send("GET", "/me")
		}, 401, "proof-required"},
		{"another authentication", "", sends("POST", "/again"), 401, "proof-required"},
		{"a refresh of the token cookies", "token cookies", sends("POST", "/refresh"), 401, "proof-required"},
		{"logout", "", sends("POST", "/logout"), 401, "proof-required"},
		{"login as another user", "", sends("POST", "/login/2"), 200, ""},

		{"a proof by the thief's key", "", refreshes(func(thief *browser) string { return thief.proof() }), 403, ""},
		{"a proof that brings the thief's key", "", refreshes(func(thief *browser) string {
			return thief.key.Proof(thief.t, "dbsc+jwt", map[string]any{"jti": thief.challenge()})
		}), 403, ""},
		{"a proof for the thief's session", "", refreshes(func(*browser) string { return own.proof() }), 403, ""},
		{"a proof by the owner's key for the thief's challenge", "", refreshes(func(*browser) string { return owner.signed(own.challenge()) }), 403, ""},
		{"a proof by the owner's key for a challenge that was made up", "", refreshes(func(*browser) string {
			return owner.signed("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
		}), 403, ""},
	}
}

// replay sends one proof of the owner twenty times at once, to both servers.
func replay(t *testing.T, s *site, owner *browser) {
	t.Helper()
	proof := owner.proof()
	var thieves [20]*browser
	for i := range thieves {
		thieves[i] = owner.copied(s)
	}
	got := counted(len(thieves), func(i int) int { return thieves[i].refresh(proof).status })
	if got[200] != 1 || got[403] != 19 {
		t.Errorf("a proof that was sent twenty times: %v, want 200 once and 403 else", got)
	}
	s.atEither(func() {
		if a := thieves[0].refresh(proof); a.status != 403 {
			t.Errorf("a proof that was used: %d, want 403", a.status)
		}
	})
}

// counted does something n times at once, and returns how often which status was the answer.
func counted(n int, do func(i int) int) map[int]int {
	statuses := make([]int, n)
	tokentest.AtOnce(n, func(i int) { statuses[i] = do(i) })
	counts := map[int]int{}
	for _, status := range statuses {
		counts[status]++
	}
	return counts
}
