package middleware_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/clientip"
)

// recording is an event hook that remembers.
type recording struct{ events []middleware.Event }

func (rec *recording) hook(_ context.Context, e middleware.Event) { rec.events = append(rec.events, e) }

// inside returns a request as a handler gets it behind a guard that knows the identity.
func inside(t *testing.T, id middleware.Identity, edit ...func(*http.Request)) *http.Request {
	t.Helper()
	var inner *http.Request
	get(newGuard(t, middleware.Config{Authenticator: &oracle{identity: id}}).Handler(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { inner = r })), edit...)
	return inner
}

func userAgent(s string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("User-Agent", s) }
}

func TestAnEventSaysWhatHappenedToWhomWhenAndFromWhere(t *testing.T) {
	// OB-1. The clock of the bubble stands at midnight UTC, 2000-01-01.
	synctest.Test(t, func(t *testing.T) {
		ann := middleware.Identity{Subject: "ann", SessionID: "ANN1", Method: "cookie", Roles: []string{"user"}, Claims: `{"secret":1}`}
		midnight := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
		for _, row := range []struct {
			name string
			r    *http.Request
			want middleware.Event
		}{
			{"nobody sends it", httptest.NewRequest("GET", "/", nil),
				middleware.Event{Type: "login", Time: midnight, Subject: "ann", SessionID: "ANN1", Method: "cookie", IP: "192.0.2.1"}},
			{"the one it is about", inside(t, ann, userAgent("curl/8.5.0")),
				middleware.Event{Type: "login", Time: midnight, Subject: "ann", SessionID: "ANN1", Method: "cookie", IP: "192.0.2.1", UserAgent: "curl/8.5.0"}},
			{"somebody else", inside(t, middleware.Identity{Subject: "root", SessionID: "ROOT1", Method: "bearer"}, userAgent("curl/8.5.0")),
				middleware.Event{Type: "login", Time: midnight, Subject: "ann", SessionID: "ANN1", Method: "cookie", Actor: "root", IP: "192.0.2.1", UserAgent: "curl/8.5.0"}},
		} {
			got := middleware.NewEvent(row.r, middleware.EventLogin, ann)
			if got != row.want {
				t.Errorf("%s: got %+v, want %+v", row.name, got, row.want)
			}
			if got.Time.Location() != time.UTC {
				t.Errorf("%s: the time is in %v, want UTC", row.name, got.Time.Location())
			}
		}
	})
}

func TestAnEventHasTheAddressThatPackageClientIPFinds(t *testing.T) {
	// AZ-3, OB-1
	for _, row := range []struct {
		name, remote string
		proxies      bool
		want         string
	}{
		{"of the connection", "198.51.100.1:443", false, "198.51.100.1"},
		{"not what the client says", "198.51.100.1:443", true, "198.51.100.1"},
		{"what a trusted proxy says", "10.0.0.1:443", true, "203.0.113.9"},
		{"IPv6 without its zone", "[fe80::9%eth0]:443", false, "fe80::9"},
		{"none", "@", false, ""},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = row.remote
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		var e middleware.Event
		var h http.Handler = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			e = middleware.NewEvent(r, middleware.EventLogin, middleware.Identity{})
		})
		if row.proxies {
			proxies, err := clientip.New(clientip.Config{Trusted: []string{"10.0.0.0/8"}})
			if err != nil {
				t.Fatal(err)
			}
			h = proxies.Handler(h)
		}
		h.ServeHTTP(nil, r)
		if e.IP != row.want {
			t.Errorf("%s: IP %q, want %q", row.name, e.IP, row.want)
		}
	}
}

func TestWhatAClientSendsIsCleanInAnEvent(t *testing.T) {
	// OB-1, ASVS 16.4.1: spaces for control characters, and nothing that is no text.
	for _, row := range []struct{ name, sent, want string }{
		{"plain", "Mozilla/5.0 (X11; Linux)", "Mozilla/5.0 (X11; Linux)"},
		{"not ASCII", "인가/1.0 naïve", "인가/1.0 naïve"},
		{"a line", "curl\r\ntime=now level=ERROR msg=forged", "curl  time=now level=ERROR msg=forged"},
		{"colour", "curl\x1b[31mred", "curl [31mred"},
		{"null, tab, delete", "a\x00b\tc\x7fd", "a b c d"},
		{"control characters of Latin-1", "a\u0085b\u009bc", "a b c"},
		{"line separators of Unicode", "a\u2028b\u2029c", "a b c"},
		{"text that runs backwards", "a\u202egnp.exe", "a gnp.exe"},
		{"space around", " \n curl \n", "curl"},
		{"nothing else", "\r\n\r\n", ""},
		{"no UTF-8", "\xffcurl\xc3", "curl"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := httptest.NewRequest("POST", "/login", nil)
			r.Header["User-Agent"] = []string{row.sent}
			e := middleware.NewEvent(r, middleware.EventLoginFailed, middleware.Identity{Subject: row.sent})
			if e.UserAgent != row.want {
				t.Errorf("user agent %q, want %q", e.UserAgent, row.want)
			}
			if e.Subject != row.want {
				t.Errorf("subject %q, want %q", e.Subject, row.want)
			}
		})
	}
}

