package cookie_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
)

type cart struct{ ID string }

// newValue returns a Value that is good for an hour.
func newValue[T any](t testing.TB, edit ...func(*cookie.ValueConfig)) *cookie.Value[T] {
	t.Helper()
	c := cookie.ValueConfig{Name: "cart", Keys: [][]byte{keyA}, MaxAge: time.Hour}
	for _, e := range edit {
		e(&c)
	}
	v, err := cookie.NewValue[T](c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// setBy returns the cookie that Set puts into a response.
func setBy[T any](t testing.TB, v *cookie.Value[T], value T) *http.Cookie {
	t.Helper()
	w := httptest.NewRecorder()
	if err := v.Set(w, value); err != nil {
		t.Fatal(err)
	}
	return sessionCookie(t, w)
}

// bringing returns a request with the cookies.
func bringing(cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequest("GET", "https://app.example/", nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

func TestAValueComesBackAsItWasSet(t *testing.T) {
	v := newValue[cart](t)
	c := setBy(t, v, cart{"c1"})
	got, ok := v.Get(bringing(&http.Cookie{Name: "other", Value: "x"}, c))
	if !ok || got != (cart{"c1"}) {
		t.Errorf("%v, %v; want {c1}, true", got, ok)
	}
	if got, ok := v.Get(bringing()); ok || got != (cart{}) {
		t.Errorf("without the cookie: %v, %v; want none", got, ok)
	}
}

func TestTheCookieOfAValueHasTheAttributesOfOtherCookies(t *testing.T) {
	// CK-1, CK-2, CK-3, CK-4, CK-7
	c := setBy(t, newValue[cart](t), cart{"c1"})
	if c.Name != "__Host-cart" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 3600 {
		t.Errorf("cookie %v", c)
	}
	for name, edit := range map[string]func(*cookie.ValueConfig){
		"__Secure-cart": func(c *cookie.ValueConfig) { c.Domain = "app.example" },
		"cart":          func(c *cookie.ValueConfig) { c.DangerouslyAllowHTTP = true },
	} {
		if c := setBy(t, newValue[cart](t, edit), cart{"c1"}); c.Name != name {
			t.Errorf("cookie %s, want %s", c.Name, name)
		}
	}
	ends := newValue[cart](t, func(c *cookie.ValueConfig) { c.BrowserSession = true })
	if c := setBy(t, ends, cart{"c1"}); c.MaxAge != 0 || !c.Expires.IsZero() {
		t.Errorf("cookie %v, want one without an end", c)
	}
}

func TestAValueThatIsNotOursIsAbsent(t *testing.T) {
	// VL-1
	v := newValue[cart](t)
	good := setBy(t, v, cart{"c1"}).Value
	type other struct{ ID string }
	values := map[string]string{
		"empty":                  "",
		"cut":                    good[:len(good)-3],
		"64 KB":                  strings.Repeat("A", 64<<10),
		"of another key":         setBy(t, newValue[cart](t, func(c *cookie.ValueConfig) { c.Keys = [][]byte{keyB} }), cart{"c1"}).Value,
		"of another name":        setBy(t, newValue[cart](t, func(c *cookie.ValueConfig) { c.Name = "flash" }), cart{"c1"}).Value,
		"of another type":        setBy(t, newValue[other](t), other{"c1"}).Value,
		"of a type of one shape": setBy(t, newValue[map[string]string](t), map[string]string{"ID": "c1"}).Value,
		"signed and not sealed":  sign(t, keyA, "__Host-cart", []byte(`{"ID":"c1"}`)),
		"plain":                  base64.RawURLEncoding.EncodeToString([]byte(`{"ID":"c1"}`)),
	}
	for i := range good {
		c := byte('A')
		if good[i] == c {
			c = 'B'
		}
		values[fmt.Sprintf("changed at %d", i)] = good[:i] + string(c) + good[i+1:]
	}
	for name, value := range values {
		if got, ok := v.Get(bringing(&http.Cookie{Name: "__Host-cart", Value: value})); ok || got != (cart{}) {
			t.Errorf("%s: %v, %v; want none", name, got, ok)
		}
	}
}

// What is of another type of the same name is not read as far as it goes.
func TestAValueThatCannotBeReadIsAbsent(t *testing.T) {
	type T struct {
		N int
		S string
	}
	before := newValue[T](t)
	c := setBy(t, before, T{7, "x"})
	{
		type T struct {
			N int
			S []int
		}
		if got, ok := newValue[T](t).Get(bringing(c)); ok || got.N != 0 {
			t.Errorf("%v, %v; want none", got, ok)
		}
	}
	{
		type T struct {
			N    int
			More bool
		}
		if got, ok := newValue[T](t).Get(bringing(c)); !ok || got.N != 7 {
			t.Errorf("with another field: %v, %v; want 7", got, ok)
		}
	}
}

func TestAValueEndsWhateverTheBrowserKeeps(t *testing.T) {
	// VL-2
	synctest.Test(t, func(t *testing.T) {
		for _, browserSession := range []bool{false, true} {
			v := newValue[cart](t, func(c *cookie.ValueConfig) { c.BrowserSession = browserSession })
			c := setBy(t, v, cart{"c1"})
			time.Sleep(time.Hour - time.Millisecond)
			if _, ok := v.Get(bringing(c)); !ok {
				t.Error("absent before its end")
			}
			time.Sleep(time.Millisecond)
			if _, ok := v.Get(bringing(c)); ok {
				t.Error("good at its end")
			}
		}
	})
}

func TestKeysOfValuesRotate(t *testing.T) {
	with := func(keys ...[]byte) *cookie.Value[cart] {
		return newValue[cart](t, func(c *cookie.ValueConfig) { c.Keys = keys })
	}
	if _, ok := with(keyB, keyA).Get(bringing(setBy(t, with(keyA), cart{"c1"}))); !ok {
		t.Error("a value of the former key is absent")
	}
	if _, ok := with(keyB).Get(bringing(setBy(t, with(keyB, keyA), cart{"c1"}))); !ok {
		t.Error("the first key does not seal")
	}
}

func TestAPlantedValueNeverCounts(t *testing.T) {
	// CK-12
	v := newValue[cart](t)
	good, stale := setBy(t, v, cart{"c1"}), setBy(t, v, cart{"c2"})
	junk := &http.Cookie{Name: "__Host-cart", Value: "junk"}
	other := setBy(t, newValue[cart](t, func(c *cookie.ValueConfig) { c.Keys = [][]byte{keyB} }), cart{"c3"})
	for name, row := range map[string]struct {
		cookies []*http.Cookie
		want    string
	}{
		"before ours":             {[]*http.Cookie{junk, other, good}, "c1"},
		"many before ours":        {append(slices.Repeat([]*http.Cookie{other}, 179), good), "c1"},
		"more than browsers keep": {append(slices.Repeat([]*http.Cookie{junk}, 180), good), ""},
		"after ours":              {[]*http.Cookie{good, junk, other}, "c1"},
		"ours twice":              {[]*http.Cookie{good, good}, "c1"},
		"two of ours":             {[]*http.Cookie{good, stale}, ""},
		"and a third one":         {[]*http.Cookie{good, stale, good}, ""},
	} {
		if got, ok := v.Get(bringing(row.cookies...)); got.ID != row.want || ok != (row.want != "") {
			t.Errorf("%s: %v, %v; want %q", name, got, ok, row.want)
		}
	}
	r := bringing()
	r.Header.Set("Cookie", "\u2000__Host-cart="+good.Value)
	if _, ok := v.Get(r); ok {
		t.Error("a name with a space that browsers do not trim counts")
	}
}

func TestAValueThatBrowsersWouldNotStoreIsAnError(t *testing.T) {
	// CK-5: 11 bytes of name, and 4/3 of 52 bytes beside the JSON
	v := newValue[string](t)
	const fits = (4096-11)*3/4 - 52 - len(`""`)
	if c := setBy(t, v, strings.Repeat("x", fits)); len(c.Name)+len(c.Value) > 4096 || len(c.Name)+len(c.Value) < 4094 {
		t.Errorf("name and value have %d bytes, want about 4096", len(c.Name)+len(c.Value))
	}
	w := httptest.NewRecorder()
	err := v.Set(w, strings.Repeat("x", fits+2))
	wantMentions(t, err, "__Host-cart", "4096")
	if len(w.Header()) != 0 {
		t.Errorf("header %v, want none", w.Header())
	}
	if !isInvalidArgument(newValue[float64](t).Set(w, 1/zero)) || len(w.Header()) != 0 {
		t.Errorf("what JSON cannot write is set")
	}
}

var zero float64

func isInvalidArgument(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), middleware.ErrInvalidArgument.Error())
}

func TestAValueThatWasNotMadeHoldsNothing(t *testing.T) {
	for _, v := range []*cookie.Value[cart]{nil, {}} {
		w := httptest.NewRecorder()
		if err := v.Set(w, cart{"c1"}); !isInvalidArgument(err) {
			t.Errorf("Set: %v, want ErrInvalidArgument", err)
		}
		v.Clear(w)
		if _, ok := v.Get(bringing(&http.Cookie{Name: "cart", Value: "x"})); ok || len(w.Header()) != 0 {
			t.Errorf("present: %v, header %v", ok, w.Header())
		}
		_ = fmt.Sprint(v)
	}
}

func TestClearDropsTheValue(t *testing.T) {
	// CK-9
	w := httptest.NewRecorder()
	newValue[cart](t).Clear(w)
	if c := sessionCookie(t, w); c.Name != "__Host-cart" || c.MaxAge != -1 || !c.Secure || c.Path != "/" {
		t.Errorf("cookie %v", c)
	}
}

func TestNewValueReportsAllMistakes(t *testing.T) {
	// CK-8
	_, err := cookie.NewValue[chan int](cookie.ValueConfig{
		Name: "__Host-cart", Keys: [][]byte{[]byte("secret")}, MaxAge: -1,
		SameSite: http.SameSiteNoneMode, DangerouslyAllowHTTP: true,
	})
	wantMentions(t, err, "ValueConfig.Name", "ValueConfig.Keys[0]", "ValueConfig.MaxAge", "ValueConfig.SameSite", "chan int")
	_, err = cookie.NewValue[cart](cookie.ValueConfig{MaxAge: 401 * 24 * time.Hour, Domain: "no domain"})
	wantMentions(t, err, "ValueConfig.Name", "ValueConfig.Keys is empty", "ValueConfig.MaxAge", "Domain")
}

func TestPrintingAValueShowsNoKey(t *testing.T) {
	// SID-8
	c := cookie.ValueConfig{Name: "cart", Keys: [][]byte{keyA}, MaxAge: time.Hour}
	v := newValue[cart](t)
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, nil))
	for _, p := range []any{c, &c, v, *v, []any{c, v}} {
		fmt.Fprintf(&out, "%v %+v %#v %s %x\n", p, p, p, p, p)
		logger.Info("printed", "value", p)
	}
	for _, secret := range []string{string(keyA), fmt.Sprintf("%x", keyA), strings.Trim(fmt.Sprint(keyA), "[]"), base64.StdEncoding.EncodeToString(keyA)} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("a key is printed:\n%s", &out)
		}
	}
	if !strings.Contains(out.String(), "[cookie value __Host-cart]") || !strings.Contains(out.String(), "[cookie.ValueConfig]") {
		t.Errorf("printed: %s", &out)
	}
}

// A value and a session may have the same keys: neither is good for the other.
func TestAValueIsNoSession(t *testing.T) {
	v := newValue[[]byte](t, func(c *cookie.ValueConfig) { c.Name = "session" })
	c := setBy(t, v, bytes.Repeat([]byte("A"), 60))
	b := newBrowser(t, newApp(t, storetest.Memory(t)))
	b.status("GET", "/me", 401, cookieHeader("__Host-session="+c.Value))
	b.login("1")
	if _, ok := v.Get(bringing(&http.Cookie{Name: "__Host-session", Value: b.jar["__Host-session"]})); ok {
		t.Error("a session cookie is a value")
	}
}

func FuzzValueGet(f *testing.F) {
	v := newValue[cart](f)
	good := setBy(f, v, cart{"c1"}).Value
	for _, header := range []string{"", "__Host-cart=", "__Host-cart=" + good, "__Host-cart=" + good + "; __Host-cart=" + good, "__Host-cart=" + good[1:], `__Host-cart="` + good + `"`} {
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		r := bringing()
		r.Header.Set("Cookie", header)
		if got, ok := v.Get(r); ok && got.ID != "c1" {
			t.Errorf("%q: %v", header, got)
		}
	})
}
