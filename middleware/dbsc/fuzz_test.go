package dbsc_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/internal/storetest"
)

// Whatever the headers and the cookies are, a refresh is answered as browsers expect, and no session
// opens that should not.
func FuzzHeaders(f *testing.F) {
	a := newApp(f, storetest.Memory(f), "session cookie", offered)
	d := &device{t: &testing.T{}, app: a, jar: map[string]string{}}
	d.key = newDevice(d.t, a).key
	d.login("1")
	a.cookies.Bound().Shorten(1, 0)
	good := d.prove(jwt.MapClaims{"jti": d.challenge()}, false)
	for _, id := range []string{d.identifier, `"` + d.identifier + `"`, `"`, `""`, "a,b", d.identifier + "A", d.identifier[1:], strings.Repeat("A", 88), "\x00", "\u212a"} {
		f.Add(id, good, d.offer, "x")
		f.Add(id, d.registration(d.offer), id, id)
		f.Add(d.identifier, id, `"`+good+`"`, good)
	}
	f.Fuzz(func(t *testing.T, identifier, proof, registration, cookie string) {
		send := func(path string, headers ...string) *httptest.ResponseRecorder {
			r := httptest.NewRequest("POST", "https://app.example"+path, nil)
			for i := 0; i < len(headers); i += 2 {
				r.Header[headers[i]] = []string{headers[i+1]}
			}
			w := httptest.NewRecorder()
			a.ServeHTTP(w, r)
			return w
		}
		w := send("/dbsc/refresh", "Sec-Secure-Session-Id", identifier, "Secure-Session-Response", proof)
		text := strings.TrimSpace(w.Header().Get("Secure-Session-Challenge"))
		if w.Code != 200 && w.Code != 403 || (w.Code == 403) != challengeForm.MatchString(text) {
			t.Errorf("refresh with %q and %q: %d, challenge %q", identifier, proof, w.Code, text)
		}
		if w.Header().Get("Set-Cookie") != "" && strings.Trim(proof, "\" \t") != good {
			t.Errorf("a bound cookie for the proof %q", proof)
		}
		if w := send("/dbsc/register", "Secure-Session-Response", registration); w.Code >= 500 {
			t.Errorf("registration with %q: %d", registration, w.Code)
		}
		for name := range d.jar {
			if w := send("/me", "Cookie", name+"="+cookie+"; __Host-session-bound-0="+cookie); w.Code < 400 || w.Code >= 500 {
				t.Errorf("%s=%q: %d", name, cookie, w.Code)
			}
		}
	})
}
