package devices_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/securecookie"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware/devices"
)

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	iphone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)

func TestAUserSeesTheirSessionsSideBySide(t *testing.T) {
	// DV-1, DV-2: two browsers and a program of ann, and root, whom ann does not see.
	each(t, func(t *testing.T, a *app) {
		before := time.Now().Add(-time.Microsecond)
		laptop := a.browser(t, "1", header("User-Agent", firefox))
		phone := a.browser(t, "1", header("User-Agent", iphone), header("Label", "Ann's phone"))
		script := a.program(t, "1", header("User-Agent", "curl/8.5.0"))
		a.browser(t, "2")
		after := time.Now()

		got := phone.list("/sessions")
		want := []devices.Device{ // the most recently seen first
			{ID: script.id, Label: "curl", Kind: "token", IP: "192.0.2.1", UserAgent: "curl/8.5.0"},
			{ID: phone.id, Label: "Ann's phone", Kind: "cookie", IP: "192.0.2.1", UserAgent: iphone, Current: true},
			{ID: laptop.id, Label: "Firefox on Linux", Kind: "cookie", IP: "192.0.2.1", UserAgent: firefox},
		}
		if len(got) != len(want) {
			t.Fatalf("%d sessions, want %d: %+v", len(got), len(want), got)
		}
		for i, d := range got {
			if d.CreatedAt.Before(before) || d.CreatedAt.After(after) || !d.LastSeenAt.Equal(d.CreatedAt) {
				t.Errorf("created %v, seen %v, want both now", d.CreatedAt, d.LastSeenAt)
			}
			if left := d.ExpiresAt.Sub(d.LastSeenAt); left != 30*time.Minute {
				t.Errorf("expires %v after it was seen, want 30m", left)
			}
			d.CreatedAt, d.LastSeenAt, d.ExpiresAt = time.Time{}, time.Time{}, time.Time{}
			if d != want[i] {
				t.Errorf("got %+v, want %+v", d, want[i])
			}
		}
		for _, c := range []*client{laptop, script} {
			for _, d := range c.list("/sessions") {
				if d.Current != (d.ID == c.id) {
					t.Errorf("session %s is current: %v, and the request was by %s", d.ID, d.Current, c.id)
				}
			}
		}
	})
}

func TestAListIsJSONWithTheseNames(t *testing.T) {
	// DV-2: clients compare the names, which are typed out here.
	each(t, func(t *testing.T, a *app) {
		c := a.browser(t, "1", header("User-Agent", firefox))
		w := c.want("GET", "/sessions", 200)
		for field, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
			if got := w.Header().Get(field); got != want {
				t.Errorf("%s %q, want %q", field, got, want)
			}
		}
		var body map[string][]map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || len(body) != 1 || len(body["sessions"]) != 1 {
			t.Fatalf("%s (%v), want an object with one member and one session", w.Body, err)
		}
		got := slices.Sorted(maps.Keys(body["sessions"][0]))
		want := []string{"created_at", "current", "expires_at", "id", "ip", "kind", "label", "last_seen_at", "user_agent"}
		if !slices.Equal(got, want) {
			t.Errorf("members %q, want %q", got, want)
		}
		for _, name := range []string{"created_at", "last_seen_at", "expires_at"} {
			if s, _ := body["sessions"][0][name].(string); !strings.HasSuffix(s, "Z") {
				t.Errorf("%s is %q, want a time in UTC", name, s)
			}
		}
	})
}

func TestAListIsNotStoredThoughAMiddlewareOnTheWaySaysSo(t *testing.T) {
	// ER-6
	a := newApp(t, storetest.Memory(t))
	c := a.browser(t, "1")
	a.Handler = a.guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=60")
		a.devices.List().ServeHTTP(w, r)
	}))
	if got := c.want("GET", "/sessions", 200).Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q, want no-store", got)
	}
}

func TestAListHoldsNoCredential(t *testing.T) {
	// DV-2: what is listed opens nothing, in whatever spelling.
	each(t, func(t *testing.T, a *app) {
		browser, script := a.browser(t, "1"), a.program(t, "1")
		var secret []byte
		if err := securecookie.New(cookieKey, nil).SetSerializer(securecookie.NopEncoder{}).Decode("__Host-session", browser.cookie, &secret); err != nil {
			t.Fatal(err)
		}
		secret = secret[:backends.SecretSize]
		hash := sha256.Sum256(secret)
		body := browser.want("GET", "/sessions", 200).Body.String() + a.browser(t, "2").want("GET", "/users/1/sessions", 200).Body.String()
		for name, credential := range map[string]string{
			"cookie": browser.cookie, "access token": script.token, "refresh token": script.refresh,
			"secret": string(secret), "secret in hex": hex.EncodeToString(secret),
			"secret in base64": base64.StdEncoding.EncodeToString(secret), "secret in base64url": base64.RawURLEncoding.EncodeToString(secret),
			"hash": string(hash[:]), "hash in hex": hex.EncodeToString(hash[:]),
			"hash in base64": base64.StdEncoding.EncodeToString(hash[:]), "hash in base64url": base64.RawURLEncoding.EncodeToString(hash[:]),
		} {
			if part := common(credential, body); part != "" {
				t.Errorf("the %s is there, in part: %q in %s", name, part, body)
			}
		}
		// What is there is the ID, and as a credential it is none.
		for _, edit := range []*client{{t: t, app: a, cookie: browser.id}, {t: t, app: a, token: script.id}} {
			edit.want("GET", "/me", 401)
		}
	})
}

// common returns eight bytes in a row that credential and text have in common, or "".
func common(credential, text string) string {
	for i := range len(credential) - 7 {
		if part := credential[i : i+8]; strings.Contains(text, part) {
			return part
		}
	}
	return ""
}

