package link_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/link"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// keyOf returns a key that is the same each time.
func keyOf(name string) []byte {
	key := sha256.Sum256([]byte(name))
	return key[:]
}

func newLinks(t testing.TB, s backends.Store, edit ...func(*link.Config)) *link.Links {
	t.Helper()
	c := link.Config{Purpose: "reset", Store: s, Keys: [][]byte{keyOf("a")}, MaxAge: 30 * time.Minute}
	for _, e := range edit {
		e(&c)
	}
	l, err := link.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func userOf(t testing.TB, s backends.Store, id string) backends.User {
	t.Helper()
	u, err := s.(backends.UserFinder).FindUser(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func made(t testing.TB, l *link.Links, u backends.User, value string) string {
	t.Helper()
	token, err := l.Make(u, value)
	if err != nil {
		t.Fatal(err)
	}
	return token.Text()
}

func show(l *link.Links, token string) (link.Opened, error) {
	return l.Show(httptest.NewRecorder(), httptest.NewRequest("GET", "/reset?token="+token, nil))
}

func use(l *link.Links, token string) (link.Opened, error) {
	return l.Use(httptest.NewRequest("POST", "/reset", nil), token)
}

func TestALinkIsShownAnyNumberOfTimesAndUsedOnce(t *testing.T) {
	// LK-1, LK-2
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		l, other := newLinks(t, s), newLinks(t, s) // two processes
		u := userOf(t, s, "1")
		token := made(t, l, u, "ann@example.com")
		for range 3 {
			if o, err := show(other, token); err != nil || o.User.ID != "1" || o.User.Version != u.Version || o.Value != "ann@example.com" {
				t.Fatalf("shown: %v, %v", o, err)
			}
		}
		if o, err := use(l, token); err != nil || o.User.ID != "1" || o.Value != "ann@example.com" {
			t.Fatalf("used: %v, %v", o, err)
		}
		for _, l := range []*link.Links{l, other} {
			if o, err := use(l, token); !errors.Is(err, link.ErrVoid) || !errors.Is(err, middleware.ErrInvalidCredentials) || o.User.ID != "" {
				t.Errorf("used again: %v, %v; want ErrVoid", o, err)
			}
		}
		if _, err := use(l, made(t, l, u, "ann@example.com")); err != nil {
			t.Errorf("another link of the same user: %v", err)
		}
	})
}

func TestOfFiftyThatUseALinkAtOnceOneSucceeds(t *testing.T) {
	// LK-2
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		l, other := newLinks(t, s), newLinks(t, s)
		token := made(t, l, userOf(t, s, "1"), "")
		var succeeded atomic.Int64
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				_, err := use([]*link.Links{l, other}[i%2], token)
				if err == nil {
					succeeded.Add(1)
				} else if !errors.Is(err, link.ErrVoid) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := succeeded.Load(); n != 1 {
			t.Errorf("%d succeeded, want 1", n)
		}
	})
}

func TestALinkIsVoidWhenItsUserHasChanged(t *testing.T) {
	// LK-1
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		now := time.Now()
		for _, change := range []func() error{
			func() error { _, err := s.Users().SetPassword(t.Context(), now, "1", 0, "$argon2id$x", ""); return err },
			func() error { return s.Users().SetRoles(t.Context(), "1", []string{"user", "x"}) },
			func() error { return s.Users().SetDisabled(t.Context(), now, "1", true) },
			func() error { return s.Users().SetDisabled(t.Context(), now, "1", false) },
			func() error { return s.Users().DeleteUser(t.Context(), now, "1") },
		} {
			l := newLinks(t, s)
			token := made(t, l, userOf(t, s, "1"), "")
			if err := change(); err != nil {
				t.Fatal(err)
			}
			if _, err := show(l, token); !errors.Is(err, link.ErrVoid) {
				t.Errorf("shown: %v, want ErrVoid", err)
			}
			if _, err := use(l, token); !errors.Is(err, link.ErrVoid) {
				t.Errorf("used: %v, want ErrVoid", err)
			}
		}
	})
}

func TestALinkOfADisabledUserIsVoid(t *testing.T) {
	// LK-1: also one that was made afterwards.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		if err := s.Users().SetDisabled(t.Context(), time.Now(), "1", true); err != nil {
			t.Fatal(err)
		}
		l := newLinks(t, s)
		if _, err := use(l, made(t, l, userOf(t, s, "1"), "")); !errors.Is(err, link.ErrVoid) {
			t.Errorf("%v, want ErrVoid", err)
		}
	})
}

