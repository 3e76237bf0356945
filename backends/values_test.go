package backends_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
)

type cart struct {
	Items []string `json:"items"`
	Total int      `json:"total"`
}

// shelf keeps the values of one session. With err it fails.
type shelf struct {
	values map[string]string
	err    error
}

func newShelf() *shelf { return &shelf{values: map[string]string{}} }

func (s *shelf) SetValue(_ context.Context, _ time.Time, id, key string, value []byte) error {
	if err := errors.Join(s.err, backends.ValidValue(key, value)); err != nil {
		return err
	}
	s.values[id+" "+key] = string(value)
	return nil
}

func (s *shelf) Value(_ context.Context, _ time.Time, id, key string) ([]byte, error) {
	if s.err != nil {
		return nil, s.err
	}
	v, ok := s.values[id+" "+key]
	if !ok {
		return nil, backends.ErrNoValue
	}
	return []byte(v), nil
}

func (s *shelf) TakeValue(ctx context.Context, now time.Time, id, key string) ([]byte, error) {
	defer delete(s.values, id+" "+key)
	return s.Value(ctx, now, id, key)
}

func TestAValueKeyHasAType(t *testing.T) {
	const key backends.ValueKey[cart] = "cart"
	s := newShelf()
	if got, ok, err := key.Get(t.Context(), s, "ID"); ok || err != nil {
		t.Errorf("before it was set: %+v, %v, %v; want nothing", got, ok, err)
	}
	want := cart{Items: []string{"사과", "<b>"}, Total: 7}
	if err := key.Set(t.Context(), s, "ID", want); err != nil {
		t.Fatal(err)
	}
	if names := slices.Collect(maps.Keys(s.values)); !slices.Equal(names, []string{"ID cart"}) {
		t.Errorf("stored as %q, want the key of the session ID", names)
	}
	if got, ok, err := key.Get(t.Context(), s, "ID"); !ok || err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Get: %+v, %v, %v; want %+v", got, ok, err, want)
	}
	if got, ok, err := key.Take(t.Context(), s, "ID"); !ok || err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Take: %+v, %v, %v; want %+v", got, ok, err, want)
	}
	if got, ok, err := key.Take(t.Context(), s, "ID"); ok || err != nil || !reflect.DeepEqual(got, cart{}) {
		t.Errorf("Take again: %+v, %v, %v; want nothing", got, ok, err)
	}
}

func TestAValueIsStoredAndReadAtTheCurrentTime(t *testing.T) {
	const key backends.ValueKey[int] = "n"
	c := &clocked{shelf: newShelf()}
	before := time.Now()
	err := key.Set(t.Context(), c, "ID", 1)
	_, _, err2 := key.Get(t.Context(), c, "ID")
	_, _, err3 := key.Take(t.Context(), c, "ID")
	if err := errors.Join(err, err2, err3); err != nil || len(c.at) != 3 {
		t.Fatalf("%d calls, error %v; want 3", len(c.at), err)
	}
	for i, at := range c.at {
		if at.Before(before) || at.After(time.Now()) {
			t.Errorf("call %d at %v, want the current time", i, at)
		}
	}
}

// clocked notes the time of each call.
type clocked struct {
	*shelf
	at []time.Time
}

func (c *clocked) SetValue(ctx context.Context, now time.Time, id, key string, value []byte) error {
	c.at = append(c.at, now)
	return c.shelf.SetValue(ctx, now, id, key, value)
}

func (c *clocked) Value(ctx context.Context, now time.Time, id, key string) ([]byte, error) {
	c.at = append(c.at, now)
	return c.shelf.Value(ctx, now, id, key)
}

func (c *clocked) TakeValue(ctx context.Context, now time.Time, id, key string) ([]byte, error) {
	c.at = append(c.at, now)
	return c.shelf.TakeValue(ctx, now, id, key)
}

func TestAValueThatCannotBeDecodedIsAbsent(t *testing.T) {
	// A release changed the type, or the table was edited by hand. The next Set repairs it.
	const key backends.ValueKey[cart] = "cart"
	for _, raw := range []string{`"text"`, `{"items":["x"],"total":"seven"}`, `{`, "", "\xff"} {
		s := newShelf()
		for call, read := range map[string]func(context.Context, backends.Values, string) (cart, bool, error){"Get": key.Get, "Take": key.Take} {
			s.values["ID cart"] = raw
			if got, ok, err := read(t.Context(), s, "ID"); ok || err != nil || !reflect.DeepEqual(got, cart{}) {
				t.Errorf("%s of %q: %+v, %v, %v; want nothing, and no half of it", call, raw, got, ok, err)
			}
		}
		if err := key.Set(t.Context(), s, "ID", cart{Total: 1}); err != nil {
			t.Errorf("setting it anew: %v", err)
		}
		if got, ok, err := key.Get(t.Context(), s, "ID"); !ok || err != nil || got.Total != 1 {
			t.Errorf("after setting it anew: %+v, %v, %v; want a total of 1", got, ok, err)
		}
	}
}

func TestAValueThatCannotBeKeptIsAMistakeAndNotSet(t *testing.T) {
	s := newShelf()
	for what, err := range map[string]error{
		"no JSON": backends.ValueKey[func()]("f").Set(t.Context(), s, "ID", func() {}),
		"no key":  backends.ValueKey[int]("").Set(t.Context(), s, "ID", 1),
	} {
		if !errors.Is(err, backends.ErrInvalidArgument) {
			t.Errorf("%s: %v, want ErrInvalidArgument", what, err)
		}
	}
	if len(s.values) != 0 {
		t.Errorf("stored %q, want nothing", s.values)
	}
}

func TestTheErrorOfAStoreIsTheErrorOfAValueKey(t *testing.T) {
	const key backends.ValueKey[int] = "n"
	for _, want := range []error{backends.ErrRevoked, errors.New("connection refused")} {
		s := &shelf{err: want}
		_, got, get := key.Get(t.Context(), s, "ID")
		_, took, take := key.Take(t.Context(), s, "ID")
		for call, err := range map[string]error{"Set": key.Set(t.Context(), s, "ID", 1), "Get": get, "Take": take} {
			if !errors.Is(err, want) || got || took {
				t.Errorf("%s: %v, want %v", call, err, want)
			}
		}
	}
}
