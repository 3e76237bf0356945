package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

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
	if status != 200 || len(cookies) != 2 {
		p.t.Fatalf("login: status %d and %d cookies, want 200 and two", status, len(cookies))
	}
	return cookies
}

func TestAHundredRefreshesAtOnceGetTheSameSuccessor(t *testing.T) {
	// RT-3.
	t.Parallel()
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		old := p.login()
		delete(old, "__Host-access") // as a browser does with one that has expired
		met := p.gather(100)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				status, _, _ := p.post("/refresh", "", old)
				for status == 503 { // the machine is slow
					status, _, _ = p.post("/refresh", "", old)
				}
				if status != 200 {
					t.Errorf("status %d, want 200", status)
				}
			})
		}
		all.Wait()
		await(t, "a hundred come at once", met)
		if rotated, again := p.count(middleware.EventRefreshed), p.count(middleware.EventReplayed); rotated > 1 || rotated+again != 100 {
			t.Errorf("%d new tokens and %d times the same again, want 1 and 99", rotated, again)
		}
		p.wantOneSuccessor()
		p.wantNobodyLoggedOut()
		p.wantSessions(1)
	})
}

func TestATokenThatIsNewIsNotReplaced(t *testing.T) {
	// Three tabs: one has its answer, one asks after that, and the request of one that had asked
	// before is the last to arrive.
	t.Parallel()
	p := start(t)
	first := p.login()
	old := jar{"__Host-refresh": first["__Host-refresh"]}
	_, second, data := p.post("/refresh", "", old)
	if data["generation"] != 2.0 {
		t.Fatalf("the first refresh has %v, want generation 2", data)
	}
	status, set, data := p.post("/refresh", "", second)
	if status != 200 || len(set) != 0 || data["generation"] != nil || data["expires_in"].(float64) < 28 {
		t.Errorf("the second one has status %d, %d cookies and %v, want 200, none, and the time that is left", status, len(set), data)
	}
	status, set, _ = p.post("/refresh", "", old)
	if status != 200 || set["__Host-refresh"] != second["__Host-refresh"] {
		t.Errorf("the late one has status %d, and not the same successor", status)
	}
	p.wantNobodyLoggedOut()

	time.Sleep(newFor(30 * time.Second))
	if status, set, _ := p.post("/refresh", "", second); status != 200 || set["__Host-refresh"] == "" {
		t.Errorf("when it is not new any more: status %d and %d cookies, want it replaced", status, len(set))
	}
}
