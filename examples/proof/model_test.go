package proof_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Whatever clients and operators do at whatever process, in a network whose feed comes and
// goes: each answer is one that may be.
func TestModel(t *testing.T) {
	t.Parallel()
	f := startFleet(t, settings{MaxLag: modelLag(), Timeout: patience, AccessTTL: accessTTL(), Overlap: overlap, Leeway: leeway},
		func(i int, s *settings) {
			if clocksMove {
				s.Ahead = []time.Duration{0, skew, -skew}[i]
			}
			if i == 2 {
				s.MaxEntries = 16 // forgets nearly all, all the time
			}
		})
	m := newModel(t, f)
	m.play(t)
	m.last()
	m.judgeThefts(t)
	m.report(t)
}

// overlap is how long a refresh token is not replaced again, and leeway by how much the clocks
// may differ.
const (
	overlap = 600 * time.Millisecond
	leeway  = 150 * time.Millisecond
	grace   = overlap + leeway
)

// accessTTL lets a token live for long enough to see that a revocation reaches it before.
func accessTTL() time.Duration { return max(2*modelLag(), 2*time.Second) }

// modelLag is shorter than that of the other tests: a revocation is more often seen to have
// reached its bound.
func modelLag() time.Duration { return *maxLag / 2 }

// A model knows what was done, and therefore what may be answered.
type model struct {
	f      *fleet
	began  time.Time
	nature func(stop chan struct{}) // what goes wrong meanwhile

	mu       sync.Mutex
	accounts []*account
	players  []*player
	ends     []*deed // of all sessions there are
	answered int
	tally    map[string]int
	wrong    []string
}

func newModel(t *testing.T, f *fleet) *model {
	t.Helper()
	m := &model{f: f, began: time.Now(), tally: map[string]int{}}
	m.nature = func(stop chan struct{}) {
		each([]int{0, 1, 2}, func(i int) { weather(f.processes[i], dice(t, uint64(3+i)), stop) })
	}
	for i := range max(*clients/3, 1) {
		a := &account{name: fmt.Sprintf("user-%d", i)}
		if i%4 == 3 {
			a.name = fmt.Sprintf("%s%d", single, i)
		}
		begin := time.Now()
		f.addUser(t, a.name)
		made := deed{what: "made", by: f.processes[0], span: span{begin, time.Now()}}
		role, state, word := made, made, made
		role.yes = true
		a.roles, a.states, a.passwords = []*deed{&role}, []*deed{&state}, []*deed{&word}
		m.accounts = append(m.accounts, a)
	}
	r := dice(t, 0)
	for i := range *clients {
		m.players = append(m.players, newPlayer(m, m.accounts[i%len(m.accounts)], r.Uint64()))
	}
	return m
}

// play has everybody act for the time.
func (m *model) play(t *testing.T) {
	stop := make(chan struct{})
	var all sync.WaitGroup
	for _, p := range m.players {
		all.Go(func() { p.play(stop) })
	}
	for i, a := range m.accounts {
		all.Go(func() { newOperator(m, a, dice(t, uint64(1000+i))).operate(stop) })
	}
	all.Go(func() { m.endAll(dice(t, 2), stop) })
	all.Go(func() { m.nature(stop) })
	<-time.After(*lasting)
	// A slow machine takes longer to see enough of everything, unless it has seen too much.
	for late := time.Now().Add(max(11**lasting, 5*time.Minute)); len(m.missing()) > 0 && time.Now().Before(late); {
		<-time.After(100 * time.Millisecond)
	}
	close(stop)
	all.Wait()
}

// missing is what has not been checked often enough, if nothing was wrong.
func (m *model) missing() (list []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.wrong) > 0 {
		return nil
	}
	for _, what := range slices.Sorted(maps.Keys(least)) {
		if want := least[what] * max(1, int(*lasting/(30*time.Second))); m.tally[what] < want {
			list = append(list, fmt.Sprintf("%s: checked %d times, want at least %d", what, m.tally[what], want))
		}
	}
	return list
}

