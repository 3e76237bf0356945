package backends_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

type cart struct {
	Items []string `json:"items"`
	Total int      `json:"total"`
}

// visitor returns a store, and the ID of a session in it that lives for an hour.
func visitor(t *testing.T) (*memory.Store, string) {
	t.Helper()
	m, now := memory.New(), time.Now()
	if err := m.CreateUser(t.Context(), backends.User{ID: "ann", Name: "ann"}, ""); err != nil {
		t.Fatal(err)
	}
	s := backends.Session{ID: backends.NewID(), UserID: "ann", IdleDeadline: now.Add(time.Hour), AbsoluteDeadline: now.Add(time.Hour)}
	if _, err := m.Create(t.Context(), now, s, backends.NewSecret().Hash(), backends.Admission{}); err != nil {
		t.Fatal(err)
	}
	return m, s.ID
}

func TestAKeyHasAType(t *testing.T) {
	const key backends.Key[cart] = "cart"
	m, id := visitor(t)
	if got, ok, err := key.Get(t.Context(), m, id); ok || err != nil {
		t.Errorf("before it was set: %+v, %v, %v; want nothing", got, ok, err)
	}
	want := cart{Items: []string{"사과", "<b>"}, Total: 7}
	if err := key.Set(t.Context(), m, id, want); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := key.Get(t.Context(), m, id); !ok || err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Get: %+v, %v, %v; want %+v", got, ok, err, want)
	}
	if got, ok, err := key.Take(t.Context(), m, id); !ok || err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Take: %+v, %v, %v; want %+v", got, ok, err, want)
	}
	if got, ok, err := key.Take(t.Context(), m, id); ok || err != nil || !reflect.DeepEqual(got, cart{}) {
		t.Errorf("Take again: %+v, %v, %v; want nothing", got, ok, err)
	}
}

func TestAValueThatCannotBeDecodedIsAbsent(t *testing.T) {
	// A release changed the type, or somebody wrote into the table. It heals itself.
	m, id := visitor(t)
	for _, raw := range []string{`"text"`, `{"items":["x"],"total":"seven"}`, `{`, "", "\xff"} {
		if err := m.SetValue(t.Context(), time.Now(), id, "cart", []byte(raw)); err != nil {
			t.Fatal(err)
		}
		for _, read := range []func() (cart, bool, error){
			func() (cart, bool, error) { return backends.Key[cart]("cart").Get(t.Context(), m, id) },
			func() (cart, bool, error) { return backends.Key[cart]("cart").Take(t.Context(), m, id) },
		} {
			if got, ok, err := read(); ok || err != nil || !reflect.DeepEqual(got, cart{}) {
				t.Errorf("%q: %+v, %v, %v; want nothing, and no half of it", raw, got, ok, err)
			}
		}
	}
	if err := backends.Key[cart]("cart").Set(t.Context(), m, id, cart{Total: 1}); err != nil {
		t.Errorf("setting it anew: %v", err)
	}
}

func TestAValueThatCannotBeKeptIsAnErrorAndNotSet(t *testing.T) {
	m, id := visitor(t)
	for what, set := range map[string]func() error{
		"no JSON":         func() error { return backends.Key[func()]("f").Set(t.Context(), m, id, func() {}) },
		"too long":        func() error { return backends.Key[string]("s").Set(t.Context(), m, id, strings.Repeat("x", 4095)) },
		"a key too long":  func() error { return backends.Key[int](strings.Repeat("k", 65)).Set(t.Context(), m, id, 1) },
		"a key with NUL":  func() error { return backends.Key[int]("\x00").Set(t.Context(), m, id, 1) },
		"no key":          func() error { return backends.Key[int]("").Set(t.Context(), m, id, 1) },
		"another session": func() error { return backends.Key[int]("k").Set(t.Context(), m, backends.NewID(), 1) },
	} {
		if err := set(); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
	if err := backends.Key[string]("s").Set(t.Context(), m, id, strings.Repeat("x", 4094)); err != nil {
		t.Errorf("4096 bytes of JSON: %v", err)
	}
}

func TestValuesOfASessionThatHasEndedAreTheCredentialsFault(t *testing.T) {
	// So that a guard's Refuse answers 401, and not 503.
	const key backends.Key[int] = "n"
	m, id := visitor(t)
	if _, err := m.Revoke(t.Context(), time.Now(), id, backends.ReasonLogout); err != nil {
		t.Fatal(err)
	}
	_, _, get := key.Get(t.Context(), m, id)
	_, _, take := key.Take(t.Context(), m, id)
	for call, err := range map[string]error{"Set": key.Set(t.Context(), m, id, 1), "Get": get, "Take": take} {
		var invalid interface{ InvalidCredentials() bool }
		if !errors.Is(err, backends.ErrNotLive) || !errors.As(err, &invalid) || !invalid.InvalidCredentials() {
			t.Errorf("%s: %v, want ErrNotLive that says whose fault it is", call, err)
		}
	}
}
