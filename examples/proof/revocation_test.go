package proof_test

import (
	"cmp"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/sliding"
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
	by    *process // where it is revoked; nil if no process knows of it
	how   revocation
	user  string
	jar   *jar
	id    string        // of the session
	busy  time.Duration // for how long it is used before
	pause time.Duration // between two polls

	bound time.Duration // after which nothing is let pass
	crowd int           // how many poll it at each process,
	apart time.Duration // beginning so long after one another

	revoked span
	since   time.Time // from when the bound counts, if not from when it was revoked
	lags    []lag
	failed  bool
}

// prepare logs in and has all processes see the session. A failover may forget a user or a login of
// the moment before, which no replica had, or leave a name reserved for some seconds: then there is
// another user.
func (s *sample) prepare() (err error) {
	for range 30 {
		if err = s.login(); err == nil || !s.by.persistent {
			break
		}
		s.user += "+"
	}
	return err
}

func (s *sample) login() error {
	w, a := s.f.createUser(s.by, s.user)
	if a.status != 200 && !(a.status == 409 && a.again) { // it was created the first time
		return fmt.Errorf("%v", a)
	}
	s.jar = newJar()
	o, a := s.by.loginAs(s.jar, s.way, s.user, w, policyText(forMonths))
	if a.status != 200 {
		return fmt.Errorf("%v", a)
	}
	s.id = o.Session
	return s.use(time.Now().Add(s.busy))
}

// forMonths is the policy of sessions that no clock ends.
var forMonths = sliding.Policy{Idle: 30 * 24 * time.Hour, Absolute: 60 * 24 * time.Hour}

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

// revoke revokes the session.
func (s *sample) revoke() error {
	a := s.how.do(s.by, s)
	if a.status != 200 {
		return fmt.Errorf("%v", a)
	}
	s.revoked, s.since = a.asked, a.asked.end
	return nil
}

// look looks how long it takes to hold: once where the session was revoked, and elsewhere until
// it does.
func (s *sample) look() (err error) {
	var mu sync.Mutex
	each(s.f.processes, func(p *process) {
		var l lag
		var failed error
		if p == s.by {
			if a := p.send("GET", s.how.path, s.jar.copy(), nil); a.status != s.how.want {
				failed = fmt.Errorf("the next request where it was revoked: %v, want %d", a, s.how.want)
			}
		} else {
			l, failed = s.watchAll(p)
		}
		mu.Lock()
		defer mu.Unlock()
		if p != s.by {
			s.lags = append(s.lags, l)
		}
		err = cmp.Or(failed, err)
	})
	return err
}

// A lag is how long a revocation took to hold at another process, counted from the response to
// it: after the first of the two, and not later than the second.
type lag struct {
	accepted time.Duration // when the last request began that was let pass; 0 if none was
	refused  time.Duration // when the first refusal was answered
}

// watchAll has a crowd watch. The lag is that of all of them.
func (s *sample) watchAll(p *process) (all lag, err error) {
	var mu sync.Mutex
	var number atomic.Int64
	each(make([]struct{}, s.crowd), func(struct{}) {
		<-time.After(time.Duration(number.Add(1)-1) * s.apart)
		l, failed := s.watch(p)
		mu.Lock()
		defer mu.Unlock()
		if all.refused == 0 || l.refused < all.refused {
			all.refused = l.refused
		}
		all.accepted = max(all.accepted, l.accepted)
		err = cmp.Or(failed, err)
	})
	return all, err
}

// watch polls the page at a process until it is refused.
//
// Nothing is added to the bound for measuring. A request that began later than the bound after
// the response to the revocation was decided later than that after the commit, whatever the
// machine did in between.
func (s *sample) watch(p *process) (l lag, err error) {
	for {
		a := p.send("GET", s.how.path, s.jar, nil)
		began := a.asked.begin.Sub(s.since)
		switch {
		case a.status == s.how.want:
			l.refused = a.asked.end.Sub(s.since)
			return l, err
		case a.status != 200:
			return l, fmt.Errorf("after it was revoked: %v", a)
		case began/2 > max(s.bound, *maxLag):
			return l, err
		case began > s.bound:
			err = fmt.Errorf("let pass %v after it was revoked, and the bound is %v: %v", began, s.bound, a)
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
	at := "no process"
	if s.by != nil {
		at = s.by.name
	}
	return fmt.Sprintf("%s, by %s, at %s, session %s of %s, used for %v before", s.how.name, s.way, at, s.id, s.user, s.busy)
}
