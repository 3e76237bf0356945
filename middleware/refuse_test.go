package middleware_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// refusing is a handler that refuses everybody because of err.
func refusing(err error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { middleware.Refuse(w, r, err) })
}

// defaultLog returns what the default logger writes until the test ends.
func defaultLog(t *testing.T) *bytes.Buffer {
	t.Helper()
	var out bytes.Buffer
	log.SetOutput(&out)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	return &out
}

func TestAHandlerRefusesAsAGuardDoes(t *testing.T) {
	// ER-5, DV-8. The types are names that clients may compare: they are typed out here.
	defaultLog(t)
	for _, row := range []struct {
		err                error
		status             int
		kind, title, error string
	}{
		{middleware.ErrNoCredentials, 401, "no-credentials", "Authentication required", ""},
		{middleware.ErrInvalidCredentials, 401, "invalid-credentials", "Credentials are not valid", "invalid_token"},
		{middleware.ErrSessionExpired, 401, "session-expired", "Session has expired", "invalid_token"},
		{middleware.ErrSessionRevoked, 401, "session-revoked", "Session has been ended", "invalid_token"},
		{middleware.ErrSessionSuperseded, 401, "session-superseded", "Session has been ended by a newer login", "invalid_token"},
		{middleware.ErrSessionStolen, 401, "session-stolen", "Session has been ended because its token was used twice", "invalid_token"},
		{middleware.ErrUnproved, 401, "proof-required", "Proof of the device required", "invalid_token"},
		{middleware.ErrInsufficientAuthentication, 401, "insufficient-authentication", "Authenticate again", "insufficient_user_authentication"},
		{middleware.ErrMalformedRequest, 400, "malformed-request", "Request is malformed", "invalid_request"},
		{middleware.ErrForbidden, 403, "forbidden", "Not allowed", "insufficient_scope"},
		{middleware.ErrCrossOrigin, 403, "cross-origin", "Cross-origin request refused", ""},
		{middleware.ErrTooManySessions, 403, "too-many-sessions", "Too many sessions", ""},
		{middleware.ErrInvalidArgument, 500, "internal-error", "Internal error", ""},
		{middleware.ErrUnavailable, 503, "unavailable", "Try again later", ""},
		{tooSoon(time.Second), 429, "too-many-attempts", "Too many attempts", ""},
		{context.DeadlineExceeded, 503, "unavailable", "Try again later", ""},
		{named("unavailable"), 503, "unavailable", "Try again later", ""},
		{named("too-many-sessions"), 403, "too-many-sessions", "Too many sessions", ""},
		{named("not-found"), 404, "not-found", "Not found", ""},
		{named("conflict"), 409, "conflict", "Another change came first", ""},
		{named("unacceptable-input"), 422, "unacceptable-input", "Input is not acceptable", ""},
	} {
		t.Run(row.kind, func(t *testing.T) {
			wrapped := fmt.Errorf("log in: %w: the reason", row.err)
			body := fmt.Sprintf(`{"type":"https://inga-auth.github.io/problems/%s","title":"%s","status":%d,"retryable":%v}`+"\n",
				row.kind, row.title, row.status, row.status == 503 || row.status == 429)
			challenge := fmt.Sprintf("Test realm=\"inga\", error=%q", row.error)
			retry := ""
			if row.status == 429 || row.status >= 500 {
				challenge = ""
			}
			if row.status == 503 || row.status == 429 {
				retry = "1"
			}
			known := newGuard(t, middleware.Config{Authenticator: challenging{knows("ann")}})
			wrong := newGuard(t, middleware.Config{Authenticator: challenging{refuses(wrapped)}})
			ways := map[string]struct {
				h         http.Handler
				challenge string
			}{
				"the guard itself":         {wrong.Handler(whoami), challenge},
				"a handler inside a guard": {known.Handler(refusing(wrapped)), challenge},
				"a handler without one":    {refusing(wrapped), ""}, // no challenge
			}
			if row.status == 404 || row.status == 409 || row.status == 422 {
				delete(ways, "the guard itself") // of an authenticator these are outages
			}
			for name, way := range ways {
				w := get(way.h)
				if w.Code != row.status || w.Body.String() != body {
					t.Errorf("%s: %d %s, want %d %s", name, w.Code, w.Body, row.status, body)
				}
				for field, want := range map[string]string{
					"Content-Type": "application/problem+json", "Cache-Control": "no-store", "Vary": "Cookie, Authorization",
					"Retry-After": retry, "WWW-Authenticate": way.challenge,
				} {
					if got := strings.Join(w.Header().Values(field), " | "); got != want {
						t.Errorf("%s: %s %q, want %q", name, field, got, want)
					}
				}
			}
		})
	}
}

// A named error says which problem it is.
type named string

func (n named) Error() string   { return "named" }
func (n named) Problem() string { return string(n) }

