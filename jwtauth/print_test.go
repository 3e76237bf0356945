package jwtauth_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/foreign"
	"github.com/inga-auth/inga/jwtauth/oauth"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
)

// printed returns v and a pointer to it as every verb, both handlers of slog and JSON have it.
func printed[T any](v T) string {
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		for _, arg := range []any{v, &v, []T{v}, map[string]T{"v": v}, struct{ V T }{v}} {
			fmt.Fprintf(&out, verb+"\n", arg)
		}
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("m", "value", v, "pointer", &v, "list", []T{v})
	}
	_ = json.NewEncoder(&out).Encode(v)
	return out.String()
}

func TestNothingThatIsPrintedShowsAKeyOrAToken(t *testing.T) {
	// SID-8.
	keys := [][]byte{tokentest.Secret, tokentest.RefreshKeyA, tokentest.EdKey().Seed(), must2(tokentest.ECKey().Bytes()), tokentest.RSAKey().D.Bytes(), tokentest.RSAKey().Primes[0].Bytes()}
	var all []jwtauth.Key
	for _, k := range tokentest.Keys(t) {
		all = append(all, k)
	}
	var config jwtauth.Config
	tokens := tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh, func(c *tokentest.Config) {
		c.Keys = []jwtauth.Key{tokentest.HS256(t), tokentest.Keys(t)["ES256"], tokentest.Keys(t)["EdDSA"], tokentest.Keys(t)["RS256"]}
		config = c.Config
	})
	resp, err := tokentest.Login(t, tokens, "1")
	if err != nil {
		t.Fatal(err)
	}
	endpoints, err := oauth.New(oauth.Config{Tokens: tokens})
	if err != nil {
		t.Fatal(err)
	}
	issuers, err := foreign.New(foreign.Config{Issuer: tokentest.Issuer, Audience: tokentest.Audience})
	if err != nil {
		t.Fatal(err)
	}
	refresh, err := tokens.Engine().RefreshKeys.Parse(resp.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	var forms []string
	for _, key := range append(keys, []byte(resp.AccessToken[len(resp.AccessToken)-30:]), []byte(resp.RefreshToken), refresh.Secret[:]) {
		list := strings.Trim(fmt.Sprint(key), "[]")
		forms = append(forms, string(key), hex.EncodeToString(key), strings.ToUpper(hex.EncodeToString(key)), list, strings.ReplaceAll(list, " ", ", "),
			strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", key), "[]byte{"), "}"), " ", ""),
			base64.StdEncoding.EncodeToString(key), base64.RawURLEncoding.EncodeToString(key))
	}
	for name, text := range map[string]string{
		"jwtauth.Config":      printed(config),
		"jwtauth.Key":         printed(all),
		"jwtauth.Tokens":      printed(tokens),
		"jwtauth.Response":    printed(resp.String()) + printed(fmt.Sprint(resp)),
		"WebSocket":           printed(jwtauth.WebSocket(tokens)),
		"tokens.Engine":       printed(tokens.Engine()),
		"tokens.RefreshToken": printed(refresh),
		"oauth.Config":        printed(oauth.Config{Tokens: tokens}),
		"oauth.Endpoints":     printed(endpoints),
		"tokencookie.Config":  printed(tokencookie.Config{Tokens: tokens}),
		"tokencookie.Cookies": printed(tokentest.NewCookies(t, tokens)),
		"foreign.Config":      printed(foreign.Config{Issuer: tokentest.Issuer}),
		"foreign.Issuers":     printed(issuers),
	} {
		if len(text) < 100 {
			t.Errorf("%s: printed %q: nothing was tried", name, text)
		}
		for _, form := range forms {
			if strings.Contains(strings.ReplaceAll(text, " ", ""), strings.ReplaceAll(form, " ", "")) {
				t.Errorf("%s shows a key or a token, as %.40q", name, form)
				break
			}
		}
	}
}