func TestWhatAClientSendsIsCutInAnEvent(t *testing.T) {
	r := httptest.NewRequest("POST", "/login", nil)
	r.Header.Set("User-Agent", strings.Repeat("é", 1000))
	e := middleware.NewEvent(r, middleware.EventLoginFailed, middleware.Identity{Subject: strings.Repeat("é", 1000)})
	// Two bytes each: the user agent has room for 256 of them, and 255 bytes for 127.
	if want := strings.Repeat("é", 256); e.UserAgent != want {
		t.Errorf("user agent has %d bytes, want 512 and no half of a letter", len(e.UserAgent))
	}
	if want := strings.Repeat("é", 127); e.Subject != want {
		t.Errorf("subject has %d bytes, want 254 and no half of a letter", len(e.Subject))
	}
}

func TestNoTextOfAnEventHasControlCharacters(t *testing.T) {
	// OB-1. A certificate's common name may hold anything, and it is a subject.
	const forged = "x\r\nlevel=ERROR msg=forged"
	r := inside(t, middleware.Identity{Subject: "root" + forged}, userAgent(forged))
	e := middleware.NewEvent(r, middleware.EventRevoked, middleware.Identity{Subject: forged, SessionID: forged, Method: forged})
	for field, text := range map[string]string{
		"Subject": e.Subject, "SessionID": e.SessionID, "Method": e.Method, "Actor": e.Actor, "UserAgent": e.UserAgent,
	} {
		if text == "" {
			t.Errorf("%s is empty, want what was printable", field)
		}
		if strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("%s is %q, which has control characters", field, text)
		}
	}
}

// A rawHandler writes records as they are: the worst handler that a log may have.
type rawHandler struct {
	slog.Handler
	w io.Writer
}

func (h rawHandler) Handle(_ context.Context, rec slog.Record) error {
	line := rec.Level.String() + " " + rec.Message
	rec.Attrs(func(a slog.Attr) bool {
		line += " " + a.Key + "=" + a.Value.Resolve().String()
		return true
	})
	_, err := fmt.Fprintln(h.w, line)
	return err
}

func TestNothingThatAClientSendsForgesALineOfTheLog(t *testing.T) {
	// OB-1, ASVS 16.4.1: one event is one line, whatever the handler escapes.
	const forged = "x\r\n{\"level\":\"ERROR\",\"msg\":\"forged\"}\nlevel=ERROR msg=forged\n"
	debug := &slog.HandlerOptions{Level: slog.LevelDebug}
	var log bytes.Buffer
	for name, handler := range map[string]slog.Handler{
		"text": slog.NewTextHandler(&log, debug),
		"JSON": slog.NewJSONHandler(&log, debug),
		"raw":  rawHandler{slog.NewTextHandler(&log, debug), &log},
	} {
		log.Reset()
		r := httptest.NewRequest("POST", "/login", nil)
		r.Header["User-Agent"] = []string{forged}
		e := middleware.NewEvent(r, middleware.EventLoginFailed, middleware.Identity{Subject: forged})
		middleware.LogEvents(slog.New(handler))(t.Context(), e)
		if lines := strings.Count(log.String(), "\n"); lines != 1 {
			t.Errorf("%s: %d lines, want 1:\n%s", name, lines, &log)
		}
		if !strings.Contains(log.String(), "session event") || strings.HasPrefix(log.String(), "level=ERROR") {
			t.Errorf("%s: not the line of the event:\n%s", name, &log)
		}
	}
}

