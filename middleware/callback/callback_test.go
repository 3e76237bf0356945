package callback_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/callback"
)

func TestALoginThatHasBegunFinishesWithWhatItRemembered(t *testing.T) {
	// LC-1, LC-3
	l, b := newLogins(t), newBrowser(t)
	begun := b.begin(l, callback.Intent{Next: "/cart?step=2", Value: "link"})
	if len(b.jar) != 1 {
		t.Fatalf("%d cookies, want 1", len(b.jar))
	}
	_, res, err := b.finish(l, b.back(good(begun)))
	if err != nil {
		t.Fatal(err)
	}
	if res.Code != "c0de" || res.Nonce != begun.Nonce || callback.Challenge(res.Verifier) != begun.Challenge {
		t.Errorf("code %q, nonce and verifier are not those of %q", res.Code, begun.Query())
	}
	if res.Intent != (callback.Intent{Next: "/cart?step=2", Value: "link"}) {
		t.Errorf("intent %v", res.Intent)
	}
	if len(b.jar) != 0 {
		t.Errorf("cookies %v, want none afterwards", b.jar)
	}
}

func TestTheChallengeIsThatOfRFC7636(t *testing.T) {
	// LC-3: appendix B
	got := callback.Challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
	if want := "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"; got != want {
		t.Errorf("challenge %s, want %s", got, want)
	}
}

func TestTheProviderIsAskedWithStateNonceAndChallenge(t *testing.T) {
	// LC-3
	for _, post := range []bool{false, true} {
		l := newLogins(t, func(c *callback.Config) { c.FormPost = post })
		first, second := newBrowser(t).begin(l, callback.Intent{}), newBrowser(t).begin(l, callback.Intent{})
		q := first.Query()
		if q.Get("code_challenge_method") != "S256" || q.Has("response_mode") != post || post && q.Get("response_mode") != "form_post" {
			t.Errorf("query %v", q)
		}
		for _, name := range []string{"state", "nonce", "code_challenge"} {
			if len(q.Get(name)) != 43 || q.Get(name) == second.Query().Get(name) {
				t.Errorf("%s is %q, want 43 characters, other ones each time", name, q.Get(name))
			}
		}
	}
}

func TestTheCookieOfALoginHasTheAttributesOfOtherCookies(t *testing.T) {
	// CK-1, CK-2, CK-3, CK-4, CK-5
	for _, row := range []struct {
		edit     func(*callback.Config)
		prefix   string
		sameSite http.SameSite
		secure   bool
	}{
		{func(*callback.Config) {}, "__Host-login-", http.SameSiteLaxMode, true},
		{formPost, "__Host-login-", http.SameSiteNoneMode, true},
		{func(c *callback.Config) { c.DangerouslyAllowHTTP = true }, "login-", http.SameSiteLaxMode, false},
	} {
		b := newBrowser(t)
		begun := b.begin(newLogins(t, row.edit), callback.Intent{Next: "/" + strings.Repeat("&", 511), Value: strings.Repeat("\x01", 256)})
		for name, c := range b.jar {
			if !strings.HasPrefix(name, row.prefix) || c.SameSite != row.sameSite || c.Secure != row.secure || !c.HttpOnly || c.Path != "/" || c.MaxAge != 600 {
				t.Errorf("cookie %v", c)
			}
			if len(name)+len(c.Value) > 4096 || strings.Contains(name+c.Value, begun.State) {
				t.Errorf("cookie has %d bytes, or shows the state", len(name)+len(c.Value))
			}
		}
	}
}

func TestOnlyALocalPathComesBack(t *testing.T) {
	for _, row := range [][2]string{
		{"/cart", "/cart"}, {"", "/"}, {"https://evil.example/", "/"}, {"//evil.example", "/"}, {`/\evil.example`, "/"},
		{"/\t/evil.example", "/"}, {"javascript:alert(1)", "/"}, {"/" + strings.Repeat("a", 512), "/"},
	} {
		l, b := newLogins(t), newBrowser(t)
		_, res, err := b.finish(l, b.back(good(b.begin(l, callback.Intent{Next: row[0]}))))
		if err != nil || res.Next != row[1] {
			t.Errorf("%q: %q, %v; want %q", row[0], res.Next, err, row[1])
		}
	}
	w := httptest.NewRecorder()
	_, err := newLogins(t).Begin(w, httptest.NewRequest("POST", "/", nil), callback.Intent{Value: strings.Repeat("v", 257)})
	if !errors.Is(err, middleware.ErrInvalidArgument) || len(w.Header()) != 0 {
		t.Errorf("a long value: %v, header %v; want ErrInvalidArgument and none", err, w.Header())
	}
}

func TestTwoTabsLogInBesideEachOther(t *testing.T) {
	// LC-4
	google := newLogins(t)
	apple := newLogins(t, formPost, func(c *callback.Config) { c.Issuer = "https://appleid.example"; c.IssuerOptional = true })
	b := newBrowser(t)
	one := b.begin(google, callback.Intent{Next: "/1"})
	two := b.begin(google, callback.Intent{Next: "/2"})
	three := b.begin(apple, callback.Intent{Next: "/3"})
	for _, row := range []struct {
		l    *callback.Logins
		r    *http.Request
		want string
	}{
		{google, b.back(good(two)), "/2"},
		{apple, b.posted(map[string][]string{"state": {three.State}, "code": {"c0de"}}), "/3"},
		{google, b.back(good(one)), "/1"},
	} {
		if _, res, err := b.finish(row.l, row.r); err != nil || res.Next != row.want {
			t.Errorf("%q, %v; want %q", res.Next, err, row.want)
		}
	}
}