func TestALinkEnds(t *testing.T) {
	// LK-1
	synctest.Test(t, func(t *testing.T) {
		s := storetest.Memory(t)
		l := newLinks(t, s)
		token := made(t, l, userOf(t, s, "1"), "")
		time.Sleep(30*time.Minute - time.Millisecond)
		if _, err := show(l, token); err != nil {
			t.Errorf("before its end: %v", err)
		}
		time.Sleep(time.Millisecond)
		if _, err := use(l, token); !errors.Is(err, link.ErrVoid) {
			t.Errorf("at its end: %v, want ErrVoid", err)
		}
	})
}

func TestALinkThatIsNotOursIsVoid(t *testing.T) {
	// LK-1
	s := storetest.Memory(t)
	l, u := newLinks(t, s), userOf(t, s, "1")
	good := made(t, l, u, "")
	tokens := map[string]string{
		"none": "", "cut": good[:len(good)-2], "64 KB": strings.Repeat("A", 64<<10), "NUL": "\x00", "with a line break": good[:10] + "\n" + good[10:],
		"for another purpose": made(t, newLinks(t, s, func(c *link.Config) { c.Purpose = "login" }), u, ""),
		"of another key":      made(t, newLinks(t, s, func(c *link.Config) { c.Keys = [][]byte{keyOf("b")} }), u, ""),
		"of no user":          made(t, l, backends.User{ID: "17", Version: 1}, ""),
		"of another version":  made(t, l, backends.User{ID: "1", Version: u.Version + 1}, ""),
	}
	for i := range good {
		other := byte('A')
		if good[i] == other {
			other = 'B'
		}
		tokens[fmt.Sprintf("changed at %d", i)] = good[:i] + string(other) + good[i+1:]
	}
	for name, token := range tokens {
		if o, err := use(l, token); !errors.Is(err, link.ErrVoid) || o.User.ID != "" {
			t.Errorf("%s: %v, %v; want ErrVoid", name, o, err)
		}
	}
	if _, err := use(newLinks(t, s, func(c *link.Config) { c.Keys = [][]byte{keyOf("b"), keyOf("a")} }), good); err != nil {
		t.Errorf("of a former key: %v", err)
	}
}

func TestFollowingALinkUsesNothingUp(t *testing.T) {
	// LK-3, CS-5
	s := storetest.Memory(t)
	l := newLinks(t, s)
	token := made(t, l, userOf(t, s, "1"), "")
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
		if _, err := l.Use(httptest.NewRequest(method, "/reset?token="+token, nil), token); !errors.Is(err, middleware.ErrMalformedRequest) {
			t.Errorf("%s: %v, want ErrMalformedRequest", method, err)
		}
	}
	if _, err := use(l, token); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestThePageOfALinkKeepsItsURLToItself(t *testing.T) {
	// LK-3: also if the link is void, for it may be good elsewhere. With no-referrer the form of the page
	// would come with "Origin: null".
	s := storetest.Memory(t)
	l := newLinks(t, s)
	for _, token := range []string{made(t, l, userOf(t, s, "1"), ""), "x"} {
		w := httptest.NewRecorder()
		_, _ = l.Show(w, httptest.NewRequest("GET", "/reset?token="+token, nil))
		if h := w.Header(); h.Get("Referrer-Policy") != "strict-origin" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("header %v", h)
		}
	}
}

