package proof_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/inga-auth/inga/middleware"
)

// A span is the time in which something happened, as who asked for it saw it: what it did was
// done between its begin and its end.
type span struct{ begin, end time.Time }

// with returns the time of both; that of other if s is zero.
func (s span) with(other span) span {
	if s.begin.IsZero() {
		return other
	}
	if s.begin.Before(other.begin) {
		other.begin = s.begin
	}
	if s.end.After(other.end) {
		other.end = s.end
	}
	return other
}

func (s span) length() time.Duration { return s.end.Sub(s.begin) }

// An answer is a response that was read, and when.
type answer struct {
	what   string
	path   string // without the query
	by     *process
	asked  span
	status int // 0 if there was none, and err says why
	header http.Header
	body   []byte
	err    error
	again  bool // it was asked more than once
}

func (a *answer) String() string {
	s := fmt.Sprintf("%s at %s: status %d in %v", a.what, a.by.name, a.status, a.asked.length())
	if a.err != nil {
		return fmt.Sprintf("%s, %v", s, a.err)
	}
	if a.status >= 400 {
		s += " " + strings.TrimSpace(string(a.body))
	}
	return s
}

// identity returns who the page says that one is.
func (a *answer) identity() (id middleware.Identity, err error) {
	err = json.Unmarshal(a.body, &id)
	return id, err
}

// send sends a request to the process with what is in the jar, and keeps in it what the
// answer brings. Both jar and form may be nil.
//
// A persistent process is asked again while it answers 503, as that says. What was asked may have
// been done at any time from the first request on; what a page shows is decided by the last.
func (p *process) send(method, path string, j *jar, form url.Values) *answer {
	first := p.ask(method, path, j, form)
	last := first
	for p.persistent && last.unavailable() {
		<-time.After(50 * time.Millisecond)
		last = p.ask(method, path, j, form)
		last.again = true
		p.again.Add(1)
	}
	if method != "GET" {
		last.asked.begin = first.asked.begin
	}
	j.keep(last)
	return last
}

// unavailable reports whether the answer is that of a guard whose store could not be asked.
func (a *answer) unavailable() bool {
	return a.status == 503 && a.header.Get("Retry-After") != ""
}

func (p *process) ask(method, path string, j *jar, form url.Values) *answer {
	a := &answer{what: method + " " + path, by: p}
	a.path, _, _ = strings.Cut(path, "?")
	r, err := http.NewRequest(method, p.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		a.err = err
		return a
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	j.dress(r)
	a.asked.begin = time.Now()
	defer func() { a.asked.end = time.Now() }()
	res, err := p.client.Do(r)
	if err != nil {
		a.err = err
		return a
	}
	defer res.Body.Close()
	a.body, a.err = io.ReadAll(res.Body)
	a.status, a.header = res.StatusCode, res.Header
	return a
}

// A jar has the credentials of one client: cookies, or tokens.
type jar struct {
	mu              sync.Mutex
	cookies         map[string]string
	access, refresh string
}

func newJar() *jar { return &jar{cookies: map[string]string{}} }

// copy returns what is in the jar, in another one.
func (j *jar) copy() *jar {
	j.mu.Lock()
	defer j.mu.Unlock()
	return &jar{cookies: maps.Clone(j.cookies), access: j.access, refresh: j.refresh}
}

// adopt takes over what is in another jar.
func (j *jar) adopt(other *jar) {
	c := other.copy()
	j.mu.Lock()
	defer j.mu.Unlock()
	j.cookies, j.access, j.refresh = c.cookies, c.access, c.refresh
}

func (j *jar) dress(r *http.Request) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for name, value := range j.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	if j.access != "" {
		r.Header.Set("Authorization", "Bearer "+j.access)
	}
}

// keep does what browsers and clients of tokens do. The cookies are for TLS, which the way to
// this machine itself is as good as.
func (j *jar) keep(a *answer) {
	if j == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.MaxAge < 0 {
			delete(j.cookies, c.Name)
		} else {
			j.cookies[c.Name] = c.Value
		}
	}
	if token := a.header.Get("Access-Token"); token != "" {
		j.access = token
	}
	var o opened
	if json.Unmarshal(a.body, &o) == nil && a.status == 200 && o.Access != "" {
		j.access, j.refresh = o.Access, o.Refresh
	}
}

// refreshToken returns the one to present, or "".
func (j *jar) refreshToken() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return cmp.Or(j.refresh, j.cookies[refreshCookie])
}

// putBack puts a refresh token into the jar in place of the one that is there.
func (j *jar) putBack(token string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, ok := j.cookies[refreshCookie]; ok {
		j.cookies[refreshCookie] = token
	} else {
		j.access, j.refresh = "", token
	}
}

// login logs a new client in.
func (p *process) login(way, name, policy string) (*jar, opened, *answer) {
	j := newJar()
	o, a := p.loginAs(j, way, name, word{}, policy)
	return j, o, a
}

func (p *process) loginAs(j *jar, way, name string, w word, policy string) (opened, *answer) {
	var o opened
	a := p.send("POST", "/login/"+way, j, form(append(w.form(name), "policy", policy)...))
	if a.status == 200 {
		a.err = json.Unmarshal(a.body, &o)
	}
	return o, a
}