func TestTheSessionThatWasSeenLastComesFirst(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		first, second, third := a.browser(t, "1"), a.program(t, "1"), a.browser(t, "1")
		// The one in the middle is in use in ten minutes.
		seen := time.Now().Add(10 * time.Minute)
		if _, ok, err := a.store.Extend(t.Context(), seen, second.id); err != nil || !ok {
			t.Fatalf("extended: %v, %v", ok, err)
		}
		var got []string
		for _, d := range first.list("/sessions") {
			got = append(got, d.ID)
		}
		if want := []string{second.id, third.id, first.id}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func TestAListSaysWhenASessionWasSeenAndWhenItExpires(t *testing.T) {
	// Idle is 30 minutes, activity is counted once in three.
	for name, store := range map[string]func(t *testing.T) storetest.Store{
		"memory":         func(t *testing.T) storetest.Store { return storetest.Memory(t) },
		"memory, cached": func(t *testing.T) storetest.Store { return storetest.Cached(t, storetest.Memory(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newApp(t, store(t))
				c, other := a.browser(t, "1"), a.browser(t, "1")
				login := time.Now()
				for _, row := range []struct{ wait, seen, expires time.Duration }{
					{2 * time.Minute, 0, 30 * time.Minute},                 // not counted
					{2 * time.Minute, 4 * time.Minute, 34 * time.Minute},   // counted
					{25 * time.Minute, 29 * time.Minute, 59 * time.Minute}, // and on
				} {
					time.Sleep(row.wait)
					for _, d := range c.list("/sessions") {
						if d.ID == other.id {
							continue
						}
						if !d.CreatedAt.Equal(login) || d.LastSeenAt.Sub(login) != row.seen || d.ExpiresAt.Sub(login) != row.expires {
							t.Errorf("after %v: created %v, seen %v, expires %v, want 0, %v, %v", time.Since(login),
								d.CreatedAt.Sub(login), d.LastSeenAt.Sub(login), d.ExpiresAt.Sub(login), row.seen, row.expires)
						}
					}
				}
				time.Sleep(time.Minute)
				if got := c.list("/sessions"); len(got) != 1 || got[0].ID != c.id {
					t.Errorf("after 30 minutes: %+v, want the session in use alone", got)
				}
			})
		})
	}
}

func TestWhoHasNoSessionSeesAnEmptyList(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		root := a.browser(t, "2")
		for _, user := range []string{"1", "nobody", "%00", "%FF", strings.Repeat("x", 300)} {
			w := root.want("GET", "/users/"+user+"/sessions", 200)
			if got := w.Body.String(); got != `{"sessions":[]}`+"\n" {
				t.Errorf("%s: %s, want an empty list", user, got)
			}
		}
	})
}

func TestAListIsTheSameWithoutHTTP(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		c, other := a.browser(t, "1", header("User-Agent", firefox)), a.browser(t, "1")
		for _, current := range []string{c.id, other.id, ""} {
			got, _, err := a.devices.Sessions(t.Context(), "1", current, backends.Page{})
			if err != nil || len(got) != 2 {
				t.Fatalf("%d sessions (%v), want 2", len(got), err)
			}
			for _, d := range got {
				if d.Current != (d.ID == current) {
					t.Errorf("session %s is current: %v, want it for %q alone", d.ID, d.Current, current)
				}
			}
		}
		got, _, err := a.devices.Sessions(t.Context(), "1", c.id, backends.Page{})
		if want := c.list("/sessions"); err != nil || !slices.Equal(got, want) {
			t.Errorf("got %+v (%v), want as by HTTP %+v", got, err, want)
		}
		if got, _, err := a.devices.Sessions(t.Context(), "nobody", "", backends.Page{}); err != nil || got == nil || len(got) != 0 {
			t.Errorf("nobody: %v (%v), want an empty list", got, err)
		}
	})
}

func TestALongListComesInPages(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		c := a.browser(t, "1")
		for range 100 {
			a.browser(t, "1")
		}
		var seen []string
		path := "/sessions"
		for _, size := range []int{100, 1} {
			var body struct {
				Sessions []devices.Device
				Next     string
			}
			w := c.want("GET", path, 200)
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || len(body.Sessions) != size || (body.Next == "") != (size == 1) {
				t.Fatalf("%s: %d sessions, next %q (%v); want %d", path, len(body.Sessions), body.Next, err, size)
			}
			for _, d := range body.Sessions {
				seen = append(seen, d.ID)
			}
			path = "/sessions?after=" + url.QueryEscape(body.Next)
		}
		if slices.Sort(seen); len(slices.Compact(seen)) != 101 {
			t.Error("a session is in two pages")
		}
		c.refused("GET", "/sessions?after=x", 400, "https://inga-auth.github.io/problems/malformed-request")
	})
}

func TestLastSeenOfASessionByTokenMovesWithARefresh(t *testing.T) {
	each(t, func(t *testing.T, a *app) {
		c := a.program(t, "1")
		before := c.list("/sessions")[0]
		if _, err := a.tokens.Refresh(httptest.NewRequest("POST", "/", nil), c.refresh); err != nil {
			t.Fatal(err)
		}
		after := c.list("/sessions")
		if len(after) != 1 || after[0].ID != c.id || after[0].Kind != backends.KindToken {
			t.Fatalf("%+v, want the same session", after)
		}
		if !after[0].LastSeenAt.After(before.LastSeenAt) || !after[0].CreatedAt.Equal(before.CreatedAt) {
			t.Errorf("seen %v, then %v; want later, and as old as before", before.LastSeenAt, after[0].LastSeenAt)
		}
	})
}
