package middleware_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// acting is an oracle of root, who acts as ann, just now and by all methods.
func acting() *oracle {
	o := authenticated(time.Now(), "pwd", "otp")
	o.identity.Actor, o.identity.SessionID, o.identity.Roles = "root", "ANN1", []string{"user"}
	return o
}

func TestAnIdentityInWhichAnotherActsPassesNoRuleThatAsksForItsUser(t *testing.T) {
	for name, row := range map[string]struct {
		rule middleware.Authorizer
		want int
	}{
		"Fresh":  {middleware.Fresh(time.Hour), 403},
		"HasAMR": {middleware.HasAMR("pwd"), 403},
		"When Fresh, on a condition that it passes":  {middleware.When(middleware.HasRole("user"), middleware.Fresh(time.Hour)), 403},
		"When HasAMR, on one that it does not pass":  {middleware.When(middleware.HasRole("admin"), middleware.HasAMR("otp")), 403},
		"When HasRole, on one that it does not pass": {middleware.When(middleware.HasRole("admin"), middleware.HasRole("admin")), 200},
		"HasRole": {middleware.HasRole("user"), 200},
	} {
		var heard []middleware.Event
		g := newGuard(t, middleware.Config{Authenticator: acting(), Roles: []string{"user", "admin"}, Events: func(_ context.Context, e middleware.Event) { heard = append(heard, e) }})
		if w := get(require(t, g, row.rule).Handler(whoami)); w.Code != row.want {
			t.Errorf("%s: status %d, want %d", name, w.Code, row.want)
		}
		if row.want == 403 && (len(heard) != 1 || heard[0].Type != "denied" || heard[0].Reason != "forbidden" || heard[0].Subject != "ann" || heard[0].Actor != "root") {
			t.Errorf("%s: events %+v, want one denied that names both", name, heard)
		}
	}
}

func TestRefusingWhoActsAllocatesNothing(t *testing.T) {
	id := acting().identity
	for name, rule := range map[string]middleware.Authorizer{
		"Fresh": middleware.Fresh(time.Hour), "HasAMR": middleware.HasAMR("otp"), "When": middleware.When(middleware.HasRole("user"), middleware.HasAMR("otp")),
	} {
		if n := testing.AllocsPerRun(100, func() { _ = rule.Authorize(nil, id) }); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}

func TestALineOfTheLogNamesWhoActsToo(t *testing.T) {
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "identity", middleware.Identity{Subject: "ann", Method: "cookie", SessionID: "ANN1", Actor: "root"})
	const want = `"identity":{"subject":"ann","method":"cookie","session_id":"ANN1","actor":"root"}`
	if !strings.Contains(log.String(), want) {
		t.Errorf("%s, want it to contain %s", log.String(), want)
	}
}

func TestAnEventNamesWhoDidItAndNotAsWhom(t *testing.T) {
	ann := middleware.Identity{Subject: "ann", SessionID: "ANN1"}
	own := &oracle{identity: middleware.Identity{Subject: "root"}}
	for what, row := range map[string]struct {
		by    middleware.Authenticator // nil for no guard
		about middleware.Identity
		want  string
	}{
		"the user":                         {&oracle{identity: ann}, ann, ""},
		"an administrator":                 {own, ann, "root"},
		"who acts":                         {acting(), ann, "root"},
		"who acts, to a third user":        {acting(), middleware.Identity{Subject: "bob"}, "root"},
		"who acts, to themselves":          {acting(), middleware.Identity{Subject: "root"}, ""},
		"who begins to act":                {own, middleware.Identity{Subject: "ann", Actor: "root"}, "root"},
		"who acts, in a request of nobody": {nil, middleware.Identity{Subject: "ann", Actor: "root"}, "root"},
		"nobody":                           {nil, ann, ""},
	} {
		var got string
		h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = middleware.NewEvent(r, "x", row.about).Actor })
		if row.by == nil {
			h.ServeHTTP(nil, httptest.NewRequest("GET", "/", nil))
		} else {
			get(newGuard(t, middleware.Config{Authenticator: row.by}).Handler(h))
		}
		if got != row.want {
			t.Errorf("%s: actor %q, want %q", what, got, row.want)
		}
	}
}
