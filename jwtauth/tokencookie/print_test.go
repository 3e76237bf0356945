package tokencookie_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
)

func TestNoTokenIsInALogAnEventAnErrorOrAnotherHeader(t *testing.T) {
	// SID-8, CK-3: everything that is written down while tokens are used, stolen and forged.
	var out bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var j tokentest.Journal
	s := tokentest.NewSpy(storetest.Memory(t))
	tokens := tokentest.New(t, s, tokentest.Eager, j.Use)
	app := tokentest.AppOf(t, tokens, logger)
	d := tokentest.NewDevice(t, app, "1")
	secrets := []string{d.Token, d.Refresh}
	note := func(err error) {
		if err != nil {
			out.WriteString(err.Error())
		}
	}
	r := httptest.NewRequest("POST", "/", nil)
	_, old := d.Rotate()
	d.Rotate()
	secrets = append(secrets, d.Token, d.Refresh)
	s.Fail("Rotate", "Find")
	_, err := tokens.Refresh(r, d.Refresh)
	note(err)
	d.Do("GET", "/me")
	s.Fail()
	for _, token := range []string{old, d.Refresh, d.Refresh[:150], d.Refresh + "x"} {
		resp, err := tokens.Refresh(r, token)
		note(err)
		fmt.Fprint(&out, resp)
		w := d.Present(token)
		out.Write(w.Body.Bytes())
		_ = w.Header().Write(&out)
		tokentest.ClientWith(t, app, token).Do("GET", "/me")
	}
	for _, e := range j.Events() {
		if err := json.NewEncoder(&out).Encode(e); err != nil {
			t.Fatal(err)
		}
		logger.Info("event", "event", e)
	}
	k := tokentest.NewCookies(t, tokens)
	b := tokentest.NewBrowser(t, tokentest.CookieApp(t, k))
	w := b.Do("POST", "/login", tokentest.As("1"))
	secrets = append(secrets, b.Access(), b.Refresh())
	w.Header().Del("Set-Cookie")
	_ = w.Header().Write(&out)
	out.Write(w.Body.Bytes())
	for _, secret := range secrets {
		// Not a part of one either: the MAC of a refresh token, the signature of an access
		// token, the secret of the session.
		for _, part := range []string{secret, secret[len(secret)-20:], secret[len(secret)/2 : len(secret)/2+30]} {
			if strings.Contains(out.String(), part) {
				t.Errorf("it was written down:\n%s", out.String())
			}
		}
	}
	if !strings.Contains(out.String(), "theft") || !strings.Contains(out.String(), "request refused") {
		t.Errorf("nothing was written down:\n%s", out.String())
	}
}
