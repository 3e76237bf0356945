package tokentest

import (
	"net/http/httptest"
	"testing"

	"github.com/inga-auth/inga/internal/storetest"
)

// A Visitor logs in to tokens, by a program or by a browser, and then asks for pages.
type Visitor interface {
	Enter(user string) *httptest.ResponseRecorder
	Ask(path string) *httptest.ResponseRecorder
	Leave()
}

// Enter implements [Visitor].
func (d *Device) Enter(user string) *httptest.ResponseRecorder {
	w := d.Do("POST", "/login", As(user))
	if w.Code == 200 {
		d.Keep(w)
	}
	return w
}

// Ask implements [Visitor].
func (d *Device) Ask(path string) *httptest.ResponseRecorder { return d.Do("GET", path) }

// Leave implements [Visitor].
func (d *Device) Leave() { d.Do("POST", "/logout") }

// Enter implements [Visitor].
func (b *Browser) Enter(user string) *httptest.ResponseRecorder {
	return b.Do("POST", "/login", As(user))
}

// Ask implements [Visitor].
func (b *Browser) Ask(path string) *httptest.ResponseRecorder { return b.Do("GET", path) }

// Leave implements [Visitor].
func (b *Browser) Leave() { b.Do("POST", "/logout") }

// A forgetful browser never has an access cookie.
type forgetful struct{ *Browser }

func (b forgetful) Ask(path string) *httptest.ResponseRecorder {
	b.Expire()
	return b.Do("GET", path)
}

// EachVisitor runs the test on all stores for each kind of visitor. visit returns a new one, at
// an application with the tokens that edit makes.
func EachVisitor(t *testing.T, test func(t *testing.T, s storetest.Store, visit func(edit ...func(*Config)) Visitor)) {
	for name, visit := range map[string]func(t testing.TB, s storetest.Store, edit []func(*Config)) Visitor{
		"program": func(t testing.TB, s storetest.Store, edit []func(*Config)) Visitor {
			return NewDevice(t, App(t, New(t, s, edit...)), "")
		},
		"browser": func(t testing.TB, s storetest.Store, edit []func(*Config)) Visitor {
			return NewBrowser(t, CookieApp(t, NewCookies(t, New(t, s, edit...))))
		},
		"browser without its access cookie": func(t testing.TB, s storetest.Store, edit []func(*Config)) Visitor {
			return forgetful{NewBrowser(t, CookieApp(t, NewCookies(t, New(t, s, edit...))))}
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, s storetest.Store) {
				test(t, s, func(edit ...func(*Config)) Visitor {
					return visit(t, s, append([]func(*Config){WithRefresh}, edit...))
				})
			})
		})
	}
}
