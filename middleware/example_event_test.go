package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/inga-auth/inga/middleware"
)

func ExampleNewEvent() {
	hook := func(_ context.Context, e middleware.Event) {
		fmt.Printf("%s %s %q %q\n", e.Type, e.Subject, e.IP, e.UserAgent)
	}
	r := httptest.NewRequest("POST", "/login", nil)
	r.Header.Set("User-Agent", "curl/8\nlogin ann")
	hook(r.Context(), middleware.NewEvent(r, middleware.EventLoginFailed, middleware.Identity{Subject: "ann"}))
	// Output: login_failed ann "192.0.2.1" "curl/8 login ann"
}

// What was typed as the name may be a password, typed into the wrong field, and the audit trail is
// read by many. password.Subject returns the ID of a user who exists, and "" for any other text.
func ExampleNewEvent_incorrect() {
	hook := func(_ context.Context, e middleware.Event) { fmt.Printf("%s %q\n", e.Type, e.Subject) }
	r := httptest.NewRequest("POST", "/login", strings.NewReader("name=ann+likes+tea&password="))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	hook(r.Context(), middleware.NewEvent(r, middleware.EventLoginFailed, middleware.Identity{Subject: r.PostFormValue("name")}))
	hook(r.Context(), middleware.NewEvent(r, middleware.EventLoginFailed, middleware.Identity{Subject: ""})) // right: password.Subject(err)
	// Output:
	// login_failed "ann likes tea"
	// login_failed ""
}

// In a job that a request has started, the context knows who sent the request.
func ExampleNewEventContext() {
	guard, err := middleware.New(middleware.Config{Authenticator: key(middleware.Identity{Subject: "root"})})
	if err != nil {
		log.Fatal(err)
	}
	endSessions := func(ctx context.Context, user string) {
		e := middleware.NewEventContext(ctx, middleware.EventRevoked, middleware.Identity{Subject: user})
		fmt.Printf("%s of %s by %s at %s\n", e.Type, e.Subject, e.Actor, e.IP)
	}
	h := guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { endSessions(r.Context(), "ann") }))
	ask(h, "DELETE", "/users/ann/sessions", "root")
	// Output: revoked of ann by root at 192.0.2.1
}

// Forged and dead credentials are counted by their kind, beside the log.
func ExampleAllEvents() {
	counts := map[string]int{} // a metric, which is safe for concurrent use
	count := func(_ context.Context, e middleware.Event) { counts[string(e.Type)+" "+e.Reason]++ }
	guard, err := middleware.New(middleware.Config{
		Authenticator: key(middleware.Identity{Subject: "ann"}),
		Events:        middleware.AllEvents(middleware.LogEvents(slog.Default()), count),
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, who := range []string{"bob", "bob", "", "ann"} { // bob's key is forged, and "" sends none
		ask(guard.Handler(whoami), "GET", "/", who)
	}
	fmt.Println(counts)
	// Output: map[refused invalid_credentials:2]
}

// A hook takes the place of the log: one that only counts leaves no line about a theft anywhere.
func ExampleAllEvents_incorrect() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	stolen := 0
	count := func(_ context.Context, e middleware.Event) {
		if e.Type == middleware.EventTheft {
			stolen++
		}
	}
	theft := middleware.Event{Type: middleware.EventTheft, Subject: "ann"}
	wrong := middleware.EventHook(count) // as session.Config.Events
	right := middleware.AllEvents(middleware.LogEvents(logger), wrong)
	wrong(context.Background(), theft)
	fmt.Println(stolen)
	right(context.Background(), theft)
	fmt.Println(stolen)
	// Output:
	// 1
	// level=WARN msg="session event" event.type=theft event.subject=ann
	// 2
}

func ExampleLogEvents() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
	guard, err := middleware.New(middleware.Config{
		Authenticator: key(middleware.Identity{Subject: "ann", Roles: []string{"user"}}),
		Roles:         []string{"user", "admin"},
		Logger:        slog.New(slog.DiscardHandler),
		Events:        middleware.LogEvents(logger), // the same one for session.Config
	})
	if err != nil {
		log.Fatal(err)
	}
	admins, err := guard.Require(middleware.HasRole("admin"))
	if err != nil {
		log.Fatal(err)
	}
	ask(admins.Handler(whoami), "GET", "/admin", "ann")
	// Output: level=INFO msg="session event" event.type=denied event.subject=ann event.method=api-key event.reason=forbidden event.ip=192.0.2.1
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

func ExampleEndWithSession() {
	soon := time.Now().Add(10 * time.Millisecond) // a session of ours may also be revoked
	guard, err := middleware.New(middleware.Config{
		Authenticator: key(middleware.Identity{Subject: "ann", ExpiresAt: soon}),
	})
	if err != nil {
		log.Fatal(err)
	}
	events := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "event: hello")
		<-r.Context().Done() // and what there is to send
		if errors.Is(context.Cause(r.Context()), middleware.ErrSessionExpired) {
			fmt.Fprintln(w, "event: bye")
		}
	})
	private := middleware.Chain(guard.Handler, middleware.EndWithSession)
	fmt.Print(ask(private(events), "GET", "/events", "ann").Body)
	// Output:
	// event: hello
	// event: bye
}

// Outside the guard there is no session yet that could end.
func ExampleEndWithSession_incorrect() {
	guard, err := middleware.New(middleware.Config{
		Authenticator: key(middleware.Identity{Subject: "ann", ExpiresAt: time.Now().Add(-time.Second)}),
	})
	if err != nil {
		log.Fatal(err)
	}
	events := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Done() == nil { // that of this request does not end by itself
			fmt.Fprint(w, "goes on for ever")
			return
		}
		<-r.Context().Done()
		fmt.Fprint(w, "ended")
	})
	wrong := middleware.Chain(middleware.EndWithSession, guard.Handler)
	right := middleware.Chain(guard.Handler, middleware.EndWithSession)
	fmt.Println(ask(wrong(events), "GET", "/events", "ann").Body)
	fmt.Println(ask(right(events), "GET", "/events", "ann").Body)
	// Output:
	// goes on for ever
	// ended
}
