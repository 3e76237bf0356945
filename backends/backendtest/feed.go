package backendtest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/inga-auth/inga/backends"
)

func feedPromises() []promise {
	return []promise{
		{"whatever ends a session, or changes its user, is reported", changesAreReported},
		{"mere activity is not reported", activityIsNotReported},
		{"every listener hears of a change", everyListener},
		{"a listener that is up to date has heard of everything before that, over and over", upToDate},
		{"a watch ends with its context, and nothing is reported after that", watchEnds},
		{"an interval that is not positive is a mistake", invalidInterval},
	}
}

func changesAreReported(t *tester) {
	all := t.changes()
	w := t.listen()
	for _, c := range all {
		t.reported(w, c)
	}
}

func activityIsNotReported(t *tester) {
	w := t.listen()
	o := t.begun()
	tokens := t.refreshableOf("ann")
	if supports[backends.Binder](t) {
		t.bind(o, key("a", at(0)), at(0), true)
	}
	t.caughtUp(w) // a new user may be reported, and the binding is
	t.live(o, at(0))
	t.extend(o, at(interval), at(interval+idle))
	if supports[backends.Rotator](t) {
		t.rotate(tokens, at(interval), 1, backends.Rotated, 2)
		t.see(tokens, at(interval), 2)
	}
	if supports[backends.Binder](t) {
		t.prove(o, key("a", at(0)), at(interval))
	}
	if supports[backends.Values](t) {
		t.set(o, at(interval), "cart", "apples")
	}
	if heard := t.caughtUp(w); len(heard) != 0 {
		t.Errorf("heard of %q, want nothing", heard)
	}
}

func everyListener(t *tester) {
	o := t.begun()
	first, second := t.listen(), t.listen()
	t.revoke(o, at(0), true)
	for _, w := range []*watch{first, second} {
		if heard := t.caughtUp(w); !slices.Contains(heard, "ann") && !slices.Contains(heard, "") {
			t.Errorf("heard of %q, want ann", heard)
		}
	}
}

func upToDate(t *tester) {
	w := t.listen()
	ann := t.user("ann")
	for range rounds {
		o := t.open(ann, at(0))
		t.caughtUp(w)
		t.reported(w, change{"Revoke", ann, func() error {
			t.revoke(o, at(0), true)
			return nil
		}})
	}
	if _ = w.stop(); w.beats < rounds {
		t.Errorf("up to date %d times, want at least %d", w.beats, rounds)
	}
}

func watchEnds(t *tester) {
	o := t.begun()
	w := t.listen()
	if err := w.stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Watch: %v, want context.Canceled", err)
	}
	w.changed = nil
	t.revoke(o, at(0), true)
	t.caughtUp(t.listen())
	if len(w.changed) != 0 {
		t.Errorf("heard of %q after the end", w.changed)
	}
}

func invalidInterval(t *tester) {
	for _, every := range []time.Duration{0, -time.Second} {
		t.mistaken("Watch", t.Store.(backends.Feed).Watch(t.ctx, every, &listener{}))
	}
}
