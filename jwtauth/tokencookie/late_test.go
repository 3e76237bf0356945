package tokencookie_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// In these tests a page takes 50 seconds, and its request is one that renews: its answer brings
// an access cookie, long after the session and the other cookies have changed.
const pageTime = 50 * time.Second

// A slowSite has, beside the pages of tokentest.CookieApp, /slow, and /own, which sets a cookie of
// its own in place of all others.
func slowSite(t *testing.T, j *tokentest.Journal) *tokentest.Browser {
	t.Helper()
	k := tokentest.NewCookies(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh, j.Use))
	guard, err := middleware.New(middleware.Config{Authenticator: k})
	if err != nil {
		t.Fatal(err)
	}
	private := middleware.Chain(guard.Handler, sliding.Handler)
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(pageTime)
		tokentest.Me(w, r)
	})
	mux := http.NewServeMux()
	mux.Handle("/", tokentest.CookieApp(t, k))
	mux.Handle("/slow", private(slow))
	mux.Handle("/cut", http.TimeoutHandler(private(slow), time.Second, ""))
	mux.Handle("/own", private(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Set-Cookie"] = []string{"theme=dark"}
		tokentest.Me(w, r)
	})))
	b := tokentest.NewBrowser(t, mux)
	b.Login("1")
	time.Sleep(3 * time.Minute) // a renewal is due
	return b
}

// begin sends a request in another tab, and returns a function that waits for its answer.
func begin(b *tokentest.Browser, path string) (answer func() *httptest.ResponseRecorder) {
	done := make(chan *httptest.ResponseRecorder, 1)
	tab := b.Copy()
	go func() { done <- tab.Send("GET", path) }()
	time.Sleep(time.Millisecond) // in the bubble: until it waits
	return func() *httptest.ResponseRecorder { return <-done }
}

func wantNoTheft(t *testing.T, j *tokentest.Journal) {
	t.Helper()
	if n := j.Count(middleware.EventTheft); n != 0 {
		t.Errorf("%d thefts, want none", n)
	}
}

func TestAPageThatIsCutByATimeoutHandlerLogsNobodyOut(t *testing.T) {
	// LO-14: the answer with the renewed cookie is thrown away.
	synctest.Test(t, func(t *testing.T) {
		var j tokentest.Journal
		b := slowSite(t, &j)
		for range 5 {
			tokentest.WantLines(t, b.Status("GET", "/cut", 503))
			b.Status("POST", "/refresh", 200)
			b.Expire()
			tokentest.WantLines(t, b.Status("GET", "/cut", 503))
			b.Status("GET", "/me", 200)
			time.Sleep(5 * time.Minute)
		}
		wantNoTheft(t, &j)
	})
}

func TestAHandlerThatReplacesAllCookiesLogsNobodyOut(t *testing.T) {
	// LO-14.
	synctest.Test(t, func(t *testing.T) {
		var j tokentest.Journal
		b := slowSite(t, &j)
		for range 20 {
			tokentest.WantLines(t, b.Status("GET", "/own", 200), "theme=dark")
			time.Sleep(5 * time.Minute)
		}
		b.Status("POST", "/refresh", 200)
		b.Status("GET", "/me", 200)
		wantNoTheft(t, &j)
	})
}

func TestAPageThatIsUnderWayWhileAnotherTabRefreshesHarmsNobody(t *testing.T) {
	// LO-14, RT-6.
	synctest.Test(t, func(t *testing.T) {
		var j tokentest.Journal
		b := slowSite(t, &j)
		for range 5 {
			answer := begin(b, "/slow")
			for range 3 {
				time.Sleep(tokentest.Grace + time.Second)
				b.Status("POST", "/refresh", 200)
				b.Status("GET", "/me", 200)
			}
			w := answer()
			tokentest.WantOK(t, w)
			refresh := b.Refresh()
			b.Keep(w)
			if b.Refresh() != refresh {
				t.Error("a page replaced the refresh cookie")
			}
			b.Status("GET", "/me", 200)
			time.Sleep(tokentest.Grace)
			b.Status("POST", "/refresh", 200)
			b.Status("GET", "/me", 200)
			time.Sleep(3 * time.Minute)
		}
		wantNoTheft(t, &j)
	})
}

func TestAnAnswerAfterALogoutOpensNothing(t *testing.T) {
	// LO-14.
	synctest.Test(t, func(t *testing.T) {
		var j tokentest.Journal
		b := slowSite(t, &j)
		answer := begin(b, "/slow")
		b.Status("POST", "/logout", 200)
		w := answer()
		tokentest.WantLines(t, w, "__Host-access=T; Path=/; Max-Age=300; HttpOnly; Secure; SameSite=Lax")
		b.Keep(w)
		tokentest.WantProblem(t, b.Do("GET", "/me"), 401, "no-credentials")
		if id := tokentest.IdentityOf(t, b.Status("GET", "/optional", 200)); id.Subject != "" {
			t.Errorf("user %s, want a visitor", id.Subject)
		}
		b.Login("2") // and what it left is in no one's way
		if id := tokentest.IdentityOf(t, b.Status("GET", "/me", 200)); id.Subject != "2" {
			t.Errorf("user %s, want 2", id.Subject)
		}
		wantNoTheft(t, &j)
	})
}

func TestAnAnswerAfterANewLoginDoesNotUndoIt(t *testing.T) {
	// LO-14.
	for _, user := range []string{"1", "2"} {
		synctest.Test(t, func(t *testing.T) {
			var j tokentest.Journal
			b := slowSite(t, &j)
			answer := begin(b, "/slow")
			b.Status("POST", "/logout", 200)
			b.Login(user)
			session := tokentest.SID(t, b.Access())
			b.Keep(answer())
			if tokentest.SID(t, b.Access()) == session {
				t.Fatal("the late answer brought no access cookie: nothing was tried")
			}
			for range 3 {
				if id := tokentest.IdentityOf(t, b.Status("GET", "/me", 200)); id.Subject != user || id.SessionID != session {
					t.Errorf("user %s in session %s, want %s in %s", id.Subject, id.SessionID, user, session)
				}
				time.Sleep(tokentest.Grace)
				b.Status("POST", "/refresh", 200)
			}
			wantNoTheft(t, &j)
		})
	}
}

func TestAnAnswerAfterAReauthenticationDoesNotUndoIt(t *testing.T) {
	// LO-14, SID-3: the access cookie that it brings is older than that, and is not good.
	synctest.Test(t, func(t *testing.T) {
		var j tokentest.Journal
		b := slowSite(t, &j)
		answer := begin(b, "/slow")
		b.Status("POST", "/prove", 200)
		b.Keep(answer())
		b.Status("GET", "/fresh", 200)
		b.Status("GET", "/otp", 200)
		b.Status("POST", "/refresh", 200)
		b.Status("GET", "/fresh", 200)
		wantNoTheft(t, &j)
	})
}
