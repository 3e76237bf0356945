package proof_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A load is what clients do while something breaks, and what they may be answered.
type load struct {
	f *fleet

	// broken says whether a process may answer 503 now.
	broken atomic.Pointer[func(*process) bool]

	live    []*subscriber
	revoked []*subscriber // before
	doomed  []*subscriber // to be revoked while it is broken

	mu      sync.Mutex
	counts  map[string]int // of answers
	served  map[*subscriber]int
	longest time.Duration
	last    time.Time // when the last of them failed
	wrong   []string

	stop   chan struct{}
	done   sync.WaitGroup
	halted bool
}

// A subscriber is one session that somebody uses all the time.
type subscriber struct {
	name, way string
	jar       *jar
	dice      *rand.Rand
}

// startLoad has sessions of all ways used at all processes until halt is called: some that
// live, and some that have been revoked.
func startLoad(t *testing.T, f *fleet, outage int) *load {
	t.Helper()
	l := &load{f: f, counts: map[string]int{}, served: map[*subscriber]int{}, stop: make(chan struct{})}
	l.mayBreak(nobody)
	for i := range 12 {
		l.live = append(l.live, l.subscribe(t, fmt.Sprintf("live%d-%d", outage, i), i))
	}
	for i := range 3 {
		l.doomed = append(l.doomed, l.subscribe(t, fmt.Sprintf("doomed%d-%d", outage, i), i))
		s := l.subscribe(t, fmt.Sprintf("gone%d-%d", outage, i), i)
		if a := f.processes[i].send("POST", "/logout/"+s.way, s.jar.copy(), nil); a.status != 200 {
			t.Fatal(a)
		}
		l.revoked = append(l.revoked, s)
	}
	for _, s := range l.revoked {
		if !l.is(s, 401) {
			t.Fatalf("%s is not refused everywhere", s.name)
		}
	}
	for _, s := range l.live {
		l.done.Go(func() { l.run(s, l.act) })
	}
	for _, s := range l.revoked {
		l.done.Go(func() { l.run(s, l.tryAgain) })
	}
	return l
}

func (l *load) subscribe(t *testing.T, name string, i int) *subscriber {
	t.Helper()
	way := []string{byCookie, byToken, byBrowser}[i%3]
	l.f.addUser(t, name)
	j, _ := l.f.mustLogin(t, l.f.processes[i%3], way, name)
	return &subscriber{name: name, way: way, jar: j, dice: rand.New(rand.NewPCG(*seed, uint64(100+i)))}
}

// nobody may answer 503, or everybody.
func nobody(*process) bool    { return false }
func everybody(*process) bool { return true }

func (l *load) mayBreak(who func(*process) bool) { l.broken.Store(&who) }

func (l *load) run(s *subscriber, act func(*subscriber, *process)) {
	for {
		act(s, pick(s.dice, l.f.processes))
		l.mu.Lock()
		l.served[s]++
		l.mu.Unlock()
		select {
		case <-l.stop:
			return
		case <-time.After(between(s.dice, 0, 30*time.Millisecond)):
		}
	}
}

// act is one request of a session that lives.
func (l *load) act(s *subscriber, p *process) {
	before := *l.broken.Load()
	switch n := s.dice.IntN(10); {
	case n == 0:
		j, _, a := p.login(s.way, s.name, "")
		l.check(a, before, 200)
		if a.status == 200 { // a session that the others do not know yet
			l.check(pick(s.dice, l.f.processes).send("GET", "/page", j, nil), before, 200)
		}
	case n == 1 && s.way == byToken:
		l.check(p.send("POST", "/token", s.jar, refreshForm(s.jar)), before, 200)
	case n == 1 && s.way == byBrowser:
		l.check(p.send("POST", "/refresh", s.jar, nil), before, 200)
	default:
		l.check(p.send("GET", "/page", s.jar, nil), before, 200)
	}
}

// tryAgain is one request of a session that has been revoked.
func (l *load) tryAgain(s *subscriber, p *process) {
	before := *l.broken.Load()
	l.check(p.send("GET", "/page", s.jar.copy(), nil), before, 401)
}

func refreshForm(j *jar) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {j.refreshToken()}}
}

// check writes down what is wrong with an answer. Before says who might answer 503 when it
// was asked for.
func (l *load) check(a *answer, before func(*process) bool, want int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[fmt.Sprintf("%d at %s", a.status, a.by.name)]++
	l.longest = max(l.longest, a.asked.length())
	may := before(a.by) || (*l.broken.Load())(a.by)
	switch {
	case a.status == want:
		return
	case a.status != 503:
		l.wrongly("want %d or 503: %v", want, a)
	case !may:
		l.wrongly("want %d: nothing is broken there: %v", want, a)
	case a.header.Get("Retry-After") == "" || a.header["Set-Cookie"] != nil:
		l.wrongly("Retry-After %q, Set-Cookie %q; want the one and not the other: %v", a.header["Retry-After"], a.header["Set-Cookie"], a)
	}
	l.last = a.asked.end
}

// failed returns when the last answer came that was not what it is in good times.
func (l *load) failed() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

func (l *load) wrongly(format string, args ...any) {
	l.wrong = append(l.wrong, fmt.Sprintf(format, args...))
}

// await returns when each process of which where says so has given some more answers with the
// status.
func (l *load) await(t *testing.T, status int, where func(*process) bool) {
	t.Helper()
	for _, p := range l.f.processes {
		begin := l.count(status, p)
		if where(p) && !eventually(func() bool { return l.count(status, p) >= begin+5 }) {
			t.Fatalf("%s gives no answer with status %d", p.name, status)
		}
	}
}

// awaitAll returns when each subscriber has had an answer: none waits for the end of what is
// broken.
func (l *load) awaitAll(t *testing.T) {
	t.Helper()
	begin := l.answers()
	for _, s := range slices.Concat(l.live, l.revoked) {
		if !eventually(func() bool { return l.answers()[s] > begin[s] }) {
			t.Errorf("%s, by %s, waits for an answer", s.name, s.way)
		}
	}
}

// answers returns how many each subscriber has had.
func (l *load) answers() map[*subscriber]int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.served)
}

func (l *load) count(status int, p *process) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts[fmt.Sprintf("%d at %s", status, p.name)]
}

// revokeSome logs out those who are doomed, at a process that may fail.
func (l *load) revokeSome(where func(*process) bool) {
	each(l.doomed, func(s *subscriber) {
		for _, p := range l.f.processes {
			if where(p) {
				l.check(p.send("POST", "/logout/"+s.way, s.jar.copy(), nil), where, 200)
				return
			}
		}
	})
}

// is reports whether the session is answered with the status at all processes, in the end.
func (l *load) is(s *subscriber, status int) bool {
	return eventually(func() bool {
		for _, p := range l.f.processes {
			if p.send("GET", "/page", s.jar.copy(), nil).status != status {
				return false
			}
		}
		return true
	})
}

// halt ends the load and reports, once.
func (l *load) halt(t *testing.T) {
	t.Helper()
	if l.halted {
		return
	}
	l.halted = true
	close(l.stop)
	l.done.Wait()
	for i, w := range l.wrong {
		if i == 10 {
			t.Errorf("and %d more", len(l.wrong)-i)
			break
		}
		t.Error(w)
	}
	var counts string
	for _, k := range slices.Sorted(maps.Keys(l.counts)) {
		counts += fmt.Sprintf("%d × %s, ", l.counts[k], k)
	}
	t.Logf("%sthe longest took %s", counts, ms(l.longest))
}
