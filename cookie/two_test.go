package cookie_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
)

// A browser sends two cookies of one name after the Domain of the cookie has changed, and when a
// subdomain has planted one.

// jars returns cookies of the name by what they are good for, and the IDs of their sessions.
func jars(t *testing.T, s backends.Store, app http.Handler) (cookies, ids map[string]string) {
	t.Helper()
	cookies, ids = map[string]string{}, map[string]string{}
	for name, user := range map[string]string{"ann": "1", "ann again": "1", "root": "2", "ended": "1", "root's ended": "2"} {
		b := newBrowser(t, app)
		ids[name] = b.opened(user)
		cookies[name] = b.jar["__Host-session"]
	}
	for _, name := range []string{"ended", "root's ended"} {
		newBrowser(t, app).status("POST", "/logout", 200, cookieHeader("__Host-session="+cookies[name]))
	}
	past := now().Add(-2 * time.Hour)
	secret, id := backends.NewSecret(), backends.NewID("1")
	expired := backends.Session{ID: id, UserID: "1", Kind: backends.KindCookie, CreatedAt: past, IdleTimeout: time.Hour, RenewalInterval: time.Minute}
	expired.Begin(past, time.Hour)
	if _, err := s.Create(t.Context(), past, expired, secret.Hash(), backends.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	cookies["expired"] = seal(t, keyA, secret[:], id)
	never := backends.NewSecret()
	cookies["never was"] = seal(t, keyA, never[:], backends.NewID("1"))
	cookies["wrong secret"] = seal(t, keyA, never[:], ids["root"])
	cookies["foreign"] = seal(t, keyB, never[:], backends.NewID("1"))
	cookies["junk"] = "junk"
	cookies["empty"] = ""
	return cookies, ids
}

func TestOfTwoCookiesThatOfALiveSessionDecides(t *testing.T) {
	// CK-12: in either order, and however the other one opens nothing.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := newApp(t, s)
		cookies, _ := jars(t, s, app)
		for _, row := range []struct{ one, other, subject string }{
			{"ann", "ended", "1"},
			{"ann", "expired", "1"},
			{"ann", "never was", "1"},
			{"ann", "wrong secret", "1"},
			{"ann", "foreign", "1"},
			{"ann", "junk", "1"},
			{"ann", "empty", "1"},
			{"ann", "root's ended", "1"},
			{"ann", "ann", "1"},
			{"ann", "ann again", "1"},
			{"root", "ended", "2"},
			{"ann", "root", ""},
			{"ended", "expired", ""},
			{"never was", "junk", ""},
			{"foreign", "junk", ""},
		} {
			for _, pair := range [][2]string{{row.one, row.other}, {row.other, row.one}} {
				for range 2 { // and then as remembered
					w := newBrowser(t, app).do("GET", "/me", cookieHeader("__Host-session="+cookies[pair[0]]+"; __Host-session="+cookies[pair[1]]))
					if got := subjectOf(t, w.Code, w.Body.Bytes()); got != row.subject {
						t.Errorf("%q: subject %q, want %q", pair, got, row.subject)
					}
					if lines := w.Header()["Set-Cookie"]; lines != nil {
						t.Errorf("%q: Set-Cookie %q, want none", pair, lines)
					}
				}
			}
		}
	})
}

// subjectOf returns the subject that a page shows, and "" for a 401.
func subjectOf(t *testing.T, status int, body []byte) string {
	t.Helper()
	if status == 401 {
		return ""
	}
	var id middleware.Identity
	if err := json.Unmarshal(body, &id); err != nil || status != 200 {
		t.Fatalf("status %d: %s (%v)", status, body, err)
	}
	return id.Subject
}