func TestABrowserRemembersItsLastFiveLogins(t *testing.T) {
	// LC-4
	synctest.Test(t, func(t *testing.T) {
		l, b := newLogins(t), newBrowser(t)
		other := newLogins(t, func(c *callback.Config) { c.Keys = [][]byte{keyOf("b")} })
		b.begin(other, callback.Intent{}) // with another key: left alone
		b.jar["__Host-login-AAAAAAAAAAA"] = &http.Cookie{Name: "__Host-login-AAAAAAAAAAA", Value: "x"}
		var all []callback.Begun
		for range 7 {
			all = append(all, b.begin(l, callback.Intent{}))
			time.Sleep(time.Second)
		}
		if len(b.jar) != 7 {
			t.Errorf("%d cookies, want the last 5 and 2 of others", len(b.jar))
		}
		for i, begun := range all {
			if _, _, err := b.finish(l, b.back(good(begun))); (err == nil) != (i >= 2) {
				t.Errorf("login %d: %v", i, err)
			}
		}
	})
}

func TestNothingPrintedShowsAKeyOrAState(t *testing.T) {
	// SID-8
	c := callback.Config{Issuer: issuer, Keys: [][]byte{keyOf("a")}}
	l, b := newLogins(t), newBrowser(t)
	begun := b.begin(l, callback.Intent{Value: "v4lue"})
	_, res, err := b.finish(l, b.back(good(begun)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, nil))
	for _, p := range []any{c, &c, l, begun, &begun, res, &res, []any{begun, res}} {
		fmt.Fprintf(&out, "%v %+v %#v %s %x %q\n", p, p, p, p, p, p)
		logger.Info("printed", "value", p)
	}
	for _, secret := range []string{string(c.Keys[0]), fmt.Sprintf("%x", c.Keys[0]), strings.Trim(fmt.Sprint(c.Keys[0]), "[]"), begun.State, begun.Nonce, begun.Challenge, res.Verifier} {
		if i := strings.Index(out.String(), secret); i >= 0 {
			t.Errorf("printed: %.200s", out.String()[i:])
		}
	}
}

func TestLoginsThatWereNotMadeAreAMistakeOfTheApplication(t *testing.T) {
	for _, l := range []*callback.Logins{nil, {}} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		_, err1 := l.Begin(w, r, callback.Intent{})
		_, _, err2 := l.Finish(w, r)
		if !errors.Is(err1, middleware.ErrInvalidArgument) || !errors.Is(err2, middleware.ErrInvalidArgument) || len(w.Header()) != 0 {
			t.Errorf("%v, %v; want ErrInvalidArgument", err1, err2)
		}
	}
}

func TestNewReportsAllMistakes(t *testing.T) {
	_, err := callback.New(callback.Config{
		Issuer: "idp.example", Keys: [][]byte{[]byte("secret")}, FormPost: true, DangerouslyAllowHTTP: true,
		MaxAge: time.Second, TrustedOrigins: []string{"app.example"},
	})
	for _, word := range []string{"Config.Issuer", "Config.Keys[0]", "Config.FormPost", "Config.MaxAge", "Config.TrustedOrigins[0]"} {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("error does not mention %s:\n%v", word, err)
		}
	}
	if _, err := callback.New(callback.Config{}); err == nil || !strings.Contains(err.Error(), "Config.Keys is empty") {
		t.Errorf("error %v", err)
	}
}

func TestTheLastFiveLoginsAreRememberedHoweverLongEachMayTake(t *testing.T) {
	// LC-1: with two providers that share keys.
	synctest.Test(t, func(t *testing.T) {
		day := newLogins(t, func(c *callback.Config) { c.MaxAge = 24 * time.Hour })
		quick, b := newLogins(t), newBrowser(t)
		var all []callback.Begun
		for _, l := range []*callback.Logins{day, day, day, day, quick, quick} {
			all = append(all, b.begin(l, callback.Intent{}))
			time.Sleep(time.Second)
		}
		for i, begun := range all {
			_, _, err := b.finish(quick, b.back(good(begun)))
			if remembered := err == nil; remembered != (i > 0) {
				t.Errorf("login %d: %v, want all but the first", i, err)
			}
		}
	})
}

func TestLoginsThatHaveBegunDoNotFillTheCookieHeader(t *testing.T) {
	// LC-1: or servers would refuse every request of the browser, with status 400 or 431.
	l, b := newLogins(t), newBrowser(t)
	long := callback.Intent{Next: "/" + strings.Repeat("x", 511), Value: strings.Repeat("x", 256)}
	for range 7 {
		last := b.begin(l, long)
		r := b.back(good(last))
		if n := len(r.Header.Get("Cookie")); n > 6000 {
			t.Errorf("%d bytes of cookies, want at most 6000", n)
		}
		if _, res, err := l.Finish(httptest.NewRecorder(), r); err != nil || res.Intent != long {
			t.Errorf("%v, want the last login", err)
		}
	}
	if len(b.jar) != 3 {
		t.Errorf("%d logins are remembered, want 3", len(b.jar))
	}
}
