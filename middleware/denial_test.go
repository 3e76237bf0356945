package middleware_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/inga-auth/inga/middleware"
)

func TestAProblemIsRFC9457(t *testing.T) {
	// ER-5. The types are names that clients may compare: they are typed out here.
	for _, row := range []struct {
		err  error
		body map[string]any
	}{
		{middleware.ErrNoCredentials, map[string]any{"type": "https://inga-auth.github.io/problems/no-credentials", "title": "Authentication required", "status": 401.0, "retryable": false}},
		{middleware.ErrInvalidCredentials, map[string]any{"type": "https://inga-auth.github.io/problems/invalid-credentials", "title": "Credentials are not valid", "status": 401.0, "retryable": false}},
		{middleware.ErrMalformedRequest, map[string]any{"type": "https://inga-auth.github.io/problems/malformed-request", "title": "Request is malformed", "status": 400.0, "retryable": false}},
		{middleware.ErrCrossOrigin, map[string]any{"type": "https://inga-auth.github.io/problems/cross-origin", "title": "Cross-origin request refused", "status": 403.0, "retryable": false}},
		{middleware.ErrForbidden, map[string]any{"type": "https://inga-auth.github.io/problems/forbidden", "title": "Not allowed", "status": 403.0, "retryable": false}},
		{middleware.ErrInvalidArgument, map[string]any{"type": "https://inga-auth.github.io/problems/internal-error", "title": "Internal error", "status": 500.0, "retryable": false}},
		{errors.New("SELECT * FROM users"), map[string]any{"type": "https://inga-auth.github.io/problems/unavailable", "title": "Try again later", "status": 503.0, "retryable": true}},
	} {
		w := get(newGuard(t, middleware.Config{Authenticator: refuses(row.err)}).Handler(whoami))
		if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%v: Content-Type %q, want application/problem+json", row.err, got)
		}
		var got map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(row.body) {
			t.Errorf("body %v, want %v", got, row.body)
		}
	}
}

func TestGuardedResponsesAreNotShared(t *testing.T) {
	// ER-6, for passed and refused requests alike.
	for name, a := range map[string]*oracle{
		"passed":    knows("ann"),
		"refused":   refuses(middleware.ErrInvalidCredentials),
		"anonymous": refuses(middleware.ErrNoCredentials),
		"outage":    refuses(errors.New("down")),
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuard(t, middleware.Config{Authenticator: a})
			notModified := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(304) })
			for _, h := range []http.Handler{g.Handler(whoami), g.Optional(g.Handler(whoami)), g.Optional(notModified)} {
				w := get(h)
				if got := w.Header().Get("Cache-Control"); got != "no-store" {
					t.Errorf("Cache-Control %q, want no-store", got)
				}
				if got := w.Header().Values("Vary"); len(got) != 1 || got[0] != "Cookie, Authorization" {
					t.Errorf("Vary %q, want once Cookie, Authorization", got)
				}
			}
		})
	}
}

func TestAHandlerMayOverrideTheCachingKnowingly(t *testing.T) {
	g := newGuard(t, middleware.Config{Authenticator: knows("ann")})
	w := get(g.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "private, max-age=60")
		w.Header().Add("Vary", "Accept")
	})))
	if got := w.Header().Get("Cache-Control"); got != "private, max-age=60" {
		t.Errorf("Cache-Control %q, want the handler's", got)
	}
	if got := strings.Join(w.Header().Values("Vary"), ", "); got != "Cookie, Authorization, Accept" {
		t.Errorf("Vary %q, want ours and the handler's", got)
	}
}

func TestCachingHeadersOfAMiddlewareOutsideDoNotMakeAGuardedResponsePublic(t *testing.T) {
	g := newGuard(t, middleware.Config{Authenticator: knows("ann")})
	w := get(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=3600")
		w.Header().Set("Vary", "Accept-Encoding")
		g.Handler(whoami).ServeHTTP(w, r)
	}))
	if got := strings.Join(w.Header().Values("Vary"), ", "); got != "Accept-Encoding, Cookie, Authorization" {
		t.Errorf("Vary %q, want what was there and ours", got)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q, want no-store", got)
	}
}

type challenging struct{ *oracle }

func (challenging) Challenge(_ *http.Request, d middleware.Denial) string {
	return fmt.Sprintf("Test realm=%q, error=%q", d.Realm, d.Code)
}

