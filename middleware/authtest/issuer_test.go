package authtest_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/jwtauth/foreign"
	"github.com/inga-auth/inga/middleware/authtest"
)

type object = map[string]any

// trusting is a page for those whom the issuer vouches for.
func trusting(t testing.TB, i *authtest.Issuer, types ...string) http.Handler {
	t.Helper()
	issuers := must(foreign.New(foreign.Config{
		Issuer: i.URL, Audience: "orders", HTTPClient: i.Client(), Types: types, Logger: slog.New(slog.DiscardHandler),
		Roles: func(c foreign.Claims) []string { return c.Strings("roles") },
	}))
	return newGuard(issuers, nil).Handler(whoami)
}

func wantToken(t testing.TB, h http.Handler, token string, status int) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := serve(h, r)
	if w.Code != status {
		t.Errorf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	return w
}

// onEachIssuer runs the test with an issuer on a server, and with one in a bubble.
func onEachIssuer(t *testing.T, test func(t *testing.T, i *authtest.Issuer)) {
	t.Helper()
	t.Run("server", func(t *testing.T) { test(t, authtest.NewIssuer(t)) })
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(t, authtest.InMemoryIssuer()) })
	})
}

func TestATokenOfTheIssuerIsGood(t *testing.T) {
	onEachIssuer(t, func(t *testing.T, i *authtest.Issuer) {
		h := trusting(t, i)
		w := wantToken(t, h, i.Token(object{"sub": "ann", "aud": "orders", "roles": []string{"user"}}), 200)
		if got, want := w.Body.String(), "ann [user] by bearer"; got != want {
			t.Errorf("body %q, want %q", got, want)
		}
		for name, claims := range map[string]object{
			"another audience": {"sub": "ann", "aud": "x"},
			"no subject":       {"aud": "orders"},
			"no exp":           {"sub": "ann", "aud": "orders", "exp": nil},
			"another issuer":   {"sub": "ann", "aud": "orders", "iss": "https://other.example"},
			"expired":          {"sub": "ann", "aud": "orders", "exp": time.Now().Add(-time.Hour).Unix()},
		} {
			t.Log(name)
			wantToken(t, h, i.Token(claims), 401)
		}
		if got := i.Fetches(); got != 1 {
			t.Errorf("%d fetches, want 1", got)
		}
	})
}

func TestTheHeaderOfATokenIsTheTests(t *testing.T) {
	i := authtest.NewIssuer(t)
	claims := object{"sub": "ann", "aud": "orders"}
	wantToken(t, trusting(t, i, "JWT"), i.Sign(object{"typ": "JWT"}, claims), 200)
	wantToken(t, trusting(t, i, ""), i.Sign(nil, claims), 200)
	h := trusting(t, i)
	wantToken(t, h, i.Sign(object{"typ": "JWT"}, claims), 401)
	wantToken(t, h, i.Sign(object{"typ": "at+jwt", "alg": "none"}, claims), 401)
	wantToken(t, h, i.Sign(object{"typ": "at+jwt", "kid": "unheard of"}, claims), 401)
	wantToken(t, h, i.Sign(object{"typ": "at+jwt", "kid": nil}, claims), 200)
}

func TestKeysAreRotatedAndWithdrawn(t *testing.T) {
	// JW-14.
	synctest.Test(t, func(t *testing.T) {
		i := authtest.InMemoryIssuer()
		h := trusting(t, i)
		claims := object{"sub": "ann", "aud": "orders", "exp": time.Now().Add(time.Hour).Unix()}
		former := i.Token(claims)
		wantToken(t, h, former, 200)
		i.Rotate()
		next := i.Token(claims)
		wantToken(t, h, next, 200)
		wantToken(t, h, former, 200)
		if got := i.Fetches(); got != 2 {
			t.Errorf("%d fetches, want 2", got)
		}
		i.Withdraw()
		time.Sleep(10 * time.Minute)
		wantToken(t, h, former, 401)
		wantToken(t, h, next, 200)
	})
}

func TestAnOutageBeginsAndEndsOnCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, outage := range map[string]http.HandlerFunc{"fails": authtest.Fails, "hangs": authtest.Hangs, "garbles": authtest.Garbles} {
			i := authtest.InMemoryIssuer()
			h := trusting(t, i)
			token := i.Token(object{"sub": "ann", "aud": "orders"})
			i.Break(outage)
			before := time.Now()
			wantToken(t, h, token, 503)
			if took := time.Since(before); (took > 0) != (name == "hangs") {
				t.Errorf("%s: it took %v", name, took)
			}
			i.Mend()
			time.Sleep(10 * time.Second) // until it is asked again
			wantToken(t, h, token, 200)
		}
	})
}

func TestAnOutageIsCounted(t *testing.T) {
	onEachIssuer(t, func(t *testing.T, i *authtest.Issuer) {
		for n, outage := range []http.HandlerFunc{nil, authtest.Fails, authtest.Garbles} {
			i.Break(outage)
			resp, err := i.Client().Get(i.URL + "/jwks")
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
			if want := []int{200, 500, 200}[n]; resp.StatusCode != want || i.Fetches() != n+1 {
				t.Errorf("status %d, want %d, after %d fetches, want %d", resp.StatusCode, want, i.Fetches(), n+1)
			}
		}
	})
}