func TestWhatTwoCookiesNameEndsAtLogoutLoginAndReauthentication(t *testing.T) {
	// LO-1, SID-2, CK-12: and the next request is answered, although the browser keeps the other
	// cookie.
	for name, row := range map[string]struct {
		path, one, other string
		ends, lives      []string
		set              bool // a new cookie
	}{
		"logout, one has ended":      {"/logout", "ann", "ended", []string{"ann"}, nil, false},
		"logout of one user":         {"/logout", "ann", "ann again", []string{"ann", "ann again"}, nil, false},
		"logout of two users":        {"/logout", "ann", "root", []string{"ann", "root"}, nil, false},
		"logout by a former secret":  {"/logout", "ann", "wrong secret", []string{"ann", "root"}, nil, false},
		"login, one has ended":       {"/login", "ann", "ended", []string{"ann"}, nil, true},
		"login of one user":          {"/login", "ann", "ann again", []string{"ann", "ann again"}, nil, true},
		"login beside two users":     {"/login", "ann", "root", []string{"ann", "root"}, nil, true},
		"login beside junk":          {"/login", "ended", "junk", nil, []string{"ann", "root"}, true},
		"again, one has ended":       {"/prove", "ann", "ended", nil, []string{"ann"}, true},
		"again, one has expired":     {"/prove", "ann", "expired", nil, []string{"ann"}, true},
		"again, of one user":         {"/prove", "ann", "ann again", []string{"ann again"}, []string{"ann"}, true},
		"again, beside another user": {"/prove", "ann", "root", nil, []string{"ann", "root"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				for _, reversed := range []bool{false, true} {
					app := newApp(t, s)
					cookies, ids := jars(t, s, app)
					pair := []string{"__Host-session=" + cookies[row.one], "__Host-session=" + cookies[row.other]}
					if reversed {
						pair[0], pair[1] = pair[1], pair[0]
					}
					if row.path == "/prove" && row.other == "ann again" && reversed {
						continue // the first one is authenticated again
					}
					b := newBrowser(t, app)
					w := b.do("POST", row.path, as("1"), cookieHeader(strings.Join(pair, "; ")))
					value, set := b.jar["__Host-session"]
					if set != row.set || (w.Code == 200) != (row.set || row.path == "/logout") {
						t.Errorf("status %d, sets a cookie: %v, want %v: %s", w.Code, set, row.set, w.Body)
					}
					for _, session := range slices.Concat(row.ends, row.lives) {
						_, _, err := s.Find(t.Context(), now(), ids[session], backends.SecretHash{})
						if lives := err == nil; lives != slices.Contains(row.lives, session) || err != nil && !errors.Is(err, backends.ErrNotLive) {
							t.Errorf("the session of %s: %v, want that it lives: %v", session, err, !lives)
						}
					}
					if set {
						newBrowser(t, app).status("GET", "/me", 200, cookieHeader(strings.Join(append(pair[1:], "__Host-session="+value), "; ")))
					}
				}
			})
		})
	}
}

// oneDown cannot be asked about one session.
type oneDown struct {
	backends.Store
	id string
}

func (s *oneDown) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	if id == s.id {
		return backends.Session{}, backends.User{}, storetest.ErrDown
	}
	return s.Store.Find(ctx, now, id, h)
}

func (s *oneDown) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	if id == s.id {
		return false, storetest.ErrDown
	}
	return s.Store.Revoke(ctx, now, id, why)
}

func TestASecondCookieThatCannotBeLookedUpIsAnOutage(t *testing.T) {
	// AZ-5, LO-13: it may be another user's, or one that a logout leaves alive.
	m := storetest.Memory(t)
	s := &oneDown{Store: m}
	app := newApp(t, s)
	cookies, ids := jars(t, m, app)
	s.id = ids["root"]
	for _, pair := range []string{
		"__Host-session=" + cookies["ann"] + "; __Host-session=" + cookies["root"],
		"__Host-session=" + cookies["root"] + "; __Host-session=" + cookies["ann"],
	} {
		for method, path := range map[string]string{"GET": "/me", "POST": "/logout"} {
			w := newBrowser(t, app).status(method, path, 503, cookieHeader(pair))
			if lines := w.Header()["Set-Cookie"]; lines != nil {
				t.Errorf("%s: Set-Cookie %q, want none", path, lines)
			}
		}
	}
}

func TestALogoutWhileTheUserIsDisabledIsForGood(t *testing.T) {
	// LO-1, LO-9: also if no request was refused in between.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := newBrowser(t, newApp(t, s))
		id := b.opened("1")
		mine := cookieHeader("__Host-session=" + b.jar["__Host-session"])
		if err := s.Users().SetDisabled(t.Context(), now(), "1", true); err != nil {
			t.Fatal(err)
		}
		b.status("POST", "/logout", 200)
		if err := s.Users().SetDisabled(t.Context(), now(), "1", false); err != nil {
			t.Fatal(err)
		}
		b.status("GET", "/me", 401, mine)
		if _, _, err := s.Find(t.Context(), now(), id, backends.SecretHash{}); !errors.Is(err, backends.ErrNotLive) {
			t.Errorf("%v, want that the session has ended", err)
		}
	})
}
