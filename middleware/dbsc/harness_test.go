package dbsc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/internal/eventtest"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/dbsc"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(pgtest.Main(m))
}

// keyOf returns a key that is the same each time.
func keyOf(name string) []byte {
	key := sha256.Sum256([]byte(name))
	return key[:]
}

// cookies are those of package cookie, or of tokencookie.
type cookies interface {
	middleware.Authenticator
	dbsc.Cookies
	Login(w http.ResponseWriter, r *http.Request, l middleware.Login) (backends.Session, error)
	Reauthenticate(w http.ResponseWriter, r *http.Request, l middleware.Login) (backends.Session, error)
	Logout(w http.ResponseWriter, r *http.Request) error
}

// kinds make the cookies of either package.
var kinds = map[string]func(t testing.TB, s *session.Registry, b session.Bind) cookies{
	"session cookie": func(t testing.TB, s *session.Registry, b session.Bind) cookies {
		return must(cookie.New(cookie.Config{Sessions: s, Keys: [][]byte{keyOf("a")}, Bind: b}))(t)
	},
	"token cookies": func(t testing.TB, s *session.Registry, b session.Bind) cookies {
		return must(tokencookie.New(tokencookie.Config{Tokens: newTokens(t, s), Bind: b}))(t)
	},
}

func newTokens(t testing.TB, s *session.Registry) *jwtauth.Tokens {
	t.Helper()
	key := must(jwtauth.HS256(keyOf("jwt")))(t)
	return must(jwtauth.New(jwtauth.Config{
		Sessions: s, Keys: []jwtauth.Key{key}, Issuer: "https://app.example", Audience: "app", RefreshKeys: [][]byte{keyOf("refresh")},
	}))(t)
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// An app is one server process.
type app struct {
	http.Handler
	cookies cookies
	trail   eventtest.Trail
}

var offered = session.Bind{Path: "/dbsc/"}

func newApp(t testing.TB, store backends.Store, kind string, b session.Bind) *app {
	t.Helper()
	a := &app{}
	sessions := must(session.New(session.Config{
		Store: store, Policy: sliding.Policy{Idle: time.Hour, Absolute: 12 * time.Hour}, Events: a.trail.Hook,
	}))(t)
	a.cookies = kinds[kind](t, sessions, b)
	a.serve(t)
	return a
}

func (a *app) serve(t testing.TB) {
	guard := must(middleware.New(middleware.Config{Authenticator: a.cookies}))(t)
	mux := http.NewServeMux()
	if a.cookies.Bound() != nil {
		mux.Handle("/dbsc/", must(dbsc.New(a.cookies))(t))
	}
	act := func(do func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if err := do(w, r); err != nil {
				guard.Refuse(w, r, err)
			}
		}
	}
	mux.HandleFunc("POST /login/{user}", act(func(w http.ResponseWriter, r *http.Request) error {
		_, err := a.cookies.Login(w, r, middleware.Login{Subject: r.PathValue("user")})
		return err
	}))
	mux.HandleFunc("POST /again/{user}", act(func(w http.ResponseWriter, r *http.Request) error {
		_, err := a.cookies.Reauthenticate(w, r, middleware.Login{Subject: r.PathValue("user")})
		return err
	}))
	mux.HandleFunc("POST /logout", act(a.cookies.Logout))
	mux.Handle("/me", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := middleware.FromContext(r.Context())
		_ = json.NewEncoder(w).Encode(id.Binding)
	})))
	a.Handler = mux
}

// each runs the test with both kinds of cookies, on every store.
func each(t *testing.T, test func(t *testing.T, a *app, store storetest.Store, kind string)) {
	for kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) { test(t, newApp(t, s, kind, offered), s, kind) })
		})
	}
}

// A device is a browser with a key. It does what the protocol says, and nothing by itself.
type device struct {
	t          *testing.T
	app        *app
	jar        map[string]string
	key        *ecdsa.PrivateKey
	offer      string // the last Secure-Session-Registration
	identifier string
}

func newDevice(t *testing.T, a *app) *device {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &device{t: t, app: a, jar: map[string]string{}, key: key}
}

// thief returns a browser with a copy of the cookies, and a key of its own.
func (d *device) thief() *device {
	d.t.Helper()
	c := newDevice(d.t, d.app)
	c.jar = maps.Clone(d.jar)
	return c
}

type edit = func(*http.Request)

func header(name, value string) edit {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// do sends a request, and keeps the cookies of the answer.
func (d *device) do(method, path string, edits ...edit) *httptest.ResponseRecorder {
	d.t.Helper()
	r := httptest.NewRequest(method, "https://app.example"+path, nil)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for name, value := range d.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	for _, e := range edits {
		e(r)
	}
	w := httptest.NewRecorder()
	d.app.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(d.jar, c.Name)
		} else {
			d.jar[c.Name] = c.Value
		}
	}
	if offer := w.Header().Get("Secure-Session-Registration"); offer != "" {
		d.offer = offer
	}
	return w
}

