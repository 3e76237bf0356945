package jwtauth_test

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/tokentest"
)

func FuzzAuthorizationHeader(f *testing.F) {
	token := tokentest.Sign(tokentest.GoodHeader, tokentest.FixedClaims)
	for _, row := range headers {
		values := append(slices.Clone(row.values), "", "")
		f.Add(strings.ReplaceAll(values[0], placeholder, token), strings.ReplaceAll(values[1], placeholder, token))
	}
	app := tokentest.App(f, tokentest.Fixed(f))
	challenges := map[string]int{
		`Bearer realm="inga"`:                          401,
		`Bearer realm="inga", error="invalid_token"`:   401,
		`Bearer realm="inga", error="invalid_request"`: 400,
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		r := httptest.NewRequest("GET", "/poll", nil)
		r.Header["Authorization"] = []string{first}
		if second != "" {
			r.Header["Authorization"] = []string{first, second}
		}
		w := httptest.NewRecorder()
		app.ServeHTTP(w, r)
		if w.Code == 200 {
			scheme, rest, _ := strings.Cut(first, " ")
			if second != "" || !strings.EqualFold(scheme, "Bearer") || strings.Trim(rest, " ") != token {
				t.Fatalf("%q, %q passes", first, second)
			}
			return
		}
		if challenge := w.Header().Get("WWW-Authenticate"); challenges[challenge] != w.Code {
			t.Fatalf("%q, %q: status %d with the challenge %s", first, second, w.Code, challenge)
		}
	})
}
