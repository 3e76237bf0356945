package jwtauth_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/eventtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
)

// Keys for refresh tokens: neither is the secret of the access tokens.
var (
	refreshKeyA = []byte("\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xaa\xab\xac\xad\xae\xaf\xb0\xb1\xb2\xb3\xb4\xb5\xb6\xb7\xb8\xb9\xba\xbb\xbc\xbd\xbe\xbf")
	refreshKeyB = []byte("\xc0\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xca\xcb\xcc\xcd\xce\xcf\xd0\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\xda\xdb\xdc\xdd\xde\xdf")
)

func withRefresh(c *jwtauth.Config) { c.RefreshKeys = [][]byte{refreshKeyA} }

func withRefreshKeys(keys ...[]byte) func(*jwtauth.Config) {
	return func(c *jwtauth.Config) { c.RefreshKeys = keys }
}

// rotating is a store for refresh tokens.
type rotating interface {
	backends.Store
	backends.Rotator
}

// A spy sees what reaches a store, and may refuse to pass it on.
type spy struct {
	rotating
	mu     sync.Mutex
	asked  []string
	refuse func(method string) error
}

func newSpy(s backends.Store) *spy { return &spy{rotating: s.(rotating)} }

func (s *spy) see(method string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, method)
	if s.refuse == nil {
		return nil
	}
	return s.refuse(method)
}

// take returns the methods that were called since the last time.
func (s *spy) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// fail makes the methods fail that are named, and only those.
func (s *spy) fail(methods ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = func(method string) error {
		if slices.Contains(methods, method) {
			return storetest.ErrDown
		}
		return nil
	}
}

func (s *spy) Create(ctx context.Context, now time.Time, n backends.Session, h backends.SecretHash, a backends.Admission) ([]string, error) {
	if err := s.see("Create"); err != nil {
		return nil, err
	}
	return s.rotating.Create(ctx, now, n, h, a)
}

func (s *spy) FindBySecret(ctx context.Context, now time.Time, h backends.SecretHash) (backends.Session, backends.User, error) {
	if err := s.see("FindBySecret"); err != nil {
		return backends.Session{}, backends.User{}, err
	}
	return s.rotating.FindBySecret(ctx, now, h)
}

func (s *spy) FindByID(ctx context.Context, now time.Time, id string) (backends.Session, backends.User, error) {
	if err := s.see("FindByID"); err != nil {
		return backends.Session{}, backends.User{}, err
	}
	return s.rotating.FindByID(ctx, now, id)
}

func (s *spy) Extend(ctx context.Context, now time.Time, id string, until time.Time) (bool, error) {
	if err := s.see("Extend"); err != nil {
		return false, err
	}
	return s.rotating.Extend(ctx, now, id, until)
}

func (s *spy) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	if err := s.see("Revoke"); err != nil {
		return false, err
	}
	return s.rotating.Revoke(ctx, now, id, why)
}

func (s *spy) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	if err := s.see("Rotate"); err != nil {
		return backends.Session{}, backends.User{}, backends.Refused, err
	}
	return s.rotating.Rotate(ctx, now, id, h, n, g)
}

func (s *spy) MarkSeen(ctx context.Context, now time.Time, id string, n int64) error {
	if err := s.see("MarkSeen"); err != nil {
		return err
	}
	return s.rotating.MarkSeen(ctx, now, id, n)
}

// A journal keeps the events.
type journal struct{ eventtest.Trail }

func (j *journal) use(c *jwtauth.Config) { c.Events = j.Hook }

func (j *journal) want(t testing.TB, refreshed, replayed, theft int) {
	t.Helper()
	if a, b, c := j.Count(middleware.EventRefreshed), j.Count(middleware.EventReplayed), j.Count(middleware.EventTheft); a != refreshed || b != replayed || c != theft {
		t.Errorf("events: %d refreshed, %d replayed, %d theft; want %d, %d, %d", a, b, c, refreshed, replayed, theft)
	}
}

// refreshApp is newApp with the endpoints of tokens.
func refreshApp(t testing.TB, tokens *jwtauth.Tokens) http.Handler {
	t.Helper()
	return refreshAppOf(t, tokens, slog.New(slog.DiscardHandler))
}

