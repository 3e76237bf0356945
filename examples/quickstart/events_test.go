package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// An event is one of a stream.
type event struct {
	name string
	data map[string]any
}

// listen opens the stream and returns its status and its events. The channel is closed when
// the stream ends.
func (c *client) listen(ctx context.Context) (int, <-chan event) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", c.url+"/events", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = res.Body.Close() })
	events := make(chan event, 16)
	go func() {
		defer close(events)
		var e event
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "event":
				e.name = value
			case "data":
				_ = json.Unmarshal([]byte(value), &e.data)
			case "":
				events <- e
				e = event{}
			}
		}
	}()
	return res.StatusCode, events
}

// next is the next event, which must come in a while.
func next(t *testing.T, events <-chan event) event {
	t.Helper()
	select {
	case e, ok := <-events:
		if !ok {
			t.Fatal("the stream has ended")
		}
		return e
	case <-time.After(patience):
		t.Fatal("no event")
	}
	return event{}
}

func TestNotesReachEverybodyWhoListens(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		ann, root := p.client(t), p.client(t)
		ann.login(annJSON)
		root.loginToken(rootJSON)
		status1, toAnn := ann.listen(t.Context())
		status2, toRoot := root.listen(t.Context())
		if status1 != 200 || status2 != 200 {
			t.Fatalf("status %d and %d, want 200", status1, status2)
		}
		if e := next(t, toAnn); e.name != "session" || e.data["subject"] != "ann" || e.data["method"] != "cookie" {
			t.Errorf("first event %v, want ann's session", e)
		}
		if e := next(t, toRoot); e.name != "session" || e.data["subject"] != "root" || e.data["method"] != "bearer" {
			t.Errorf("first event %v, want root's session", e)
		}
		ann.post("/note", `{"text":"line one\nline two"}`).want(201)
		for _, events := range []<-chan event{toAnn, toRoot} {
			if e := next(t, events); e.name != "note" || e.data["text"] != "line one\nline two" || e.data["by"] != "ann" {
				t.Errorf("event %v, want ann's note", e)
			}
		}

		p.stop() // with streams open, which it ends
		for range toAnn {
		}
	})
}

func TestASessionInUseIsProlonged(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, append(flags, "-idle", "20s")...) // at most once in two seconds
		t.Run("by a cookie, which is sent again", func(t *testing.T) {
			t.Parallel()
			ann := p.client(t)
			ann.login(annJSON)
			first := ann.get("/me").want(200).expiresAt()
			eventually(t, "the cookie is sent again", func() bool {
				a := ann.get("/me").want(200)
				if c := a.cookie(); c == nil || c.MaxAge < 1 || c.MaxAge > 20 || !a.expiresAt().After(first) {
					return false
				}
				return true
			})
		})
		t.Run("by a token, which is replaced", func(t *testing.T) {
			t.Parallel()
			root := p.client(t)
			root.loginToken(rootJSON)
			var renewed string
			eventually(t, "there is a new token", func() bool {
				renewed = root.get("/me").want(200).header.Get("Access-Token")
				return renewed != ""
			})
			if renewed == root.token {
				t.Error("the renewed token is the old one")
			}
			root.token = renewed
			wantIdentity(t, root.get("/me").want(200), "root", "bearer", "user", "admin")
		})
	})
}

// TestSessionsEndInTime lets real time pass. A busy machine makes it slower and not wrong: what is
// late is not counted.
func TestSessionsEndInTime(t *testing.T) {
	const (
		idle, absolute = 2 * time.Second, 4 * time.Second
		interval       = time.Second // the least there is
	)
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, append(flags, "-idle", "2s", "-absolute", "4s")...)

		t.Run("used or not", func(t *testing.T) {
			t.Parallel()
			ann := p.client(t)
			before := time.Now()
			cookie := ann.login(annJSON).cookie()
			after, used := time.Now(), time.Now()
			reissued := 0
			for {
				sent := time.Now()
				// Beside the one of the jar, which drops it in time: the server refuses it as well.
				a := ann.get("/me", "Cookie: "+cookie.Name+"="+cookie.Value)
				if a.status == 401 {
					break
				}
				if sent.After(after.Add(absolute)) {
					t.Fatalf("the session lives after %v", absolute)
				}
				if at := a.want(200).expiresAt(); at.After(after.Add(absolute)) {
					t.Fatalf("expires %v after the login, want %v at most", at.Sub(after), absolute)
				}
				if a.cookie() != nil {
					reissued++
				}
				used = sent
				time.Sleep(100 * time.Millisecond)
			}
			if now := time.Now(); now.Before(before.Add(absolute)) && now.Before(used.Add(idle-interval)) {
				t.Errorf("a session in use ended after %v, want %v", now.Sub(after), absolute)
			}
			if most := int(absolute / interval); reissued > most {
				t.Errorf("%d renewals, want %d at most", reissued, most)
			}
		})

		t.Run("and listening is no use", func(t *testing.T) {
			t.Parallel()
			ann := p.client(t)
			before := time.Now()
			ann.login(annJSON)
			after := time.Now()
			for {
				sent := time.Now()
				status, events := ann.listen(t.Context())
				if status == 401 {
					break
				}
				if sent.After(after.Add(idle)) {
					t.Fatalf("listening alone keeps the session alive for more than %v", idle)
				}
				var last event
				for e := range events { // until the stream ends, which is when the session does
					last = e
				}
				if last.name != "ended" || last.data["reason"] != "expired" {
					t.Errorf("the stream ends with %v, want ended, by expiry", last)
				}
			}
			if lived := time.Since(before); lived < idle {
				t.Errorf("the session ended after %v, want %v", lived, idle)
			}
		})
	})
}
