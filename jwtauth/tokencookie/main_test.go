package tokencookie_test

import (
	"net/http/httptest"
	"os"
	"testing"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/middleware"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// newBrowser returns a browser at an application whose sessions are in the store.
func newBrowser(t testing.TB, s backends.Store, edit ...func(*tokentest.Config)) *tokentest.Browser {
	t.Helper()
	edit = append([]func(*tokentest.Config){tokentest.WithRefresh}, edit...)
	return tokentest.NewBrowser(t, tokentest.CookieApp(t, tokentest.NewCookies(t, tokentest.New(t, s, edit...))))
}

// rotate refreshes, and fails the test unless the refresh token was replaced; see tokentest.Eager.
// It returns the former one.
func rotate(t testing.TB, b *tokentest.Browser) (former string) {
	t.Helper()
	former = b.Refresh()
	tokentest.Tick()
	b.Status("POST", "/refresh", 200)
	if b.Refresh() == former {
		t.Fatal("the refresh token was not replaced")
	}
	return former
}

// event is one about a session of user 1.
func event(what middleware.EventType, id, reason string) middleware.Event {
	return middleware.Event{Type: what, Subject: "1", SessionID: id, Method: "token-cookie", Reason: reason, IP: "192.0.2.1"}
}

// wantRemembered asks for a page until the answer comes from what is remembered.
func wantRemembered(t testing.TB, m *storetest.Memo, ask func() *httptest.ResponseRecorder) {
	t.Helper()
	before := m.Asked.Load()
	for range 4 {
		tokentest.WantOK(t, ask())
	}
	if got := m.Asked.Load() - before; got > 2 {
		t.Fatalf("four requests asked the store %d times, want twice at the most", got)
	}
}
