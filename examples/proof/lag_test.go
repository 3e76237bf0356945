package proof_test

import (
	"cmp"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// LO-10: revocation reaches every process within a stated bound, pushed in milliseconds;
// the bound holds when the channel is cut.
func TestLag(t *testing.T) {
	t.Parallel() // it waits most of the time; to measure, let it run alone
	f := startFleet(t, lagSettings())
	c := f.startControls(t)
	c.wantNoQueries(t, f)
	measureAll(t, f, c, scenarios(), *maxAge)
}

// measureAll measures the scenarios one after the other, and prints the results.
func measureAll(t *testing.T, f *fleet, c *controls, all []scenario, age time.Duration) {
	var results []result
	for i, s := range all {
		t.Run(s.name, func(t *testing.T) {
			if s.then != nil && !clocksMove {
				t.Skip("the clock of a process can be moved on Linux with amd64 only")
			}
			lags := s.measure(t, f, uint64(10+i))
			r := resultOf(s.name, lags)
			results = append(results, r)
			if s.batch == 1 && r.p50 > *maxLag/2 { // without the feed nearly all are MaxLag
				t.Errorf("half of the lags are longer than %v, with the feed alive: want milliseconds", r.p50)
			}
		})
	}
	c.stop()
	t.Logf("MaxLag %v, MaxAge %v; meanwhile %d requests with sessions that nobody revoked\n\n%s", *maxLag, age, c.answers.Load(), table(results))
	if *plot != "" {
		if err := os.WriteFile(*plot, []byte(drawing(results)), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// lagSettings have access tokens live for longer than a machine sleeps.
func lagSettings() settings {
	return settings{MaxLag: *maxLag, MaxAge: *maxAge, Timeout: patience, AccessTTL: 12 * time.Hour, Overlap: 10 * time.Second}
}

// A result is what was measured in a scenario.
type result struct {
	name          string
	lags          []time.Duration // sorted
	p50, p99, max time.Duration
	accepted      time.Duration // when the last request began that was let pass
	precision     time.Duration // the longest time between that and the refusal
}

func resultOf(name string, lags []lag) result {
	r := result{name: name}
	for _, l := range lags {
		r.lags = append(r.lags, l.refused)
		r.accepted = max(r.accepted, l.accepted)
		r.precision = max(r.precision, l.refused-l.accepted)
	}
	slices.Sort(r.lags)
	r.p50, r.p99, r.max = r.percentile(50), r.percentile(99), r.percentile(100)
	return r
}

// percentile is by nearest rank: a lag that was measured, and none in between.
func (r result) percentile(p float64) time.Duration {
	if len(r.lags) == 0 {
		return 0
	}
	return r.lags[max(int(math.Ceil(p/100*float64(len(r.lags))))-1, 0)]
}

// table is the results in Markdown.
func table(results []result) string {
	var b strings.Builder
	fmt.Fprintln(&b, "| scenario | n | p50 | p99 | max | last let pass |")
	fmt.Fprintln(&b, "|---|--:|--:|--:|--:|--:|")
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s | %s |\n", r.name, len(r.lags), short(r.p50), short(r.p99), short(r.max),
			cmp.Or(strings.TrimPrefix(short(r.accepted), "0 ms"), "none"))
	}
	return b.String()
}

// short prints a time with two or three digits.
func short(d time.Duration) string {
	switch {
	case d == 0:
		return "0 ms"
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/1e6)
	case d < time.Second:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}