// last asks once more with all there is, everywhere, when there can be no doubt.
func (m *model) last() {
	<-time.After(modelLag())
	each(m.players, func(p *player) {
		for _, pr := range append(p.drawer, p.own...) {
			for _, at := range m.f.processes {
				m.visit(pr, at, "/page", pr.present())
			}
		}
	})
}

// begin writes down that a deed is about to be done.
func (m *model) begin(d *deed, lists ...*[]*deed) *deed {
	m.mu.Lock()
	defer m.mu.Unlock()
	d.begin = time.Now()
	for _, l := range lists {
		*l = append(*l, d)
	}
	return d
}

// finish writes down how a deed went.
func (m *model) finish(d *deed, a *answer, want ...int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d.void = !slices.Contains(want, a.status)
	d.end = a.asked.end
}

// disagree writes down that an answer is one that may not be.
func (m *model) disagree(a *answer, want string, more string) {
	m.tally["disagreements"]++
	if len(m.wrong) < 20 {
		m.wrong = append(m.wrong, fmt.Sprintf("asked %s: %v\n\twant %s\n\t%s", m.at(a.asked), a, want, more))
	}
}

// count counts an answer that was checked.
func (m *model) count(what string) { m.tally[what]++ }

// tallied is count without the lock held.
func (m *model) tallied(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count(what)
}

// least is what must have been checked, in each half of a minute, for a run to mean anything.
var least = map[string]int{
	"let pass": 500, "role held": 50, "role refused": 50,
	"refused: logged out, here": 2, "refused: logged out, elsewhere": 2,
	"refused: revoked, here": 2, "refused: revoked, elsewhere": 2,
	"refused: user revoked, here": 2, "refused: user revoked, elsewhere": 2,
	"refused: all revoked, here": 2, "refused: all revoked, elsewhere": 2,
	"refused: disabled, here": 2, "refused: disabled, elsewhere": 2,
	"refused: password, here": 2, "refused: password, elsewhere": 2,
	"refused: superseded, here": 2, "refused: superseded, elsewhere": 2,
	"refused: replaced, here": 2, "refused: replaced, elsewhere": 2,
	"refused: authenticated again, here": 2, "refused: authenticated again, elsewhere": 2,
	"refused: theft, here": 2, "refused: theft, elsewhere": 1,
	"refused: idle": 2, "refused: absolute": 2, "refused: token expired": 2,
	"refreshed": 20, "rotated": 10, "kept": 3, "refresh refused": 3, "replayed": 3, "refreshed at once": 3,
	"authenticated again": 10, "logged in": 20, "login refused: disabled": 2, "login refused: password": 2,
	"the former password, to authenticate again": 1, "the former password, to log in": 1,
	"page /own": 10, "page /cut": 10, "page /panic": 10, "page /slow": 5, "page /poll": 5, "polled to the end": 1,
	"let pass or not: the answer was replaced": 5,
	"five tabs": 2, "refreshed in a tab": 2, "lost in a tab": 2, "refreshed in a chain": 2,
	"lost, and asked again": 1, "lost, offline, and asked again": 1,
	"late, and it brought a cookie": 1, "late, after a logout": 1, "late, after a login": 1, "late, after a refresh": 1,
	"late, after authenticating again": 1, "late refresh, after a logout": 1,
}

func (m *model) report(t *testing.T) {
	t.Helper()
	took := time.Since(m.began)
	var b strings.Builder
	for _, what := range slices.Sorted(maps.Keys(m.tally)) {
		fmt.Fprintf(&b, "%7d %s\n", m.tally[what], what)
	}
	t.Logf("%d clients, %d users, %v, MaxLag %v, clocks moved: %v; checked answers\n%s",
		len(m.players), len(m.accounts), took.Round(time.Second), modelLag(), clocksMove, b.String())
	for _, what := range m.missing() {
		t.Error(what)
	}
	for _, w := range m.wrong {
		t.Error(w)
	}
	if n := m.tally["disagreements"]; n > len(m.wrong) {
		t.Errorf("and %d more", n-len(m.wrong))
	}
}
