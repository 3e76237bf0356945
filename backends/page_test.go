package backends_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
)

func TestAPageSaysWhereItStarts(t *testing.T) {
	const id = "ABCDEFGHIJKLMNOPQRSTUVWXY2"
	for _, row := range []struct {
		page  backends.Page
		seen  string
		id    string
		limit int
	}{
		{backends.Page{}, "10000-01-01T00:00:00Z", "", 100},
		{backends.Page{Limit: 1}, "10000-01-01T00:00:00Z", "", 1},
		{backends.Page{Limit: 1000}, "10000-01-01T00:00:00Z", "", 1000},
		{backends.Page{After: id + "2026-02-03T04:05:06.000007Z"}, "2026-02-03T04:05:06.000007Z", id, 100},
		{backends.Page{After: id + "2026-02-03T04:05:06.000000007Z", Limit: 2}, "2026-02-03T04:05:06.000000007Z", id, 2},
	} {
		seen, id, limit, err := row.page.Start()
		if got := seen.Format(time.RFC3339Nano); err != nil || got != row.seen || id != row.id || limit != row.limit {
			t.Errorf("%+v: %s, %q, %d (%v); want %s, %q, %d", row.page, got, id, limit, err, row.seen, row.id, row.limit)
		}
	}
	for field, page := range map[string]backends.Page{
		"Page.Limit is -1":   {Limit: -1},
		"Page.Limit is 1001": {Limit: 1001},
		`Page.After is "x"`:  {After: "x"},
		"Page.After is":      {After: strings.ToLower(id) + "2026-02-03T04:05:06Z"},
	} {
		_, _, err := page.Cut(nil)
		if !errors.Is(err, backends.ErrInvalidArgument) || !strings.Contains(err.Error(), field) {
			t.Errorf("%+v: error %v, want ErrInvalidArgument that names %s", page, err, field)
		}
	}
}

func TestAPageIsCutOutOfAListInAnyOrder(t *testing.T) {
	at := func(second int, id string) backends.Session {
		return backends.Session{ID: strings.Repeat("A", 25) + id, LastSeenAt: time.Date(2026, 2, 3, 4, 5, second, 7000, time.UTC)}
	}
	live := func() []backends.Session { return []backends.Session{at(1, "C"), at(3, "A"), at(2, "B"), at(1, "D")} }
	for _, row := range []struct {
		page backends.Page
		want string
		next string
	}{
		{backends.Page{}, "ABDC", ""},
		{backends.Page{Limit: 4}, "ABDC", ""},
		{backends.Page{Limit: 3}, "ABD", "AAAAAAAAAAAAAAAAAAAAAAAAAD2026-02-03T04:05:01.000007Z"},
		{backends.Page{After: "AAAAAAAAAAAAAAAAAAAAAAAAAD2026-02-03T04:05:01.000007Z"}, "C", ""},
		{backends.Page{After: "AAAAAAAAAAAAAAAAAAAAAAAAAC2026-02-03T04:05:01.000007Z"}, "", ""},
	} {
		page, next, err := row.page.Cut(live())
		got := ""
		for _, s := range page {
			got += s.ID[25:]
		}
		if err != nil || got != row.want || next != row.next {
			t.Errorf("%+v: %s, next %q (%v); want %s, next %q", row.page, got, next, err, row.want, row.next)
		}
	}
}
