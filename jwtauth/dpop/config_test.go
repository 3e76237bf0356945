package dpop_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/jwtauth/dpop"
)

func TestNewReportsAllMistakesAndNamesTheirFields(t *testing.T) {
	_, err := dpop.New(dpop.Config{
		URL: "app.example", NonceKeys: [][]byte{[]byte("secret")}, Window: time.Hour, Leeway: 2 * time.Minute, Algorithms: []string{"HS256", "none"},
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"Config.URL", "Config.Claims", "Config.NonceKeys[0]", "Config.Window", "Config.Leeway", "Config.Algorithms[0]", "Config.Algorithms[1]"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: does not name %s", err, want)
		}
	}
	var nilStore *memory.Store
	for name, c := range map[string]dpop.Config{
		"both":                       {URL: "https://app.example", Claims: memory.New(), InMemory: true},
		"a nil store":                {URL: "https://app.example", Claims: nilStore},
		"no TLS":                     {URL: "http://app.example", InMemory: true},
		"a query":                    {URL: "https://app.example/?a", InMemory: true},
		"a fragment":                 {URL: "https://app.example/#a", InMemory: true},
		"a user":                     {URL: "https://a@app.example/", InMemory: true},
		"no host":                    {URL: "https:///a", InMemory: true},
		"another scheme":             {URL: "ftp://app.example", InMemory: true},
		"a window of no time":        {URL: "https://app.example", InMemory: true, Window: time.Second},
		"a leeway of less than zero": {URL: "https://app.example", InMemory: true, Leeway: -1},
	} {
		if _, err := dpop.New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, c := range map[string]dpop.Config{
		"loopback":    {URL: "http://localhost:8080", InMemory: true},
		"dangerous":   {URL: "http://app.example", InMemory: true, DangerouslyAllowHTTP: true},
		"with a path": {URL: "https://app.example/api", Claims: memory.New()},
	} {
		if _, err := dpop.New(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNoVerbPrintsAKey(t *testing.T) {
	c := dpop.Config{URL: "https://app.example", InMemory: true, NonceKeys: [][]byte{nonceKey}}
	p, err := dpop.New(c)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "c", c, "p", p)
	encoded, err := json.Marshal(struct{ C dpop.Config }{c})
	if err != nil || strings.Contains(string(encoded), base64.StdEncoding.EncodeToString(nonceKey)) {
		t.Errorf("JSON %s, %v; want no key", encoded, err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
		for _, v := range []any{c, &c, p, *p, struct{ P *dpop.Proofs }{p}} {
			if text := fmt.Sprintf(verb, v) + logged.String(); strings.Contains(text, "8f1a77") || strings.Contains(text, "143 26 119") || strings.Contains(text, string(nonceKey[:3])) {
				t.Errorf("%s of a %T prints a key", verb, v)
			}
		}
	}
}