func TestTheftIsAWarningAndWhatHappensAllTheTimeIsForDebugging(t *testing.T) {
	for kind, want := range map[middleware.EventType]string{
		"login": "INFO", "login_failed": "INFO", "reauthenticated": "INFO", "renewed": "DEBUG", "logout": "INFO", "revoked": "INFO",
		"superseded": "INFO", "limit": "INFO", "denied": "INFO", "refused": "DEBUG", "refreshed": "DEBUG", "replayed": "DEBUG", "theft": "WARN", "of the application": "INFO",
	} {
		var log bytes.Buffer
		hook := middleware.LogEvents(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
		hook(t.Context(), middleware.Event{Type: kind})
		if !strings.Contains(log.String(), "level="+want+" ") {
			t.Errorf("%s: want %s, got %s", kind, want, &log)
		}
	}
}

func TestTheTypesOfEventsAreNamesThatStay(t *testing.T) {
	got := []middleware.EventType{
		middleware.EventLogin, middleware.EventLoginFailed, middleware.EventReauthenticated, middleware.EventRenewed, middleware.EventLogout,
		middleware.EventRevoked, middleware.EventSuperseded, middleware.EventLimit, middleware.EventDenied, middleware.EventRefused, middleware.EventRefreshed,
		middleware.EventReplayed, middleware.EventTheft, middleware.EventActing, middleware.EventActingEnded,
	}
	want := []middleware.EventType{
		"login", "login_failed", "reauthenticated", "renewed", "logout", "revoked", "superseded", "limit", "denied", "refused", "refreshed", "replayed", "theft", "acting", "acting_ended",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestALoggedEventSaysWhatIsKnownAndNothingElse(t *testing.T) {
	at := time.Date(2026, 2, 3, 4, 5, 6, 7000, time.UTC)
	for _, row := range []struct {
		name string
		e    middleware.Event
		want string
	}{
		{"all", middleware.Event{Type: "revoked", Time: at, Subject: "ann", SessionID: "ANN1", Method: "cookie", Reason: "credentials", Actor: "root", Count: 3, IP: "192.0.2.1", UserAgent: "curl/8.5.0"},
			`{"type":"revoked","time":"2026-02-03T04:05:06.000007Z","subject":"ann","session_id":"ANN1","method":"cookie","reason":"credentials","actor":"root","ip":"192.0.2.1","user_agent":"curl/8.5.0","count":3}`},
		{"little", middleware.Event{Type: "login_failed", Time: at, Subject: "bob"},
			`{"type":"login_failed","time":"2026-02-03T04:05:06.000007Z","subject":"bob"}`},
	} {
		var log bytes.Buffer
		middleware.LogEvents(slog.New(slog.NewJSONHandler(&log, nil)))(t.Context(), row.e)
		var record struct {
			Message string          `json:"msg"`
			Event   json.RawMessage `json:"event"`
		}
		if err := json.Unmarshal(log.Bytes(), &record); err != nil {
			t.Fatalf("%s: not one record: %v\n%s", row.name, err, &log)
		}
		if record.Message != "session event" || string(record.Event) != row.want {
			t.Errorf("%s: got %q and\n%s, want session event and\n%s", row.name, record.Message, record.Event, row.want)
		}
	}
}

type traceKey struct{}

// A contextHandler writes what a tracer has put into the context.
type contextHandler struct {
	slog.Handler
	seen *[]any
}

func (h contextHandler) Handle(ctx context.Context, _ slog.Record) error {
	*h.seen = append(*h.seen, ctx.Value(traceKey{}))
	return nil
}

func TestALoggedEventIsGivenTheContextOfItsRequest(t *testing.T) {
	var seen []any
	hook := middleware.LogEvents(slog.New(contextHandler{slog.NewTextHandler(io.Discard, nil), &seen}))
	hook(context.WithValue(t.Context(), traceKey{}, "trace 7"), middleware.Event{Type: "login"})
	if !slices.Equal(seen, []any{"trace 7"}) {
		t.Errorf("the handler saw %v, want once trace 7", seen)
	}
}

// objections are all kinds of error that a guard answers, with the reason of the event that it
// emits; "" for none.
var objections = []struct {
	name   string
	err    error
	reason string // of what a handler or a rule refuses
	wrong  string // of a credential that the authenticator refuses
}{
	{"no credentials", middleware.ErrNoCredentials, "", ""},
	{"invalid credentials", middleware.ErrInvalidCredentials, "", "invalid_credentials"},
	{"session expired", middleware.ErrSessionExpired, "", "session_expired"},
	{"session revoked", middleware.ErrSessionRevoked, "", "session_revoked"},
	{"session superseded", middleware.ErrSessionSuperseded, "", "session_superseded"},
	{"session stolen", middleware.ErrSessionStolen, "", "session_stolen"},
	{"unproved", middleware.ErrUnproved, "", "proof_required"},
	{"wrong password", wrongPassword{errors.New("wrong")}, "", "invalid_credentials"},
	{"malformed request", middleware.ErrMalformedRequest, "", "malformed_request"},
	{"unavailable", middleware.ErrUnavailable, "", ""},
	{"a mistake of the application", middleware.ErrInvalidArgument, "", ""},
	{"an error that nobody knows", errors.New("connection reset"), "", ""},
	{"the client has gone", context.Canceled, "", ""},
	{"insufficient authentication", middleware.ErrInsufficientAuthentication, "insufficient_authentication", ""},
	{"forbidden", middleware.ErrForbidden, "forbidden", ""},
	{"forbidden, with more to say", fmt.Errorf("%w: not\non Sundays", middleware.ErrForbidden), "forbidden", ""},
	{"cross-origin", middleware.ErrCrossOrigin, "cross_origin", ""},
	{"too many sessions", middleware.ErrTooManySessions, "too_many_sessions", ""},
	{"too many attempts", fmt.Errorf("log in: %w", tooSoon(time.Second)), "too_many_attempts", ""},
}

// tooSoon is an error as that of backends for a try that has to wait.
type tooSoon time.Duration

func (tooSoon) Error() string                    { return "too soon" }
func (e tooSoon) TooManyAttempts() time.Duration { return time.Duration(e) }

func TestAGuardTellsOfThoseWhoMayNotAndOfWrongCredentialsAndOfNothingElse(t *testing.T) {
	// OB-1: denials of authorization, and credentials that are not good. A 503 is neither.
	ann := middleware.Identity{Subject: "ann", SessionID: "ANN1", Method: "cookie"}
	for _, row := range objections {
		t.Run(row.name, func(t *testing.T) {
			var rec recording
			refused := newGuard(t, middleware.Config{Authenticator: refuses(row.err), Events: rec.hook})
			known := newGuard(t, middleware.Config{Authenticator: &oracle{identity: ann}, Events: rec.hook})
			for _, way := range []struct {
				name string
				h    http.Handler
				want middleware.Event
			}{
				{"the authenticator", refused.Handler(whoami), middleware.Event{}},
				{"a handler, by the guard", known.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { known.Refuse(w, r, row.err) })),
					middleware.Event{Subject: "ann", SessionID: "ANN1", Method: "cookie"}},
				{"a handler, by the function", known.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { middleware.Refuse(w, r, row.err) })),
					middleware.Event{Subject: "ann", SessionID: "ANN1", Method: "cookie"}},
			} {
				rec.events = nil
				get(way.h, userAgent("curl/8.5.0"))
				kind, reason := middleware.EventType("denied"), row.reason
				if way.name == "the authenticator" && row.wrong != "" {
					kind, reason = "refused", row.wrong
				}
				if reason == "" {
					if len(rec.events) != 0 {
						t.Errorf("%s: told %+v, want nothing", way.name, rec.events)
					}
					continue
				}
				want := way.want
				want.Type, want.Reason, want.IP, want.UserAgent = kind, reason, "192.0.2.1", "curl/8.5.0"
				if row.reason == "too_many_attempts" {
					want.Type = "throttled"
				}
				if len(rec.events) != 1 {
					t.Errorf("%s: %d events, want 1", way.name, len(rec.events))
					continue
				}
				got := rec.events[0]
				if got.Time.IsZero() || got.Time.Location() != time.UTC {
					t.Errorf("%s: time %v, want one in UTC", way.name, got.Time)
				}
				got.Time = time.Time{}
				if got != want {
					t.Errorf("%s: told %+v, want %+v", way.name, got, want)
				}
			}
		})
	}
}

