package cookie_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/internal/storetest"
)

func TestNothingThatIsPrintedHoldsAKey(t *testing.T) {
	// SID-8: the configuration, what New makes of it, and the error of a key that is too short.
	sessions := newRegistry(t, registry{Store: storetest.Memory(t)})
	c := cookie.Config{Sessions: sessions, Keys: [][]byte{keyA, keyB}}
	cookies, err := cookie.New(c)
	if err != nil {
		t.Fatal(err)
	}
	c.Keys = append(c.Keys, keyB[:31])
	_, mistake := cookie.New(c)

	var out bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&out, nil))
	jsonLogger := slog.New(slog.NewJSONHandler(&out, nil))
	inStruct := struct {
		Config  cookie.Config
		Cookies *cookie.Cookies
	}{c, cookies}
	// Not %p: of what is no pointer it is a mistake that vet reports, and fmt asks no Formatter.
	for _, v := range []any{c, &c, cookies, inStruct, &inStruct, []cookie.Config{c}, []*cookie.Cookies{cookies}, map[string]any{"c": cookies}, mistake} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%o", "%b", "%e", "%t", "%U"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		logger.Info("printed", "value", v)
		jsonLogger.Info("printed", "value", v)
		_ = json.NewEncoder(&out).Encode(v) // an error prints nothing
	}
	for _, key := range [][]byte{keyA, keyB[:31]} {
		decimal := strings.Trim(fmt.Sprint(key), "[]")
		for _, form := range []string{
			string(key), hex.EncodeToString(key), strings.ToUpper(hex.EncodeToString(key)), decimal,
			strings.ReplaceAll(decimal, " ", ", "), fmt.Sprintf("%#v", key)[7:], strings.Trim(fmt.Sprintf("%o", key), "[]"),
			base64.StdEncoding.EncodeToString(key)[:40], base64.RawURLEncoding.EncodeToString(key)[:40],
		} {
			if strings.Contains(out.String(), form) {
				t.Errorf("a key is printed, as %q", form)
			}
		}
	}
	if n := strings.Count(out.String(), "[cookie.Config]"); n < 15 {
		t.Errorf("the configuration is printed as [cookie.Config] %d times: it was not tried:\n%s", n, &out)
	}
}
