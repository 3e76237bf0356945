package tokencookie_test

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/middleware"
)

func TestALoginOnAPageWithoutTLSWarnsThatTheCookiesAreDropped(t *testing.T) {
	var out bytes.Buffer
	former := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	t.Cleanup(func() { slog.SetDefault(former) })
	k := tokentest.NewCookies(t, tokentest.New(t, storetest.Memory(t), tokentest.WithRefresh))
	for range 2 {
		r := httptest.NewRequest("POST", "http://192.168.1.5:8080/login", nil)
		r.Header.Set("Origin", "http://192.168.1.5:8080")
		if _, err := k.Login(httptest.NewRecorder(), r, middleware.Login{Subject: "1"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(out.String(), "tokencookie: Config.DangerouslyAllowHTTP"); n != 1 {
		t.Errorf("%d warnings, want 1: %s", n, &out)
	}
}