func TestTheReasonsOfEventsAreNamesThatStay(t *testing.T) {
	got := []string{
		middleware.ReasonUnknownUser, middleware.ReasonUserDisabled, middleware.ReasonUserChanged, middleware.ReasonInvalidArgument, middleware.ReasonUnavailable,
		middleware.ReasonForbidden, middleware.ReasonCrossOrigin, middleware.ReasonTooManySessions, middleware.ReasonInsufficientAuthentication,
		middleware.ReasonInvalidCredentials, middleware.ReasonSessionExpired, middleware.ReasonSessionRevoked, middleware.ReasonSessionSuperseded,
		middleware.ReasonSessionStolen, middleware.ReasonMalformedRequest, middleware.ReasonProofRequired, middleware.ReasonInvalidProof,
	}
	want := []string{
		"unknown_user", "user_disabled", "user_changed", "invalid_argument", "unavailable",
		"forbidden", "cross_origin", "too_many_sessions", "insufficient_authentication",
		"invalid_credentials", "session_expired", "session_revoked", "session_superseded", "session_stolen", "malformed_request", "proof_required", "invalid_proof",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEveryReasonThatAGuardEmitsIsOneOfTheDocumentedConstants(t *testing.T) {
	// OB-1. The constants and the errors are those that the source declares, so that a new error
	// without a constant is noticed here.
	reasons := declared(t, "event.go", "Reason", func(spec *ast.ValueSpec) string {
		text, _ := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if spec.Doc == nil && spec.Comment == nil {
			t.Errorf("%s is not documented", spec.Names[0])
		}
		return text
	})
	emitted := 0
	for _, name := range declared(t, "errors.go", "Err", func(spec *ast.ValueSpec) string { return spec.Names[0].Name }) {
		err, ok := sentinels[name]
		if !ok {
			t.Errorf("%s is missing in the table of this test", name)
			continue
		}
		var rec recording
		get(newGuard(t, middleware.Config{Authenticator: refuses(err), Events: rec.hook}).Handler(whoami))
		for _, e := range rec.events {
			emitted++
			if !slices.Contains(reasons, e.Reason) {
				t.Errorf("%s: the reason %q is not one of the constants %q", name, e.Reason, reasons)
			}
		}
	}
	if emitted != 12 {
		t.Errorf("%d events, want 12: of the 3 refusals with 403, of the one that asks to authenticate again, and of the rest that is wrong", emitted)
	}
}

// sentinels are the errors of the package by their names.
var sentinels = map[string]error{
	"ErrNoCredentials": middleware.ErrNoCredentials, "ErrInvalidCredentials": middleware.ErrInvalidCredentials,
	"ErrSessionExpired": middleware.ErrSessionExpired, "ErrSessionRevoked": middleware.ErrSessionRevoked,
	"ErrSessionSuperseded": middleware.ErrSessionSuperseded, "ErrSessionStolen": middleware.ErrSessionStolen, "ErrUnproved": middleware.ErrUnproved,
	"ErrInsufficientAuthentication": middleware.ErrInsufficientAuthentication, "ErrMalformedRequest": middleware.ErrMalformedRequest,
	"ErrForbidden": middleware.ErrForbidden, "ErrCrossOrigin": middleware.ErrCrossOrigin, "ErrTooManySessions": middleware.ErrTooManySessions,
	"ErrInvalidArgument": middleware.ErrInvalidArgument, "ErrAmbientCredentials": middleware.ErrAmbientCredentials, "ErrUnavailable": middleware.ErrUnavailable, "ErrNoClaims": middleware.ErrNoClaims,
}

// declared returns what f says of each constant or variable of the file whose name begins so.
func declared(t *testing.T, file, prefix string, f func(*ast.ValueSpec) string) (found []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, prefix) {
			found = append(found, f(spec))
		}
		return true
	})
	if len(found) < 9 {
		t.Fatalf("%d names with %s in %s, want at least 9", len(found), prefix, file)
	}
	return found
}

