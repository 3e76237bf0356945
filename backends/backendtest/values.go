package backendtest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
)

func valuesPromises() []promise {
	return []promise{
		{"a value that was set is there, until another is set", valueIsThere},
		{"a value that was not set is absent, which is not a session that is over", valueIsAbsent},
		{"a value is taken once", valueIsTaken},
		{"of simultaneous calls one takes the value", valueIsTakenOnce},
		{"two requests that set different keys lose nothing", valuesSideBySide},
		{"each session has values of its own", valuesOfOneSession},
		{"the values of a session that is over cannot be read or set", valuesOfTheDead},
		{"values outlive a renewal and a new secret", valuesStay},
		{"any bytes are a value, up to 4096 of them", anyBytes},
		{"a key or a value that is not valid is a mistake, and changes nothing", invalidValues},
		{"a slice that was given to SetValue, or came from Value, is the caller's own", valuesCopy},
		{"a context that has ended says nothing about a value", valuesWithoutContext},
	}
}

func (t *tester) values() backends.Values { return t.Store.(backends.Values) }

func (t *tester) set(o opened, now time.Time, key, value string) {
	t.Helper()
	t.ok("SetValue", t.values().SetValue(t.ctx, now, o.ID, key, []byte(value)))
}

// value fails the test unless the key has the value.
func (t *tester) value(o opened, now time.Time, key, want string) {
	t.Helper()
	if got, err := t.values().Value(t.ctx, now, o.ID, key); err != nil || string(got) != want {
		t.Errorf("value of %q is %q, error %v; want %q", key, got, err, want)
	}
}

// noValue fails the test unless both ways of reading answer with want.
func (t *tester) noValue(o opened, now time.Time, key string, want error) {
	t.Helper()
	if got, err := t.values().Value(t.ctx, now, o.ID, key); !errors.Is(err, want) || got != nil {
		t.Errorf("Value of %q: %q, error %v; want %v", key, got, err, want)
	}
	if got, err := t.values().TakeValue(t.ctx, now, o.ID, key); !errors.Is(err, want) || got != nil {
		t.Errorf("TakeValue of %q: %q, error %v; want %v", key, got, err, want)
	}
}

func valueIsThere(t *tester) {
	o := t.begun()
	t.set(o, at(0), "cart", "apples")
	t.value(o, at(0), "cart", "apples")
	t.value(o, at(time.Second), "cart", "apples")
	t.set(o, at(time.Second), "cart", "pears")
	t.value(o, at(time.Second), "cart", "pears")
}

func valueIsAbsent(t *tester) {
	o := t.begun()
	t.noValue(o, at(0), "cart", backends.ErrNoValue)
	t.set(o, at(0), "cart", "apples")
	for _, key := range []string{"Cart", "cart ", "", "\x00", strings.Repeat("k", 1000)} {
		t.noValue(o, at(0), key, backends.ErrNoValue)
	}
	foreign := session("ann", at(0))
	t.noValue(foreign, at(0), "cart", backends.ErrNotLive)
	for _, foreign.ID = range notID() {
		t.noValue(foreign, at(0), "cart", backends.ErrNotLive)
		if err := t.values().SetValue(t.ctx, at(0), foreign.ID, "cart", nil); !errors.Is(err, backends.ErrNotLive) {
			t.Errorf("SetValue for %.40q: %v, want ErrNotLive", foreign.ID, err)
		}
	}
}

func valueIsTaken(t *tester) {
	o := t.begun()
	t.set(o, at(0), "notice", "Saved.")
	t.set(o, at(0), "cart", "apples")
	if got, err := t.values().TakeValue(t.ctx, at(0), o.ID, "notice"); err != nil || string(got) != "Saved." {
		t.Errorf("TakeValue: %q, %v; want Saved.", got, err)
	}
	t.noValue(o, at(0), "notice", backends.ErrNoValue)
	t.value(o, at(0), "cart", "apples")
}

func valueIsTakenOnce(t *tester) {
	o := t.begun()
	for range rounds {
		t.set(o, at(0), "notice", "Saved.")
		var taken atomic.Int32
		together(nTimes(8, func() {
			got, err := t.values().TakeValue(t.ctx, at(0), o.ID, "notice")
			switch {
			case err == nil && string(got) == "Saved.":
				taken.Add(1)
			case !errors.Is(err, backends.ErrNoValue):
				t.Errorf("TakeValue: %q, %v; want the value or ErrNoValue", got, err)
			}
		})...)
		if n := taken.Load(); n != 1 {
			t.Fatalf("%d calls took the value, want 1", n)
		}
	}
}

