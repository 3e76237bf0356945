package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/inga-auth/inga/middleware"
)

// A jar is what a browser sends as cookies.
type jar map[string]string

func (p *program) post(path, body string, cookies jar) (int, jar, map[string]any) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for name, value := range cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Error(err)
		return 0, nil, nil
	}
	defer res.Body.Close()
	var data map[string]any
	_ = json.NewDecoder(res.Body).Decode(&data) // nothing, for a logout
	set := jar{}
	for _, c := range res.Cookies() {
		set[c.Name] = c.Value
	}
	return res.StatusCode, set, data
}

func (p *program) login() jar {
	p.t.Helper()
	status, cookies, _ := p.post("/login", `{"name":"ann","password":"ann-likes-tea"}`, nil)
	delete(cookies, "__Host-device")
	if status != 200 || len(cookies) != 2 {
		p.t.Fatalf("login: status %d and %d cookies of tokens, want 200 and two", status, len(cookies))
	}
	return cookies
}

func TestAHundredRefreshesAtOnceGetTheSameSuccessor(t *testing.T) {
	// RT-3.
	t.Parallel()
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, append(flags, "-refresh-overlap", "1ns")...)
		old := p.login()
		met := p.gather(100)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if status, _, _ := p.post("/refresh", "", old); status != 200 {
					t.Errorf("status %d, want 200", status)
				}
			})
		}
		all.Wait()
		await(t, "a hundred come at once", met)
		if rotated, again := p.count(middleware.EventRefreshed), p.count(middleware.EventReplayed); rotated != 1 || again != 99 {
			t.Errorf("%d new tokens and %d times the same again, want 1 and 99", rotated, again)
		}
		p.wantOneSuccessor()
		p.wantNobodyLoggedOut()
		p.wantSessions(1)
	})
}

func TestATokenThatIsNewIsNotReplaced(t *testing.T) {
	t.Parallel()
	p := start(t, "-refresh-overlap", "10m", "-rotate", "1h")
	first := p.login()
	status, set, data := p.post("/refresh", "", first)
	if status != 200 || set["__Host-refresh"] != first["__Host-refresh"] || data["generation"] != 1.0 {
		t.Errorf("status %d with %v, want the same token", status, data)
	}
	p.wantNobodyLoggedOut()
}

func TestATokenThatIsOlderIsReplacedAndTheLateAreAnsweredTheSame(t *testing.T) {
	// Two tabs: the request of the one that had asked first is the last to arrive.
	t.Parallel()
	p := start(t, "-refresh-overlap", "1ns")
	first := p.login()
	_, second, data := p.post("/refresh", "", first)
	if data["generation"] != 2.0 || second["__Host-refresh"] == first["__Host-refresh"] {
		t.Fatalf("the first refresh has %v, want another token of generation 2", data)
	}
	status, late, _ := p.post("/refresh", "", first)
	if status != 200 || late["__Host-refresh"] != second["__Host-refresh"] {
		t.Errorf("the late one has status %d, and not the same successor", status)
	}
	p.wantNobodyLoggedOut()
}

func TestTheRefreshCookieAloneProvesTheSession(t *testing.T) {
	t.Parallel()
	p := start(t)
	cookies := p.login()
	for names, want := range map[string]int{"__Host-refresh": 200, "__Host-access": 401, "": 401} {
		status, _, _ := p.post("/api/echo", `{"text":"hi"}`, jar{names: cookies[names]})
		if status != want {
			t.Errorf("with %q only: status %d, want %d", names, status, want)
		}
	}
}