func TestAnEventOfAContextHasTheActorAndTheClientOfItsRequest(t *testing.T) {
	// OB-1. The clock of the bubble stands at midnight UTC, 2000-01-01.
	synctest.Test(t, func(t *testing.T) {
		ann := middleware.Identity{Subject: "ann", SessionID: "ANN1", Method: "cookie"}
		root := middleware.Identity{Subject: "root", SessionID: "ROOT1", Method: "bearer"}
		midnight := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
		var visitor *http.Request
		get(newGuard(t, middleware.Config{Authenticator: refuses(middleware.ErrNoCredentials)}).Optional(
			http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { visitor = r })), userAgent("curl/8.5.0"))
		for _, row := range []struct {
			name string
			ctx  context.Context
			want middleware.Event
		}{
			{"no request", context.Background(),
				middleware.Event{Type: "revoked", Time: midnight, Subject: "ann", SessionID: "ANN1", Method: "cookie"}},
			{"a request without a guard", httptest.NewRequest("GET", "/", nil).Context(),
				middleware.Event{Type: "revoked", Time: midnight, Subject: "ann", SessionID: "ANN1", Method: "cookie"}},
			{"of the same user", inside(t, ann, userAgent("curl/8.5.0")).Context(),
				middleware.Event{Type: "revoked", Time: midnight, Subject: "ann", SessionID: "ANN1", Method: "cookie", IP: "192.0.2.1", UserAgent: "curl/8.5.0"}},
			{"of another user", inside(t, root, userAgent("curl/8.5.0")).Context(),
				middleware.Event{Type: "revoked", Time: midnight, Subject: "ann", SessionID: "ANN1", Method: "cookie", Actor: "root", IP: "192.0.2.1", UserAgent: "curl/8.5.0"}},
			{"of a user of the same name, from another issuer", inside(t, middleware.Identity{Subject: "ann", Issuer: "https://idp.example"}).Context(),
				middleware.Event{Type: "revoked", Time: midnight, Subject: "ann", SessionID: "ANN1", Method: "cookie", Actor: "ann", IP: "192.0.2.1"}},
			{"of a visitor", visitor.Context(),
				middleware.Event{Type: "revoked", Time: midnight, Subject: "ann", SessionID: "ANN1", Method: "cookie", IP: "192.0.2.1", UserAgent: "curl/8.5.0"}},
			{"of a context made from it", context.WithoutCancel(inside(t, root).Context()),
				middleware.Event{Type: "revoked", Time: midnight, Subject: "ann", SessionID: "ANN1", Method: "cookie", Actor: "root", IP: "192.0.2.1"}},
		} {
			if got := middleware.NewEventContext(row.ctx, middleware.EventRevoked, ann); got != row.want {
				t.Errorf("%s: got %+v, want %+v", row.name, got, row.want)
			}
		}
	})
}