func valuesSideBySide(t *tester) {
	o := t.begun()
	var sets []func()
	for i := range 20 {
		sets = append(sets, func() { t.set(o, at(0), fmt.Sprintf("key %d", i), fmt.Sprintf("value %d", i)) })
	}
	together(sets...)
	for i := range 20 {
		t.value(o, at(0), fmt.Sprintf("key %d", i), fmt.Sprintf("value %d", i))
	}
}

func valuesOfOneSession(t *tester) {
	o, other := t.begun(), t.open("ann", at(0))
	t.set(o, at(0), "cart", "apples")
	t.noValue(other, at(0), "cart", backends.ErrNoValue)
	t.set(other, at(0), "cart", "pears")
	t.value(o, at(0), "cart", "apples")
}

func valuesOfTheDead(t *tester) {
	revoked, expired, disabled := t.begun(), t.open("ann", at(0)), t.open(t.user("bob"), at(0))
	all := []opened{revoked, expired, disabled}
	for _, o := range all {
		t.set(o, at(0), "cart", "apples")
	}
	t.revoke(revoked, at(0), true)
	t.disable("bob")
	for _, o := range all {
		t.noValue(o, at(idle), "cart", backends.ErrNotLive)
		if err := t.values().SetValue(t.ctx, at(idle), o.ID, "cart", nil); !errors.Is(err, backends.ErrNotLive) {
			t.Errorf("SetValue: %v, want ErrNotLive", err)
		}
	}
	t.noValue(revoked, at(0), "cart", backends.ErrNotLive)
}

func valuesStay(t *tester) {
	o := t.begun()
	t.set(o, at(0), "cart", "apples")
	t.extend(o, at(interval), at(interval+idle))
	next := o.again(at(interval))
	t.reauthenticate(next, at(interval), at(0), nil)
	t.value(next, at(interval), "cart", "apples")
}

func anyBytes(t *tester) {
	o := t.begun()
	for i, value := range []string{"", "\x00", "\xff\xfe", "{}", "관리자", strings.Repeat("x", 4096)} {
		key := fmt.Sprint(i)
		t.set(o, at(0), key, value)
		t.value(o, at(0), key, value)
	}
	t.ok("SetValue(nil)", t.values().SetValue(t.ctx, at(0), o.ID, "nil", nil))
	t.value(o, at(0), "nil", "")
}

func invalidValues(t *tester) {
	o := t.begun()
	t.set(o, at(0), "cart", "apples")
	keys := notText()
	keys["65 bytes"] = strings.Repeat("k", 65)
	for what, key := range keys {
		t.mistaken(what, t.values().SetValue(t.ctx, at(0), o.ID, key, nil))
		t.mistaken(what+", unknown session", t.values().SetValue(t.ctx, at(0), backends.NewID("ann"), key, nil))
	}
	t.mistaken("4097 bytes", t.values().SetValue(t.ctx, at(0), o.ID, "cart", make([]byte, 4097)))
	t.value(o, at(0), "cart", "apples")
}

func valuesCopy(t *tester) {
	o := t.begun()
	given := []byte("apples")
	t.ok("SetValue", t.values().SetValue(t.ctx, at(0), o.ID, "cart", given))
	given[0] = 'X'
	got, err := t.values().Value(t.ctx, at(0), o.ID, "cart")
	t.ok("Value", err)
	if !bytes.Equal(got, []byte("apples")) {
		t.Fatalf("value %q, want apples: the store shares a slice with its caller", got)
	}
	got[0] = 'X'
	t.value(o, at(0), "cart", "apples")
}

func valuesWithoutContext(t *tester) {
	o := t.begun()
	t.set(o, at(0), "cart", "apples")
	t.aboutTheStore("SetValue", t.values().SetValue(ended(t.ctx), at(0), o.ID, "cart", nil))
	_, err := t.values().Value(ended(t.ctx), at(0), o.ID, "cart")
	t.aboutTheStore("Value", err)
	_, err = t.values().TakeValue(ended(t.ctx), at(0), o.ID, "cart")
	t.aboutTheStore("TakeValue", err)
	t.value(o, at(0), "cart", "apples")
}
