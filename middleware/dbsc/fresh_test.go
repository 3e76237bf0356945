package dbsc_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/dbsc"
)

func TestASensitiveRouteAsksForAProofThatIsRecent(t *testing.T) {
	// DB-10
	inMemory(t, offered, func(t *testing.T, a *app, _ *memory.Store) {
		fresh := must(must(dbsc.New(a.cookies))(t).Fresh(time.Minute))(t)
		guard := must(middleware.New(middleware.Config{Authenticator: a.cookies}))(t)
		sensitive, mux := guard.Handler(fresh(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))), http.NewServeMux()
		mux.Handle("/", a.Handler)
		mux.Handle("/fresh/", sensitive)
		a.Handler = mux

		d, plain := bound(t, a, "1"), newDevice(t, a)
		plain.want(200, "POST", "/login/1")
		thief := d.thief()
		time.Sleep(time.Minute)
		thief.want(200, "POST", "/fresh/pay?to=x")
		time.Sleep(time.Nanosecond)
		before := d.boundCookies()
		w := thief.want(307, "POST", "/fresh/pay?to=x")
		if got := w.Header().Get("Location"); got != "/fresh/pay?to=x" || len(thief.boundCookies()) > 0 {
			t.Errorf("Location %q and bound cookies %q, want the same address and none", got, thief.boundCookies())
		}
		thief.want(401, "POST", "/fresh/pay?to=x")
		a.Handler = sensitive // which a mux would reach with a clean path only
		if w := d.want(401, "POST", "//evil.example/"); w.Header().Get("Location") != "" {
			t.Errorf("Location %q, which is another site", w.Header().Get("Location"))
		}
		a.Handler = mux
		d.want(307, "POST", "/fresh/pay?to=x")
		d.refresh()
		if got := d.boundCookies(); !slices.Equal(got, before) {
			t.Errorf("bound cookies %q, want %q", got, before)
		}
		d.want(200, "POST", "/fresh/pay?to=x")
		plain.want(200, "POST", "/fresh/pay?to=x")
		d.want(200, "GET", "/me")
	})
}

func TestATimeThatIsTooShortForABrowserIsAMistake(t *testing.T) {
	a := newApp(t, storetest.Memory(t), "session cookie", offered)
	if _, err := must(dbsc.New(a.cookies))(t).Fresh(10*time.Second - 1); err == nil || err.Error() != "dbsc: Fresh: the time is 9.999999999s, want at least 10s" {
		t.Errorf("%v", err)
	}
}
