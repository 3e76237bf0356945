package callback_test

import (
	"bytes"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/inga-auth/inga/middleware/callback"
)

func TestALoginThatBeginsOnAPageWithoutTLSWarnsThatItsCookieIsDropped(t *testing.T) {
	var out bytes.Buffer
	former := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&out, nil)))
	t.Cleanup(func() { slog.SetDefault(former) })
	l := newLogins(t)
	for range 2 {
		r := httptest.NewRequest("POST", "http://192.168.1.5:8080/login", nil)
		r.Header.Set("Origin", "http://192.168.1.5:8080")
		if _, err := l.Begin(httptest.NewRecorder(), r, callback.Intent{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(out.String(), "callback: Config.DangerouslyAllowHTTP"); n != 1 {
		t.Errorf("%d warnings, want 1: %s", n, &out)
	}
}