func TestAGuardTellsOfTheObjectionsOfItsRules(t *testing.T) {
	// OB-1: those of Require too.
	for _, row := range []struct {
		name   string
		rule   middleware.Authorizer
		reason string
	}{
		{"a role", middleware.HasRole("admin"), "forbidden"},
		{"a scope", middleware.HasScope("write"), "forbidden"},
		{"freshness", middleware.Fresh(time.Minute), "insufficient_authentication"},
		{"a method", middleware.HasAMR("otp"), "insufficient_authentication"},
		{"a rule of the application", middleware.AuthorizerFunc(func(*http.Request, middleware.Identity) error { return errors.New("no") }), "forbidden"},
		{"a rule that cannot find out", middleware.AuthorizerFunc(func(*http.Request, middleware.Identity) error { return middleware.ErrUnavailable }), ""},
		{"a rule without an objection", middleware.AuthorizerFunc(func(*http.Request, middleware.Identity) error { return nil }), ""},
	} {
		var rec recording
		g := newGuard(t, middleware.Config{Authenticator: knows("ann"), Roles: []string{"admin"}, Events: rec.hook})
		var want []string
		if row.reason != "" {
			want = []string{"ann " + row.reason, "ann " + row.reason}
		}
		stricter := require(t, g, row.rule)
		get(stricter.Handler(whoami))
		get(stricter.Optional(whoami))
		var got []string
		for _, e := range rec.events {
			got = append(got, e.Subject+" "+e.Reason)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: told %q, want %q", row.name, got, want)
		}
	}
}

func TestAGuardTellsNothingOfThoseWhoPass(t *testing.T) {
	var rec recording
	known := newGuard(t, middleware.Config{Authenticator: knows("ann"), Events: rec.hook})
	nobody := newGuard(t, middleware.Config{Authenticator: refuses(middleware.ErrNoCredentials), Events: rec.hook})
	for name, h := range map[string]http.Handler{
		"known": known.Handler(whoami), "known, optional": known.Optional(whoami), "anonymous": nobody.Optional(whoami),
	} {
		if w := get(h); w.Code != 200 || len(rec.events) != 0 {
			t.Errorf("%s: status %d, told %+v; want 200 and nothing", name, w.Code, rec.events)
		}
	}
}

func TestAnEventIsToldBeforeTheAnswer(t *testing.T) {
	var order []string
	g := newGuard(t, middleware.Config{
		Authenticator: refuses(middleware.ErrForbidden),
		Events:        func(context.Context, middleware.Event) { order = append(order, "event") },
		Denier:        middleware.DenierFunc(func(http.ResponseWriter, *http.Request, middleware.Denial) { order = append(order, "answer") }),
	})
	get(g.Handler(whoami))
	if !slices.Equal(order, []string{"event", "answer"}) {
		t.Errorf("got %q, want the event and then the answer", order)
	}
}