func TestOnlyWhatCouldNotBeAskedIs503(t *testing.T) {
	// ER-1. An authenticator has a contract by which an unknown error is an outage, and handlers have none.
	defaultLog(t)
	for _, row := range []struct {
		err                    error
		authenticator, handler int
	}{
		{errors.New("SELECT * FROM users"), 503, 500},
		{errors.Join(errors.New("boom"), middleware.ErrUnavailable), 503, 503},
		{named("no such problem"), 503, 500},
		{named("not-found"), 503, 404},
		{named("conflict"), 503, 409},
		{middleware.ErrInvalidArgument, 500, 500},
		{fmt.Errorf("%w: %w", middleware.ErrInvalidCredentials, named("conflict")), 401, 401},
		{fmt.Errorf("%w: %w", middleware.ErrUnavailable, named("conflict")), 503, 503},
		{context.Canceled, 503, 503},
	} {
		if w := get(newGuard(t, middleware.Config{Authenticator: refuses(row.err)}).Handler(whoami)); w.Code != row.authenticator {
			t.Errorf("%v of an authenticator: %d, want %d", row.err, w.Code, row.authenticator)
		}
		if w := get(refusing(row.err)); w.Code != row.handler {
			t.Errorf("%v of a handler: %d, want %d", row.err, w.Code, row.handler)
		}
	}
}

// shop returns the Config of a guard that is unlike any other, and what it logs.
func shop(a middleware.Authenticator) (middleware.Config, *bytes.Buffer) {
	var log bytes.Buffer
	return middleware.Config{
		Authenticator: a,
		Roles:         []string{"user"},
		Realm:         "shop",
		Logger:        slog.New(slog.NewTextHandler(&log, nil)),
		Denier: middleware.DenierFunc(func(w http.ResponseWriter, _ *http.Request, d middleware.Denial) {
			w.WriteHeader(d.Status)
			fmt.Fprintf(w, "%s: %s", d.Realm, d.Title)
		}),
	}, &log
}

func TestRefuseAnswersAsTheGuardThatLetTheRequestPass(t *testing.T) {
	ann := middleware.Identity{Subject: "ann", SessionID: "ANN1", Method: "test", Roles: []string{"user"}}
	c, log := shop(challenging{&oracle{identity: ann}})
	g, another := newGuard(t, c), newGuard(t, middleware.Config{Authenticator: knows("bob")})
	same := newGuard(t, middleware.Config{Authenticator: c.Authenticator})
	for name, wrap := range map[string]func(http.Handler) http.Handler{
		"a guard":                g.Handler,
		"an optional guard":      g.Optional,
		"a guard with a rule":    require(t, g, middleware.HasRole("user")).Handler,
		"a guard inside another": middleware.Chain(another.Handler, g.Handler),
		"a guard inside another that asked the same authenticator": middleware.Chain(same.Handler, g.Handler),
		"an optional guard inside such a one":                      middleware.Chain(same.Handler, g.Optional),
	} {
		log.Reset()
		w := get(wrap(refusing(fmt.Errorf("%w: out of stock", middleware.ErrForbidden))))
		if w.Code != 403 || w.Body.String() != "shop: Not allowed" {
			t.Errorf("%s: %d %s, want 403 shop: Not allowed", name, w.Code, w.Body)
		}
		if got, want := w.Header().Get("WWW-Authenticate"), `Test realm="shop", error="insufficient_scope"`; got != want {
			t.Errorf("%s: WWW-Authenticate %s, want %s", name, got, want)
		}
		for _, word := range []string{"out of stock", "identity.subject=ann", "identity.session_id=ANN1", "status=403"} {
			if !strings.Contains(log.String(), word) {
				t.Errorf("%s: its log has no %s:\n%s", name, word, log)
			}
		}
	}
}

func TestRefuseAnswersTheAnonymousAsTheGuardThatLetThemPass(t *testing.T) {
	// An optional guard lets visitors pass whom a handler then sends to the login page.
	c, log := shop(challenging{refuses(middleware.ErrNoCredentials)})
	w := get(newGuard(t, c).Optional(refusing(fmt.Errorf("%w: members only", middleware.ErrForbidden))))
	if w.Code != 403 || w.Body.String() != "shop: Not allowed" {
		t.Errorf("%d %s, want 403 shop: Not allowed", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "members only") {
		t.Errorf("the guard's log does not say why:\n%s", log)
	}
}

func TestRefuseWithoutAGuardUsesTheDefaults(t *testing.T) {
	// It answers as a guard with the zero Config.
	out := defaultLog(t)
	get(refusing(fmt.Errorf("%w: members only", middleware.ErrForbidden)))
	for _, word := range []string{"INFO request refused", "members only", "status=403"} {
		if !strings.Contains(out.String(), word) {
			t.Errorf("the default log has no %s:\n%s", word, out)
		}
	}
	// The Denier is the default too: there is no login page that a browser could be sent to.
	if w := get(refusing(middleware.ErrNoCredentials), browser); w.Code != 401 || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("a browser: %d %s, want 401 and a problem", w.Code, w.Header().Get("Content-Type"))
	}
}

// browser asks for a page as browsers do.
func browser(r *http.Request) { r.Header.Set("Accept", "text/html,*/*;q=0.8") }