func TestAReusableLinkIsGoodUntilItIsVoid(t *testing.T) {
	// LK-2
	s := storetest.Memory(t)
	l := newLinks(t, storeWithoutClaims{s, s}, func(c *link.Config) { c.Reusable = true })
	token := made(t, l, userOf(t, s, "1"), "")
	for range 2 {
		if _, err := use(l, token); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Users().SetPassword(t.Context(), time.Now(), "1", 0, "$argon2id$x", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := use(l, token); !errors.Is(err, link.ErrVoid) {
		t.Errorf("%v, want ErrVoid", err)
	}
}

type storeWithoutClaims struct {
	backends.Store
	backends.UserFinder
}

// failing fails what it is told to.
type failing struct {
	*memory.Store
	find, claim error
}

func (f *failing) FindUser(ctx context.Context, id string) (backends.User, error) {
	if f.find != nil {
		return backends.User{}, f.find
	}
	return f.Store.FindUser(ctx, id)
}

func (f *failing) Claim(ctx context.Context, now time.Time, name backends.NameHash, until time.Time) (bool, error) {
	if f.claim != nil {
		return true, f.claim
	}
	return f.Store.Claim(ctx, now, name, until)
}

func TestAnOutageIsNoVoidLinkAndOpensNone(t *testing.T) {
	// AZ-5
	s := &failing{Store: storetest.Memory(t)}
	l := newLinks(t, s)
	token := made(t, l, userOf(t, s, "1"), "")
	for _, fail := range []func(error){func(err error) { s.find = err }, func(err error) { s.claim = err }} {
		fail(storetest.ErrDown)
		if o, err := use(l, token); !errors.Is(err, middleware.ErrUnavailable) || errors.Is(err, link.ErrVoid) || o.User.ID != "" {
			t.Errorf("%v, %v; want ErrUnavailable", o, err)
		}
		fail(nil)
	}
	if _, err := use(l, token); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestMakeTakesNothingThatNoLinkCanHold(t *testing.T) {
	s := storetest.Memory(t)
	l := newLinks(t, s)
	for name, row := range map[string]struct {
		id      string
		version int64
		value   string
	}{"no user": {"", 1, ""}, "no version": {"1", 0, ""}, "a long ID": {strings.Repeat("u", 256), 1, ""}, "a long value": {"1", 1, strings.Repeat("v", 513)}} {
		if token, err := l.Make(backends.User{ID: row.id, Version: row.version}, row.value); !errors.Is(err, middleware.ErrInvalidArgument) || token.Text() != "" {
			t.Errorf("%s: %v, want ErrInvalidArgument", name, err)
		}
	}
	// The longest that it takes can be used, whatever the characters are.
	long := backends.User{ID: strings.Repeat("<", 255)}
	if err := s.Users().CreateUser(t.Context(), long, ""); err != nil {
		t.Fatal(err)
	}
	if o, err := use(l, made(t, l, userOf(t, s, long.ID), strings.Repeat("\x01", 512))); err != nil || o.Value != strings.Repeat("\x01", 512) {
		t.Errorf("%q, %v; want 512 bytes", o.Value, err)
	}
}

func TestNothingPrintedShowsALinkOrAKey(t *testing.T) {
	// SID-8
	s := storetest.Memory(t)
	c := link.Config{Purpose: "reset", Store: s, Keys: [][]byte{keyOf("a")}, MaxAge: time.Hour}
	l := newLinks(t, s)
	token, err := l.Make(userOf(t, s, "1"), "")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, nil))
	for _, p := range []any{c, &c, l, token, &token, []any{token}, map[string]link.Token{"t": token}, struct{ T link.Token }{token}, struct{ t link.Token }{token}, &struct{ t link.Token }{token}} {
		fmt.Fprintf(&out, "%v %+v %#v %s %x %q\n", p, p, p, p, p, p)
		logger.Info("printed", "value", p)
	}
	_ = json.NewEncoder(&out).Encode(struct{ T link.Token }{token})
	for _, secret := range []string{token.Text(), fmt.Sprintf("%x", token.Text()), fmt.Sprintf("%x", keyOf("a")), strings.Trim(fmt.Sprint(keyOf("a")), "[]")} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("printed: %s", &out)
		}
	}
}

func TestLinksThatWereNotMadeAreAMistakeOfTheApplication(t *testing.T) {
	for _, l := range []*link.Links{nil, {}} {
		_, err1 := l.Make(backends.User{ID: "1"}, "")
		_, err2 := show(l, "x")
		_, err3 := use(l, "x")
		for _, err := range []error{err1, err2, err3} {
			if !errors.Is(err, middleware.ErrInvalidArgument) {
				t.Errorf("%v, want ErrInvalidArgument", err)
			}
		}
	}
}

func TestNewReportsAllMistakes(t *testing.T) {
	s := storetest.Memory(t)
	for _, row := range []struct {
		c     link.Config
		words []string
	}{
		{link.Config{}, []string{"Config.Purpose", "Config.Store is nil", "Config.Keys is empty", "Config.MaxAge"}},
		{
			link.Config{Purpose: "\n", Store: struct{ backends.Store }{s}, Keys: [][]byte{[]byte("secret")}, MaxAge: 91 * 24 * time.Hour},
			[]string{"Config.Purpose", "backends.UserFinder", "backends.Claims", "Config.Keys[0]", "Config.MaxAge"},
		},
		{link.Config{Purpose: "x", Store: (*memory.Store)(nil), Keys: [][]byte{keyOf("a")}, MaxAge: time.Hour}, []string{"Config.Store is nil"}},
	} {
		_, err := link.New(row.c)
		for _, word := range row.words {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("error does not mention %s:\n%v", word, err)
			}
		}
	}
}

func FuzzUse(f *testing.F) {
	s := storetest.Memory(f)
	l := newLinks(f, s, func(c *link.Config) { c.Reusable = true })
	u := userOf(f, s, "1")
	f.Add("")
	f.Add(made(f, l, u, "value"))
	f.Add(made(f, l, u, "value")[1:])
	f.Add(strings.Repeat("A", 100))
	f.Fuzz(func(t *testing.T, token string) {
		if o, err := use(l, token); err == nil && (o.User.ID != "1" || o.Value != "value") || err != nil && !errors.Is(err, link.ErrVoid) {
			t.Errorf("%q: %v, %v", token, o, err)
		}
	})
}
