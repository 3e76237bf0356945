package main

import (
	"bufio"
	"context"
	"net/http"
	"slices"
	"strconv"
	"testing"
)

// listen opens the stream, hands its lines to the function until that has enough, and leaves.
func (c *client) listen(since int, lastSeen string, enough func(line string) bool) (status int) {
	c.t.Helper()
	ctx, leave := context.WithCancel(c.t.Context())
	defer leave()
	r, err := http.NewRequestWithContext(ctx, "GET", c.url+"/live/events?since="+strconv.Itoa(since), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	if lastSeen != "" {
		r.Header.Set("Last-Event-ID", lastSeen)
	}
	res, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan() && !enough(lines.Text()); {
	}
	return res.StatusCode
}

func TestNoNoteIsMissedAndNoneIsTwice(t *testing.T) {
	t.Parallel()
	ann := start(t).client(t).signUp("ann")
	for _, text := range []string{"one", "two", "three"} {
		ann.post("/live", "text", text).wantRedirect("/live")
	}
	ann.get("/live").want(200).wantText(`data-last="3"`)
	for _, row := range []struct {
		since    int
		lastSeen string // by a browser that connects again
		want     []string
	}{
		{0, "", []string{"id: 1", "id: 2", "id: 3"}},
		{1, "", []string{"id: 2", "id: 3"}},
		{1, "2", []string{"id: 3"}},
	} {
		var got []string
		ann.listen(row.since, row.lastSeen, func(line string) bool {
			if len(line) > 3 && line[:3] == "id:" {
				got = append(got, line)
			}
			return line == "id: 3"
		})
		if !slices.Equal(got, row.want) {
			t.Errorf("since %d and %q: %q, want %q", row.since, row.lastSeen, got, row.want)
		}
	}
}

func TestALivePageKeepsNoSessionAlive(t *testing.T) {
	// TL-8
	t.Parallel()
	ann := start(t, "-idle", "2s").client(t).signUp("ann")
	first := func(string) bool { return true }
	if status := ann.listen(0, "", first); status != 200 {
		t.Fatalf("status %d, want 200", status)
	}
	eventually(t, "the session of a user who only listens ends", func() bool { return ann.listen(0, "", first) != 200 })
	if status := ann.listen(0, "", first); status != 401 {
		t.Errorf("status %d, want 401: no redirect, for a stream is no page", status)
	}
}
