package middleware_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/inga-auth/inga/middleware"
)

// failing is an authenticator whose sessions cannot be renewed because of err.
type failing struct {
	oracle
	err error
}

func (f *failing) Renew(http.Header, *http.Request, middleware.Identity) (middleware.Identity, bool, error) {
	return middleware.Identity{}, false, f.err
}

func TestARenewalThatFailsRefusesNothingAndIsLogged(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	leave()
	for _, row := range []struct {
		name string
		ctx  context.Context
		err  error
		want string // in the log
	}{
		{"an outage", t.Context(), errors.New("down"), "level=WARN msg=\"renewal failed\" identity.subject=ann"},
		{"the client has gone", gone, context.Canceled, "level=DEBUG msg=\"renewal failed\" identity.subject=ann"},
		{"a session that has ended", t.Context(), nil, ""},
	} {
		var log bytes.Buffer
		g := newGuard(t, middleware.Config{
			Authenticator: &failing{oracle{identity: middleware.Identity{Subject: "ann"}}, row.err},
			Logger:        slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})
		w := httptest.NewRecorder()
		g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			whoami(w, middleware.Renew(w, r))
		})).ServeHTTP(w, httptest.NewRequestWithContext(row.ctx, "GET", "/", nil))
		if w.Code != 200 || w.Body.String() != "ann" {
			t.Errorf("%s: got %d %s, want 200 ann", row.name, w.Code, w.Body)
		}
		if !strings.Contains(log.String(), row.want) || row.want == "" && log.Len() > 0 {
			t.Errorf("%s: want %q in the log, got %q", row.name, row.want, &log)
		}
	}
}

func TestARequestWithoutAGuardIsNotRenewed(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	if got := middleware.Renew(httptest.NewRecorder(), r); got != r {
		t.Error("another request is returned, want the one that was given")
	}
}