func refreshAppOf(t testing.TB, tokens *jwtauth.Tokens, logger *slog.Logger) http.Handler {
	t.Helper()
	guard, err := middleware.New(middleware.Config{Authenticator: tokens, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", appOf(t, tokens, logger))
	mux.Handle("/token", tokens.TokenHandler())
	mux.Handle("/revoke", tokens.RevokeHandler())
	mux.Handle("/introspect", guard.Handler(tokens.IntrospectHandler()))
	mux.Handle("/open/introspect", tokens.IntrospectHandler())
	return mux
}

// A device keeps both tokens, as an app on a phone would.
type device struct {
	client
	refresh string
}

// newDevice returns one that has logged in.
func newDevice(t testing.TB, app http.Handler, user string) *device {
	t.Helper()
	d := &device{client: client{t: t, app: app}}
	d.keep(d.status("POST", "/login", 200, as(user)))
	return d
}

func (d *device) keep(w *httptest.ResponseRecorder) {
	d.t.Helper()
	resp := answerOf(d.t, w)
	d.token, d.refresh = resp.AccessToken, resp.RefreshToken
}

// post sends a form.
func (d *device) post(path string, params ...string) *httptest.ResponseRecorder {
	d.t.Helper()
	return d.do("POST", path, withForm(params...), func(r *http.Request) { r.Header.Del("Authorization") })
}

// present refreshes with a token, and keeps nothing.
func (d *device) present(token string) *httptest.ResponseRecorder {
	d.t.Helper()
	return d.post("/token", "grant_type", "refresh_token", "refresh_token", token)
}

// next refreshes with the current token, keeps what it gets, and returns the former tokens.
func (d *device) next() (access, refresh string) {
	d.t.Helper()
	access, refresh = d.token, d.refresh
	d.keep(d.present(refresh))
	return access, refresh
}

// wantGranted fails the test unless the token is answered with this successor.
func (d *device) wantGranted(token, successor string) {
	d.t.Helper()
	if got := answerOf(d.t, d.present(token)).RefreshToken; got != successor {
		d.t.Fatalf("another successor than before")
	}
}

// wantNoGrant fails the test unless the token is refused, for good and without a word more.
func (d *device) wantNoGrant(token string) {
	d.t.Helper()
	w := d.present(token)
	if w.Code != 400 || w.Body.String() != invalidGrant {
		d.t.Fatalf("status %d, body %s; want 400 and %s", w.Code, w.Body, invalidGrant)
	}
	if got := w.Header().Values("Set-Cookie"); got != nil {
		d.t.Fatalf("Set-Cookie %q", got) // RT-14
	}
}

// wantAccess asks a guarded page with the token.
func (d *device) wantAccess(token string, status int) {
	d.t.Helper()
	(&client{d.t, d.app, token}).status("GET", "/poll", status)
}

const invalidGrant = `{"error":"invalid_grant","error_description":"token is not good, or not any more"}` + "\n"

func withForm(params ...string) func(*http.Request) {
	form := url.Values{}
	for pair := range slices.Chunk(params, 2) {
		form.Add(pair[0], pair[1])
	}
	return withBody(form.Encode())
}

func withBody(body string) func(*http.Request) {
	return func(r *http.Request) {
		with := httptest.NewRequest(r.Method, r.URL.String(), strings.NewReader(body))
		r.Body, r.ContentLength = with.Body, with.ContentLength
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
}

func answerOf(t testing.TB, w *httptest.ResponseRecorder) jwtauth.Response {
	t.Helper()
	var resp jwtauth.Response
	if err := json.Unmarshal(w.Body.Bytes(), &resp); err != nil || w.Code != 200 || resp.AccessToken == "" || resp.RefreshToken == "" {
		t.Fatalf("status %d, no tokens (%v): %s", w.Code, err, w.Body)
	}
	return resp
}

// sessionOf returns the row of the session that an access token names, live or not.
func sessionOf(t testing.TB, s backends.Store, access string) backends.Session {
	t.Helper()
	row, _, err := s.FindByID(t.Context(), time.Now(), claimsOf(t, access)["sid"].(string))
	if row.ID == "" {
		t.Fatal(err)
	}
	return row
}

// atOnceEach calls do n times at the same time, and waits.
func atOnceEach(n int, do func(i int)) {
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-begin
			do(i)
		})
	}
	ready.Wait()
	close(begin)
	done.Wait()
}
