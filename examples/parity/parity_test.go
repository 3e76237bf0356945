package parity_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// A row is a request, and the answer that every router must give to it.
type row struct {
	name   string // what it shows
	with   string // the names of credentials
	method string // and path
	body   string
	want   answer
	text   string // a part of the body

	// but is another status, by router, where that one answers itself and the guard is not asked.
	but map[string]int
}

// What many answers have in common.
const (
	realm    = `Bearer realm="inga"`
	invalid  = realm + `, error="invalid_token"`
	noStore  = "no-store"
	varies   = "Cookie, Authorization"
	problem  = "application/problem+json"
	typeJSON = "application/json"
	html     = "text/html"

	// routers write what they like, for what they find out themselves.
	anyKind = "*"

	sessionCookie   = "__Host-session=*; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax"
	deviceCookie    = "__Host-device=*; Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=Lax"
	noSessionCookie = "__Host-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"
)

// passed is the answer of a handler behind a guard.
func passed(status int, kind string) answer {
	return answer{Status: status, Kind: kind, Cache: noStore, Vary: varies}
}

// refused is the answer of a guard, or of a handler in its name.
func refused(status int, challenge string) answer {
	return answer{Status: status, Challenge: challenge, Kind: problem, Cache: noStore, Vary: varies}
}

// toLogin is what a guard answers to a browser.
func toLogin(next string) answer {
	return answer{Status: 303, Location: "/login?next=" + next, Kind: html, Cache: noStore, Vary: varies}
}

// toForm is the answer to a form: net/http writes no page for a POST that it redirects.
var toForm = answer{Status: 303, Location: "/login?next=%2F", Cache: noStore, Vary: varies}

// Items of the list of checks that these rows run through the routers:
// CK-1, CK-2, CK-3, CK-4, CK-9, CS-1, CS-2, CS-3, CS-4, CS-5, CS-6, LO-1, LO-7, ER-1, ER-2,
// ER-4, ER-5, ER-6, AZ-1, IN-6.
func TestEveryRouterGivesTheSameAnswers(t *testing.T) {
	onEveryRouter(t, nil, func(t *testing.T, p *program) {
		for _, protocol := range protocols {
			t.Run(protocol, func(t *testing.T) {
				c := p.client(t, protocol)
				known := newCredentials(c)
				for _, rows := range [][]row{public, guarded, roles, logins, crossOrigin, routing, failures, logouts} {
					for _, r := range rows {
						t.Run(r.name, func(t *testing.T) { r.run(t, p.client(t, protocol), known) })
					}
				}
			})
		}
	})
}

func (r row) run(t *testing.T, c *client, known credentials) {
	method, path, _ := strings.Cut(r.method, " ")
	got, text := c.send(method, path, r.body, known.lines(c, r.with)...)
	want := r.want
	if status, ok := r.but[c.program.router]; ok {
		want.Status = status
	}
	if want.Kind == anyKind {
		got.Kind = anyKind
	}
	if got != want {
		t.Errorf("%s with %q\n got %+v\nwant %+v\n%s", r.method, r.with, got, want, text)
	}
	if !strings.Contains(text, r.text) {
		t.Errorf("%s with %q: the body does not have %q:\n%s", r.method, r.with, r.text, text)
	}
	if got.Kind == problem && method != "HEAD" {
		wantProblem(t, got.Status, text)
	}
	// What fails inside stays inside.
	if strings.Contains(text, "no client should see") {
		t.Errorf("%s with %q: the body has a detail in it:\n%s", r.method, r.with, text)
	}
}

// wantProblem asks for a body that is one problem and nothing after it: a handler that runs
// although its request was refused adds to it.
func wantProblem(t *testing.T, status int, text string) {
	t.Helper()
	var p struct {
		Type, Title string
		Status      int
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil || p.Type == "" || p.Title == "" || p.Status != status {
		t.Errorf("the body is no problem with status %d, and nothing else (%v):\n%s", status, err, text)
	}
}
