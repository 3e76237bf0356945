package backendtest

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
)

// page returns the IDs of one page of ann's sessions, and the After of the next.
func (t *tester) pageOf(now time.Time, p backends.Page) (ids []string, next string) {
	t.Helper()
	page, next, err := t.lister().List(t.ctx, now, "ann", p)
	if err != nil {
		t.Fatalf("List of the page %+v: %v", p, err)
	}
	for _, s := range page {
		ids = append(ids, s.ID)
	}
	return ids, next
}

// pages returns the IDs of ann's sessions, page by page. between is called after each page.
func (t *tester) pages(now time.Time, limit int, between func(ids []string)) (pages [][]string) {
	t.Helper()
	for after := ""; ; {
		ids, next := t.pageOf(now, backends.Page{After: after, Limit: limit})
		pages = append(pages, ids)
		if next == "" || len(pages) > 1000 {
			return pages
		}
		if between(ids); len(ids) != limit {
			t.Errorf("a page of %d sessions of at most %d is followed by another", len(ids), limit)
		}
		after = next
	}
}

// several opens n sessions of ann, each seen a little later than the one before, and returns
// their IDs, the last first.
func (t *tester) several(n int, apart time.Duration) (ids []string) {
	for i := range n {
		ids = append(ids, t.open("ann", at(time.Duration(i)*apart)).ID)
	}
	slices.Reverse(ids)
	return ids
}

func listedInPages(t *tester) {
	t.user("ann")
	want := t.several(101, tick)
	t.open(t.user("bob"), at(0))
	for limit, sizes := range map[int][]int{1000: {101}, 101: {101}, 100: {100, 1}, 34: {34, 34, 33}} {
		pages := t.pages(at(time.Minute), limit, func([]string) {})
		var got []int
		for _, p := range pages {
			got = append(got, len(p))
		}
		if !slices.Equal(got, sizes) {
			t.Errorf("limit %d: pages of %d sessions, want %d", limit, got, sizes)
		}
		if !slices.Equal(slices.Concat(pages...), want) {
			t.Errorf("limit %d: the pages do not hold each session once, the most recently seen first", limit)
		}
	}
	if ids, next := t.pageOf(at(time.Minute), backends.Page{}); len(ids) != 100 || next == "" {
		t.Errorf("without a limit: %d sessions, next %q; want 100, and more", len(ids), next)
	}
}

func pagesWhileUsed(t *tester) {
	t.user("ann")
	all := t.several(9, tick)
	used := []string{all[0], all[4], all[8]} // in a page that was read, in the next one, in the last
	now := at(2 * interval)
	pages := t.pages(now, 3, func([]string) {
		for _, id := range used {
			if _, _, err := t.Store.Extend(t.ctx, now, id); err != nil {
				t.Fatalf("Extend: %v", err)
			}
		}
		t.open("ann", now)
	})
	seen := make(map[string]int)
	for _, id := range slices.Concat(pages...) {
		seen[id]++
	}
	for i, id := range all {
		if n := seen[id]; n > 1 || n == 0 && !slices.Contains(used, id) {
			t.Errorf("session %d of 9 is in %d pages, want 1; at most 1 if it is used meanwhile", i, n)
		}
	}
	if ids, _ := t.pageOf(now, backends.Page{}); len(ids) != len(all)+len(pages)-1 {
		t.Errorf("afterwards %d sessions are listed, want %d", len(ids), len(all)+len(pages)-1)
	}
}

func pagesOfOne(t *tester) {
	t.user("ann")
	all := t.several(5, 0)
	got := slices.Concat(t.pages(at(0), 1, func(ids []string) { t.revoke(opened{Session: backends.Session{ID: ids[0]}}, at(0), true) })...)
	slices.Sort(got)
	slices.Sort(all)
	if !slices.Equal(got, all) {
		t.Errorf("pages %q, want each of %q once", got, all)
	}
}

func invalidPage(t *tester) {
	o := t.begun()
	for what, p := range map[string]backends.Page{
		"limit below 1":     {Limit: -1},
		"limit too large":   {Limit: 1001},
		"no cursor":         {After: "x"},
		"an ID alone":       {After: o.ID},
		"no time":           {After: o.ID + "yesterday"},
		"control character": {After: "\x00" + o.ID[1:] + "2026-11-28T19:01:53Z"},
		"an ID that is not": {After: strings.ToLower(o.ID) + "2026-11-28T19:01:53Z"},
	} {
		list, next, err := t.lister().List(t.ctx, at(0), "ann", p)
		if t.mistaken("List, "+what, err); len(list) != 0 || next != "" {
			t.Errorf("List, %s: %d sessions, next %q; want none", what, len(list), next)
		}
		_, _, err = t.lister().List(t.ctx, at(0), "nobody", p)
		if err != nil && !errors.Is(err, backends.ErrNotFound) {
			t.mistaken("List of nobody, "+what, err)
		}
	}
}