func TestWhoMustAuthenticateAgainIsSentToThePageForThat(t *testing.T) {
	// ER-4, AZ-4: a user who is logged in needs another page than one who is not.
	both := middleware.LoginRedirect{Path: "/login", Again: "/prove"}
	for _, row := range []struct {
		name     string
		denier   middleware.LoginRedirect
		err      error
		status   int
		location string
	}{
		{"again", both, middleware.ErrInsufficientAuthentication, 303, "/prove?next=%2Fpage%3Fq%3D1"},
		{"nobody", both, middleware.ErrNoCredentials, 303, "/login?next=%2Fpage%3Fq%3D1"},
		{"a session that has ended", both, middleware.ErrSessionRevoked, 303, "/login?next=%2Fpage%3Fq%3D1"},
		{"may not", both, middleware.ErrForbidden, 403, ""},
		{"again, with a query and a parameter", middleware.LoginRedirect{Path: "/login", Again: "/prove?by=otp", Param: "back"},
			middleware.ErrInsufficientAuthentication, 303, "/prove?by=otp&back=%2Fpage%3Fq%3D1"},
		{"again, without a page for that", middleware.LoginRedirect{Path: "/login"}, middleware.ErrInsufficientAuthentication, 303, "/login?next=%2Fpage%3Fq%3D1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			g := newGuard(t, middleware.Config{Authenticator: challenging{refuses(row.err)}, Denier: row.denier})
			w := get(g.Handler(whoami), browser)
			if w.Code != row.status || w.Header().Get("Location") != row.location {
				t.Errorf("got %d to %q, want %d to %q", w.Code, w.Header().Get("Location"), row.status, row.location)
			}
			// A program is not redirected.
			if w := get(g.Handler(whoami)); w.Code/100 != 4 || w.Header().Get("Location") != "" {
				t.Errorf("a program: got %d to %q, want a refusal", w.Code, w.Header().Get("Location"))
			}
		})
	}
}

func TestThePageToAuthenticateAgainMustBeLocal(t *testing.T) {
	for _, again := range foreign[1:] { // the first one is empty: the default
		err := middleware.LoginRedirect{Path: "/login", Again: again}.Validate()
		if err == nil || !strings.Contains(err.Error(), "LoginRedirect.Again") || strings.Contains(err.Error(), "LoginRedirect.Path") {
			t.Errorf("%q: want an error about LoginRedirect.Again alone, got %v", again, err)
		}
	}
	_, err := middleware.New(middleware.Config{Authenticator: knows("ann"), Denier: middleware.LoginRedirect{Path: "login", Again: "//evil.example"}})
	wantMentions(t, err, "Config.Denier", "LoginRedirect.Path", "LoginRedirect.Again")
	for _, l := range []middleware.LoginRedirect{{Path: "/login"}, {Path: "/login", Again: "/prove?by=otp"}} {
		if err := l.Validate(); err != nil {
			t.Errorf("%+v: %v", l, err)
		}
	}
}

func TestAFieldThatIsNotSetIsNoMistake(t *testing.T) {
	// Each mistake names its field: the one that has to be mended.
	err := middleware.LoginRedirect{Path: "login"}.Validate()
	if err == nil || strings.Contains(err.Error(), "LoginRedirect.Again") {
		t.Errorf("want an error about LoginRedirect.Path alone, got:\n%v", err)
	}
}

func TestARefusalHasNothingOfTheBodyThatAHandlerMeantToSend(t *testing.T) {
	g := newGuard(t, middleware.Config{Authenticator: knows("ann")})
	server := httptest.NewServer(g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{"Content-Length": "3", "Content-Encoding": "br", "ETag": `"a"`, "Last-Modified": "Mon, 02 Jan 2006 15:04:05 GMT"} {
			w.Header().Set(name, value)
		}
		middleware.Refuse(w, r, middleware.ErrForbidden)
	})))
	defer server.Close()
	res, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var problem struct{ Status int }
	if err := json.NewDecoder(res.Body).Decode(&problem); err != nil || problem.Status != 403 {
		t.Errorf("body %+v (%v), want the problem", problem, err)
	}
	for _, name := range []string{"Content-Encoding", "Etag", "Last-Modified"} {
		if got := res.Header.Get(name); got != "" {
			t.Errorf("%s %q, want none", name, got)
		}
	}
}

func TestATryThatCameTooSoonIsToldHowManyWholeSecondsToWait(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		time.Microsecond:                      "1",
		time.Second:                           "1",
		time.Second + time.Nanosecond:         "2",
		59*time.Minute + 999*time.Millisecond: "3541",
		100 * 24 * time.Hour:                  "8640000",
	} {
		var denied middleware.Denial
		guard := newGuard(t, middleware.Config{Authenticator: knows("ann"), Denier: middleware.DenierFunc(
			func(w http.ResponseWriter, r *http.Request, d middleware.Denial) {
				denied = d
				middleware.Problem(w, r, d)
			})})
		w := get(guard.Handler(refusing(tooSoon(wait))))
		if got := w.Header().Get("Retry-After"); w.Code != 429 || got != want || denied.RetryAfter != wait {
			t.Errorf("%v: %d, Retry-After %q, %v; want 429, %q", wait, w.Code, got, denied.RetryAfter, want)
		}
	}
}
