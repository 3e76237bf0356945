package features_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	_ "embed"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/examples/features"
	"github.com/inga-auth/inga/internal/pgtest"
)

//go:embed schema.sql
var schema string

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(pgtest.Main(m))
}

// A shop runs on a real PostgreSQL, behind TLS, so that cookies are what they are in production.
type shop struct {
	t      *testing.T
	db     *pgxpool.Pool
	own    string // the schema of its tables
	auth   string // that of inga's
	idp    *provider
	server *httptest.Server

	mu    sync.Mutex
	mails map[string]string
}

// newDatabase returns a shop that is not open yet.
func newDatabase(t *testing.T) *shop {
	t.Helper()
	s := &shop{t: t, own: pgtest.Schema(t), auth: pgtest.Schema(t), mails: map[string]string{}}
	s.db = pgtest.Pool(t, func(c *pgxpool.Config) { c.ConnConfig.RuntimeParams["search_path"] = s.own })
	s.exec("CREATE SCHEMA " + s.own)
	s.exec(schema)
	return s
}

// serve makes the handler what browsers reach.
func (s *shop) serve(handler http.Handler) {
	s.server = httptest.NewTLSServer(handler)
	s.t.Cleanup(s.server.Close)
}

func open(t *testing.T) *shop {
	t.Helper()
	s := newDatabase(t)
	s.idp = newProvider(t)
	var handler http.Handler // made below: it needs the URL of the server
	s.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	signing, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	handler, err = features.New(t.Context(), features.Config{
		DB: s.db, Users: s.own + ".auth_users", Schema: s.auth, URL: s.server.URL,
		Key: random(), RefreshKey: random(), SigningKey: signing, Mail: s.mail, Provider: s.idp.config(s.server.URL),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// store returns the store of a shop that is not open.
func (s *shop) store() *postgres.Store {
	s.t.Helper()
	store, err := postgres.New(postgres.Config{Pool: s.db, Schema: s.auth, Users: s.own + ".auth_users"})
	if err == nil {
		err = store.Migrate(s.t.Context())
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return store
}

func random() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return key
}

func (s *shop) exec(sql string, args ...any) {
	s.t.Helper()
	if _, err := s.db.Exec(context.WithoutCancel(s.t.Context()), sql, args...); err != nil {
		s.t.Fatal(err)
	}
}

// text returns what a query finds.
func (s *shop) text(sql string, args ...any) (text string) {
	s.t.Helper()
	if err := s.db.QueryRow(s.t.Context(), sql, args...).Scan(&text); err != nil {
		s.t.Fatal(err)
	}
	return text
}

// anHourPasses makes it an hour more since those who are logged in have authenticated.
func (s *shop) anHourPasses() {
	s.t.Helper()
	s.exec(`UPDATE ` + s.auth + `.sessions SET authenticated_at = authenticated_at - interval '1 hour'`)
}

func (s *shop) mail(address, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails[address] = text
}

// token returns the token of the last link that was mailed to the address.
func (s *shop) token(address string) string {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := url.Parse(s.mails[address])
	if err != nil || u.Query().Get("token") == "" {
		s.t.Fatalf("the mail to %s is %q", address, s.mails[address])
	}
	return u.Query().Get("token")
}

// A browser keeps cookies, and does not follow redirects by itself.
type browser struct {
	*shop
	client *http.Client
	sent   map[string]*http.Cookie // by the server, the last of each name
	origin string                  // of the page that sends requests, if not one of the shop
}

func (s *shop) browser() *browser {
	jar, _ := cookiejar.New(nil)
	c := *s.server.Client()
	c.Jar = jar
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{shop: s, client: &c, sent: map[string]*http.Cookie{}}
}

// restarted returns the browser as it is after it was closed: it has dropped what ends with it.
func (b *browser) restarted() *browser {
	again := b.browser()
	u, _ := url.Parse(b.server.URL)
	for _, c := range b.sent {
		if c.MaxAge > 0 {
			again.client.Jar.SetCookies(u, []*http.Cookie{c})
		}
	}
	return again
}

// at returns the same browser on a page of another site.
func (b *browser) at(origin string) *browser {
	there := *b
	there.origin = origin
	return &there
}

// An answer is a response that was read.
type answer struct {
	t *testing.T
	*http.Response
	text string
}

func (s *shop) do(c *http.Client, r *http.Request) answer {
	s.t.Helper()
	resp, err := c.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{s.t, resp, strings.TrimSpace(string(body))}
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	return b.send("GET", path, nil)
}

func (b *browser) post(path string, form ...string) answer {
	b.t.Helper()
	values := url.Values{}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	return b.send("POST", path, values)
}

func (b *browser) send(method, path string, form url.Values) answer {
	b.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = b.server.URL + path
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, path, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if b.origin != "" {
		r.Header.Set("Origin", b.origin)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	}
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	a := b.do(b.client, r)
	for _, c := range a.Cookies() {
		b.sent[c.Name] = c
	}
	return a
}

func (b *browser) login(email, password string, more ...string) answer {
	b.t.Helper()
	return b.post("/login", append(more, "email", email, "password", password)...)
}

// want checks the status, and what the page says or, of a redirect, where it leads.
func (a answer) want(status int, said string) answer {
	a.t.Helper()
	text := a.text
	if to := a.Header.Get("Location"); to != "" {
		text = to
	}
	if a.StatusCode != status || text != said {
		a.t.Errorf("%s %s: %d %q, want %d %q", a.Request.Method, a.Request.URL.Path, a.StatusCode, text, status, said)
	}
	return a
}

// An app is a client that is no browser.
type app struct {
	*shop
	header, value string
}

func (a app) send(method, path, contentType, body string) answer {
	a.t.Helper()
	r, err := http.NewRequestWithContext(a.t.Context(), method, a.server.URL+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if a.header != "" {
		r.Header.Set(a.header, a.value)
	}
	return a.do(a.server.Client(), r)
}

func (a app) get(path string) answer {
	a.t.Helper()
	return a.send("GET", path, "", "")
}

var problemType = regexp.MustCompile(`"type":"[^"]*/([^"/]*)"`)

// wantProblem checks a refusal that is no page.
func (a answer) wantProblem(status int, kind string) answer {
	a.t.Helper()
	got := ""
	if m := problemType.FindStringSubmatch(a.text); m != nil {
		got = m[1]
	}
	if a.StatusCode != status || got != kind {
		a.t.Errorf("%s %s: %d %q, want %d %q", a.Request.Method, a.Request.URL.Path, a.StatusCode, got, status, kind)
	}
	return a
}