// want sends a request that must get the status.
func (d *device) want(status int, method, path string, edits ...edit) *httptest.ResponseRecorder {
	d.t.Helper()
	w := d.do(method, path, edits...)
	if w.Code != status {
		d.t.Errorf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, status)
	}
	return w
}

var offerForm = regexp.MustCompile(`^\(ES256 RS256\);path="/dbsc/register";challenge="([\w-]+)";authorization="([\w-]+)"$`)

// registration returns the proof that answers an offer.
func (d *device) registration(offer string) string {
	d.t.Helper()
	m := offerForm.FindStringSubmatch(offer)
	if m == nil {
		d.t.Fatalf("offer %q, want one like %v", offer, offerForm)
	}
	return d.prove(jwt.MapClaims{"jti": m[1], "authorization": m[2]}, true)
}

// prove signs the claims, with the key in the header or without.
func (d *device) prove(claims jwt.MapClaims, withKey bool) string {
	d.t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	token.Header["typ"] = "dbsc+jwt"
	if withKey {
		point, err := d.key.PublicKey.Bytes()
		if err != nil {
			d.t.Fatal(err)
		}
		b64 := base64.RawURLEncoding.EncodeToString
		token.Header["jwk"] = map[string]string{"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])}
	}
	text, err := token.SignedString(d.key)
	if err != nil {
		d.t.Fatal(err)
	}
	return text
}

// register answers the last offer.
func (d *device) register() {
	d.t.Helper()
	d.answered(d.want(200, "POST", "/dbsc/register", header("Secure-Session-Response", d.registration(d.offer))))
}

// answered keeps the identifier that a registration brought.
func (d *device) answered(w *httptest.ResponseRecorder) {
	d.t.Helper()
	var answer struct {
		Identifier string `json:"session_identifier"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Identifier == "" {
		d.t.Fatalf("answer to a registration: %d %s (%v)", w.Code, w.Body, err)
	}
	d.identifier = answer.Identifier
}

func (d *device) login(user string) *device {
	d.t.Helper()
	d.want(200, "POST", "/login/"+user)
	d.register()
	return d
}

// bound returns a browser whose session is bound.
func bound(t *testing.T, a *app, user string) *device {
	t.Helper()
	return newDevice(t, a).login(user)
}

var challengeForm = regexp.MustCompile(`^"([\w-]+)";id="([\w-]+)"$`)

// challenge asks for a challenge.
func (d *device) challenge() string {
	d.t.Helper()
	return d.challengeIn(d.want(403, "POST", "/dbsc/refresh", header("Sec-Secure-Session-Id", d.identifier)))
}

func (d *device) challengeIn(w *httptest.ResponseRecorder) string {
	d.t.Helper()
	m := challengeForm.FindStringSubmatch(w.Header().Get("Secure-Session-Challenge"))
	if m == nil || m[2] != d.identifier {
		d.t.Fatalf("challenge %q, want one for %q", w.Header().Get("Secure-Session-Challenge"), d.identifier)
	}
	return m[1]
}

// send sends a proof for a refresh.
func (d *device) send(status int, proof string) *httptest.ResponseRecorder {
	d.t.Helper()
	return d.want(status, "POST", "/dbsc/refresh", header("Sec-Secure-Session-Id", d.identifier), header("Secure-Session-Response", proof))
}

func (d *device) refresh() {
	d.t.Helper()
	d.send(200, d.prove(jwt.MapClaims{"jti": d.challenge()}, false))
}

// boundCookies returns the names of the bound cookies in the jar.
func (d *device) boundCookies() (names []string) {
	for name := range d.jar {
		if strings.Contains(name, "-bound-") {
			names = append(names, name)
		}
	}
	return names
}

// lose drops the bound cookies, as a browser does at their end.
func (d *device) lose() *device {
	for _, name := range d.boundCookies() {
		delete(d.jar, name)
	}
	return d
}

func (d *device) wantProblem(w *httptest.ResponseRecorder, problem string) {
	d.t.Helper()
	if !strings.Contains(w.Body.String(), `"https://inga-auth.github.io/problems/`+problem+`"`) {
		d.t.Errorf("%d %s, want the problem %s", w.Code, w.Body, problem)
	}
}

// types returns those of the events since it was called last.
func (a *app) types() (types []string) {
	for _, e := range a.trail.Take() {
		text := string(e.Type)
		if e.Reason != "" {
			text += " " + e.Reason
		}
		types = append(types, text)
	}
	return types
}
