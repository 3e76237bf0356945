package dbsc_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware/dbsc"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// bare is a store without the optional contracts.
type bare struct{ backends.Store }

func registry(t *testing.T, store backends.Store) *session.Registry {
	return must(session.New(session.Config{Store: store, Policy: sliding.Policy{Idle: time.Hour, Absolute: 12 * time.Hour}}))(t)
}

func TestAMistakeInBindNamesItsField(t *testing.T) {
	// IN-1
	store := storetest.Memory(t)
	for name, row := range map[string]struct {
		store backends.Store
		bind  session.Bind
		http  bool
		want  string
	}{
		"no path":             {store, session.Bind{Life: 5 * time.Minute}, false, "Config.Bind.Path is empty"},
		"another site":        {store, session.Bind{Path: "//evil.example/"}, false, "Config.Bind.Path is"},
		"no slash at the end": {store, session.Bind{Path: "/dbsc"}, false, "Config.Bind.Path is"},
		"a query":             {store, session.Bind{Path: "/dbsc?/"}, false, "Config.Bind.Path is"},
		"a quote":             {store, session.Bind{Path: `/"/`}, false, "Config.Bind.Path is"},
		"too short":           {store, session.Bind{Path: "/d/", Life: 5*time.Minute - 1}, false, "Config.Bind.Life is 4m59.999999999s, want at least 5m0s"},
		"too long":            {store, session.Bind{Path: "/d/", Life: time.Hour + 1}, false, "Config.Bind.Life is"},
		"negative":            {store, session.Bind{Path: "/d/", Unbound: -1}, false, "Config.Bind.Unbound is -1ns"},
		"without TLS":         {store, session.Bind{Path: "/d/"}, true, "DangerouslyAllowHTTP is true"},
		"a store that cannot": {bare{store}, session.Bind{Path: "/d/"}, false, "is no backends.Binder and backends.Claims"},
	} {
		sessions := registry(t, row.store)
		_, err1 := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{keyOf("a")}, Bind: row.bind, DangerouslyAllowHTTP: row.http})
		err2 := err1
		if row.store == store { // tokens that refresh need a Rotator, too
			_, err2 = tokencookie.New(tokencookie.Config{Tokens: newTokens(t, sessions), Bind: row.bind, DangerouslyAllowHTTP: row.http})
		}
		for _, err := range []error{err1, err2} {
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%s: %v, want %s", name, err, row.want)
			}
		}
	}
	_, err := cookie.New(cookie.Config{Sessions: registry(t, store), Keys: [][]byte{keyOf("a")}, Name: "s", Domain: "app.example", Bind: offered})
	if err == nil || !strings.Contains(err.Error(), `Domain is "app.example"`) {
		t.Errorf("%v, want a mistake of the Domain", err)
	}
}

func TestAHandlerIsForCookiesThatBind(t *testing.T) {
	store := storetest.Memory(t)
	for name, of := range map[string]dbsc.Cookies{
		"nil":               nil,
		"a nil pointer":     (*cookie.Cookies)(nil),
		"nil token cookies": (*tokencookie.Cookies)(nil),
		"bind nothing":      newApp(t, store, "session cookie", session.Bind{}).cookies,
	} {
		if h, err := dbsc.New(of); err == nil || h != nil || !strings.HasPrefix(err.Error(), "dbsc: New: ") {
			t.Errorf("%s: %v, %v; want an error", name, h, err)
		}
	}
	newDevice(t, &app{Handler: (*dbsc.Handler)(nil)}).want(500, "POST", "/dbsc/refresh")
	newDevice(t, &app{Handler: &dbsc.Handler{}}).want(500, "POST", "/dbsc/refresh")
}

func TestNoVerbPrintsAKey(t *testing.T) {
	// SID-8
	a := newApp(t, storetest.Memory(t), "session cookie", offered)
	h := must(dbsc.New(a.cookies))(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		for _, v := range []any{a.cookies.Bound(), h, struct{ h *dbsc.Handler }{h}} {
			text := fmt.Sprintf(verb, v)
			if strings.Contains(text, string(keyOf("a"))) || strings.Contains(text, fmt.Sprintf("%x", keyOf("a"))) || len(text) > 200 {
				t.Errorf("%s: %s", verb, text)
			}
		}
	}
}
