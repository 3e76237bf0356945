package backends_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/inga-auth/inga/backends"
)

func TestALimitEndsTheLeastRecentlyUsedSessions(t *testing.T) {
	// The most recently used first: w1, then p1, ...
	live := []backends.Session{
		{ID: "w1", Kind: "web"}, {ID: "p1", Kind: "phone"}, {ID: "w2", Kind: "web"}, {ID: "w3", Kind: "web"}, {ID: "p2", Kind: "phone"},
	}
	for _, row := range []struct {
		limit backends.Limit
		kind  backends.Kind
		want  []string
	}{
		{backends.Limit{}, "web", nil},
		{backends.Limit{Total: 6}, "web", nil},
		{backends.Limit{Total: 5}, "web", []string{"p2"}},
		{backends.Limit{Total: 3}, "phone", []string{"w2", "w3", "p2"}},
		{backends.Limit{Total: 1}, "web", []string{"w1", "p1", "w2", "w3", "p2"}},
		{backends.Limit{PerKind: 1}, "web", []string{"w1", "w2", "w3"}},
		{backends.Limit{PerKind: 1}, "phone", []string{"p1", "p2"}},
		{backends.Limit{PerKind: 3}, "web", []string{"w3"}},
		{backends.Limit{PerKind: 2}, "tv", nil},
		{backends.Limit{Total: 4, PerKind: 2}, "web", []string{"w2", "w3"}}, // one by kind makes room in all
		{backends.Limit{Total: 2, PerKind: 2}, "phone", []string{"p1", "w2", "w3", "p2"}},
		{backends.Limit{Total: 6, Refuse: true}, "web", nil},
	} {
		got, err := row.limit.Evict(live, row.kind)
		if err != nil || !slices.Equal(got, row.want) {
			t.Errorf("%+v for one more of %s: %q, error %v; want %q", row.limit, row.kind, got, err, row.want)
		}
	}
}

func TestALimitThatRefusesEndsNoSession(t *testing.T) {
	live := []backends.Session{{ID: "w1", Kind: "web"}, {ID: "p1", Kind: "phone"}}
	for _, limit := range []backends.Limit{{Total: 2, Refuse: true}, {PerKind: 1, Refuse: true}, {Total: 9, PerKind: 1, Refuse: true}} {
		if got, err := limit.Evict(live, "web"); !errors.Is(err, backends.ErrLimit) || got != nil {
			t.Errorf("%+v: %q, error %v; want ErrLimit", limit, got, err)
		}
	}
}

func TestALimitBelowZeroIsAMistakeThatNamesItsField(t *testing.T) {
	limit := backends.Limit{Total: -1, PerKind: -2}
	_, err := limit.Evict(nil, "web")
	for _, err := range []error{err, limit.Validate()} {
		if !errors.Is(err, backends.ErrInvalidArgument) || !strings.Contains(err.Error(), "Limit.Total is -1") || !strings.Contains(err.Error(), "Limit.PerKind is -2") {
			t.Errorf("error %v, want ErrInvalidArgument that names Total and PerKind", err)
		}
	}
	if err := (backends.Limit{}).Validate(); err != nil {
		t.Errorf("no limit: %v", err)
	}
}

func TestALimitForAllIsTheSameForEachUser(t *testing.T) {
	want := backends.Limit{Total: 3, PerKind: 1, Refuse: true}
	o := backends.CreateOptions{Limit: want.ForAll}
	for _, id := range []string{"ann", "bob"} {
		if got := o.Limit(backends.User{ID: id}); got != want {
			t.Errorf("%s: %+v, want %+v", id, got, want)
		}
	}
}
