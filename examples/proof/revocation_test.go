package proof_test

import (
	"fmt"
	"net/url"
	"sync"
	"time"
)

// A revocation is one way to end what a session may do.
type revocation struct {
	name string
	path string // of the page that is refused then
	want int    // with which status
	do   func(p *process, s *sample) *answer
}

var revocations = []revocation{
	{"log out", "/page", 401, func(p *process, s *sample) *answer {
		return p.send("POST", "/logout/"+s.way, s.jar.copy(), nil)
	}},
	{"end the user's sessions", "/page", 401, func(p *process, s *sample) *answer {
		return p.send("DELETE", "/operate/users/"+s.user+"/sessions", nil, nil)
	}},
	{"take the role", "/admin", 403, func(p *process, s *sample) *answer {
		return p.send("POST", "/operate/users/"+s.user+"/roles", nil, url.Values{"roles": {user}})
	}},
	{"change the password", "/page", 401, func(p *process, s *sample) *answer {
		return p.send("POST", "/operate/users/"+s.user+"/password", nil, url.Values{"password": {"another"}})
	}},
	{"disable the user", "/page", 401, func(p *process, s *sample) *answer {
		return p.send("POST", "/operate/users/"+s.user+"/disabled", nil, url.Values{"disabled": {"true"}})
	}},
}

// A sample is one session of one user, to be revoked once.
type sample struct {
	f     *fleet
	way   string
	by    *process // where it is revoked
	how   revocation
	user  string
	jar   *jar
	id    string        // of the session
	busy  time.Duration // for how long it is used before
	pause time.Duration // between two polls

	revoked span
}

// prepare logs in and has all processes see the session.
func (s *sample) prepare() error {
	a := s.by.send("POST", "/operate/users", nil, url.Values{
		"id": {s.user}, "password": {password}, "roles": {user + " " + admin},
	})
	if a.status != 200 {
		return fmt.Errorf("%v", a)
	}
	var o opened
	if s.jar, o, a = s.by.login(s.way, s.user, ""); a.status != 200 {
		return fmt.Errorf("%v", a)
	}
	s.id = o.Session
	return s.use(time.Now().Add(s.busy))
}

// use polls the page at all processes until then, and at least once.
func (s *sample) use(until time.Time) error {
	for {
		for _, p := range s.f.processes {
			if a := p.send("GET", s.how.path, s.jar, nil); a.status != 200 {
				return fmt.Errorf("before it was revoked: %v", a)
			}
		}
		if time.Now().After(until) {
			return nil
		}
		<-time.After(s.pause)
	}
}

// revoke revokes, and then looks: once where that was done, and elsewhere until it holds. It
// returns how long that took for each of the others.
func (s *sample) revoke() (lags []lag, err error) {
	a := s.how.do(s.by, s)
	if a.status != 200 {
		return nil, fmt.Errorf("%v", a)
	}
	s.revoked = a.asked
	var mu sync.Mutex
	each(s.f.processes, func(p *process) {
		if p == s.by {
			if a := p.send("GET", s.how.path, s.jar.copy(), nil); a.status != s.how.want {
				mu.Lock()
				defer mu.Unlock()
				err = fmt.Errorf("the next request where it was revoked: %v, want %d", a, s.how.want)
			}
			return
		}
		l, failed := s.watch(p)
		mu.Lock()
		defer mu.Unlock()
		lags = append(lags, l)
		if failed != nil {
			err = failed
		}
	})
	return lags, err
}

// A lag is how long a revocation took to hold at another process, counted from the answer to
// whoever revoked: after the first of the two, and not later than the second.
type lag struct {
	accepted time.Duration // when the last request began that was let pass; 0 if none was
	refused  time.Duration // when the first refusal was answered
}

// watch polls the page at a process until it is refused.
//
// Nothing is added to the bound for measuring. A request that began later than MaxLag after
// the answer to whoever revoked was decided later than MaxLag after the commit, whatever the
// machine did in between.
func (s *sample) watch(p *process) (l lag, err error) {
	for {
		a := p.send("GET", s.how.path, s.jar, nil)
		began := a.asked.begin.Sub(s.revoked.end)
		switch {
		case a.status == s.how.want:
			l.refused = a.asked.end.Sub(s.revoked.end)
			return l, err
		case a.status != 200:
			return l, fmt.Errorf("after it was revoked: %v", a)
		case began/2 > *maxLag:
			return l, err
		case began > *maxLag:
			err = fmt.Errorf("let pass %v after it was revoked, and the bound is %v: %v", began, *maxLag, a)
		}
		l.accepted = began
		<-time.After(s.pause)
	}
}

// stays asks everywhere, once more: what is revoked stays revoked.
func (s *sample) stays() error {
	for _, p := range s.f.processes {
		if a := p.send("GET", s.how.path, s.jar.copy(), nil); a.status != s.how.want {
			return fmt.Errorf("%v after it was revoked: %v, want %d", time.Since(s.revoked.end), a, s.how.want)
		}
	}
	return nil
}

// String has what is needed to find out what went wrong.
func (s *sample) String() string {
	return fmt.Sprintf("%s, by %s, at %s, session %s of %s, used for %v before", s.how.name, s.way, s.by.name, s.id, s.user, s.busy)
}
