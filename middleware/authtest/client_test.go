package authtest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/authtest"
)

// ways are those of proving, each with the method that the identity has then.
func ways(a *app) map[string]func(user string) authtest.Login {
	return map[string]func(user string) authtest.Login{
		"cookie": a.byCookie, "bearer": a.byToken, "token-cookie": a.byTokenCookies,
	}
}

func TestAClientIsLoggedInOnAServer(t *testing.T) {
	a := newApp(t)
	for scheme, start := range map[string]func(http.Handler) *httptest.Server{"http": httptest.NewServer, "https": httptest.NewTLSServer} {
		server := start(a.handler)
		defer server.Close()
		for method, login := range ways(a) {
			t.Run(scheme+"/"+method, func(t *testing.T) {
				client := authtest.Client(t, server, login("1"))
				wantGet(t, client, server.URL+"/me", 200, "1 [user] by "+method)
				wantGet(t, client, "/me", 200, "1 [user] by "+method)
				wantGet(t, client, "/admin", 403, "forbidden")
				wantGet(t, client, server.URL+"/old", 200, "1 [user] by "+method)
				wantGet(t, client, "/old", 200, "1 [user] by "+method)
			})
		}
	}
}

func TestAClientIsLoggedInWithoutANetwork(t *testing.T) {
	for _, method := range []string{"cookie", "bearer", "token-cookie"} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newApp(t)
				client := authtest.InMemoryClient(t, a.handler, ways(a)[method]("1"))
				for range 6 { // a token lives for minutes: one that is renewed is taken over
					wantGet(t, client, "/me", 200, "1 [user] by "+method)
					time.Sleep(4 * time.Minute)
				}
				time.Sleep(30 * time.Minute)
				wantGet(t, client, "https://app.example/me", 401, "problem+json")
			})
		})
	}
}

func TestAClientLogsInAndOutThroughTheFrontDoor(t *testing.T) {
	a := newApp(t)
	server := httptest.NewServer(a.handler)
	defer server.Close()
	for name, client := range map[string]*http.Client{
		"server":    authtest.Client(t, server, nil),
		"in memory": authtest.InMemoryClient(t, a.handler, nil),
	} {
		t.Run(name, func(t *testing.T) {
			wantGet(t, client, "/me", 401, "no-credentials")
			resp, err := client.PostForm("/login", url.Values{"user": {"2"}})
			wantResponse(t, resp, err, 200, "2 [admin] by cookie")
			resp, err = client.Post("/logout", "", nil)
			wantResponse(t, resp, err, 200, "")
			wantGet(t, client, "/me", 401, "no-credentials")
		})
	}
}

func TestTwoClientsAreTwoPeople(t *testing.T) {
	a := newApp(t)
	one, two := authtest.InMemoryClient(t, a.handler, a.byCookie("1")), authtest.InMemoryClient(t, a.handler, a.byCookie("2"))
	wantGet(t, one, "/me", 200, "1 [user]")
	wantGet(t, two, "/me", 200, "2 [admin]")
}

func TestOtherHostsGetNoCredential(t *testing.T) {
	a := newApp(t)
	var got http.Header
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		w.Header().Set("Access-Token", "planted")
	}))
	defer elsewhere.Close()
	mux := http.NewServeMux()
	mux.Handle("/", a.handler)
	mux.Handle("/away", http.RedirectHandler(elsewhere.URL, http.StatusFound))
	server := httptest.NewServer(mux)
	defer server.Close()
	for method, login := range ways(a) {
		client := authtest.Client(t, server, login("1"))
		for _, target := range []string{elsewhere.URL, "/away"} {
			got = nil
			wantGet(t, client, target, 200, "")
			if got == nil || got["Authorization"] != nil || got["Cookie"] != nil {
				t.Errorf("%s: another host is sent %v by %s", method, got, target)
			}
		}
		wantGet(t, client, "/me", 200, "1 [user] by "+method)
	}
}

func TestInMemoryThereIsNoOtherServer(t *testing.T) {
	client := authtest.InMemoryClient(t, whoami, nil)
	for _, target := range []string{"https://login.example/", "http://app.example/"} {
		if resp, err := client.Get(target); err == nil || !strings.Contains(err.Error(), "there is only https://app.example") {
			t.Errorf("%s: %v, %v", target, resp, err)
		}
	}
}

func TestARequestKeepsAnAuthorizationOfItsOwn(t *testing.T) {
	a := newApp(t)
	client := authtest.InMemoryClient(t, a.handler, a.byToken("1"))
	r, err := http.NewRequest("GET", "/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer junk")
	resp, err := client.Do(r)
	wantResponse(t, resp, err, 401, "invalid-credentials")
	if r.URL.String() != "/me" {
		t.Errorf("the request that was given is changed: %s", r.URL)
	}
}

func TestALoginThatFailsFailsTheTest(t *testing.T) {
	a := newApp(t)
	for name, row := range map[string]struct {
		login authtest.Login
		want  string
	}{
		"an error": {a.byCookie("nobody"), "no such user"},
		"a status": {func(w http.ResponseWriter, r *http.Request) error { w.WriteHeader(403); return nil }, "status 403"},
		"nothing":  {func(http.ResponseWriter, *http.Request) error { return nil }, "no cookie is set"},
		"a forged token": {func(w http.ResponseWriter, _ *http.Request) error {
			_, _ = w.Write([]byte(`{"access_token":1}`))
			return nil
		}, "no access_token"},
	} {
		t.Run(name, func(t *testing.T) {
			wantFailures(t, failures(t, func(t testing.TB) { authtest.InMemoryClient(t, a.handler, row.login) }), row.want)
		})
	}
}

func TestTheEventsOfALoginSayWhoAndHow(t *testing.T) {
	a := newApp(t)
	authtest.InMemoryClient(t, a.handler, a.byCookie("1"))
	if e := a.events.Wait(t, middleware.EventLogin); e.Subject != "1" || e.Method != "cookie" {
		t.Errorf("event %+v", e)
	}
}