func TestTheChallengeIsTheAuthenticatorsOwn(t *testing.T) {
	for _, row := range []struct {
		name string
		a    middleware.Authenticator
		want string
	}{
		{"none without one", refuses(middleware.ErrInvalidCredentials), ""},
		{"its own", challenging{refuses(middleware.ErrInvalidCredentials)}, `Test realm="inga", error="invalid_token"`},
		{"of the first in a list that has one", middleware.FirstOf(challenging{refuses(middleware.ErrNoCredentials)}, refuses(middleware.ErrNoCredentials), challenging{refuses(middleware.ErrNoCredentials)}), `Test realm="inga", error=""`},
		{"of the second in a list", middleware.FirstOf(refuses(middleware.ErrNoCredentials), challenging{refuses(middleware.ErrNoCredentials)}), `Test realm="inga", error=""`},
		{"none for an outage", challenging{refuses(errors.New("down"))}, ""},
		{"none for a mistake of the application", challenging{refuses(middleware.ErrInvalidArgument)}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := get(newGuard(t, middleware.Config{Authenticator: row.a}).Handler(whoami))
			if got := w.Header().Get("WWW-Authenticate"); got != row.want {
				t.Errorf("WWW-Authenticate %q, want %q", got, row.want)
			}
		})
	}
}

func TestADenierOfTheApplicationWritesTheAnswer(t *testing.T) {
	g := newGuard(t, middleware.Config{
		Authenticator: refuses(errors.New("down")),
		Denier: middleware.DenierFunc(func(w http.ResponseWriter, _ *http.Request, d middleware.Denial) {
			w.WriteHeader(d.Status)
			fmt.Fprint(w, "sorry")
		}),
	})
	w := get(g.Handler(whoami))
	if w.Code != 503 || w.Body.String() != "sorry" || w.Header().Get("Retry-After") != "1" {
		t.Errorf("got %d %q, Retry-After %q; want 503, sorry, 1", w.Code, w.Body, w.Header().Get("Retry-After"))
	}
}

func TestRefuseGivesTheErrorOfALoginTheSameStatus(t *testing.T) {
	g := newGuard(t, middleware.Config{Authenticator: refuses(middleware.ErrNoCredentials)})
	w := get(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.Refuse(w, r, fmt.Errorf("log in: %w", middleware.ErrCrossOrigin))
	}))
	if w.Code != 403 {
		t.Errorf("status %d, want 403", w.Code)
	}
}

func TestTheReasonIsLoggedAndOneRequestIsOneLine(t *testing.T) {
	var log bytes.Buffer
	g := newGuard(t, middleware.Config{
		Authenticator: refuses(fmt.Errorf("%w: revoked\nlevel=ERROR msg=forged", middleware.ErrInvalidCredentials)),
		Logger:        slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	get(g.Handler(whoami), func(r *http.Request) { r.URL.Path = "/a\nb" })
	if lines := strings.Count(log.String(), "\n"); lines != 1 {
		t.Errorf("%d lines, want 1:\n%s", lines, &log)
	}
	for _, word := range []string{"revoked", "status=401", "request_method=GET"} {
		if !strings.Contains(log.String(), word) {
			t.Errorf("log has no %q:\n%s", word, &log)
		}
	}
	if strings.Contains(log.String(), "q=1") {
		t.Errorf("the query, which may hold anything, was logged:\n%s", &log)
	}
}

func TestOnlyAnOutageAndAMistakeOfTheApplicationAreLoggedAsErrors(t *testing.T) {
	for err, want := range map[error]string{
		middleware.ErrNoCredentials:      "level=DEBUG",
		middleware.ErrInvalidCredentials: "level=DEBUG",
		middleware.ErrForbidden:          "level=INFO",
		middleware.ErrUnavailable:        "level=ERROR",
		middleware.ErrInvalidArgument:    "level=ERROR",
	} {
		var log bytes.Buffer
		get(newGuard(t, middleware.Config{
			Authenticator: refuses(err),
			Logger:        slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		}).Handler(whoami))
		if !strings.Contains(log.String(), want) {
			t.Errorf("%v: want %s, got %s", err, want, &log)
		}
	}
}

type wrongPassword struct{ error }

func (wrongPassword) InvalidCredentials() bool { return true }

func TestAnErrorOfAnotherPackageCanSayThatACredentialIsWrong(t *testing.T) {
	g := newGuard(t, middleware.Config{Authenticator: refuses(middleware.ErrNoCredentials)})
	w := get(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.Refuse(w, r, fmt.Errorf("log in: %w", wrongPassword{errors.New("wrong password")}))
	}))
	if w.Code != 401 {
		t.Errorf("status %d, want 401", w.Code)
	}
}
