package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestTheProgramSaysWhereItIsAndEndsWhenItIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, ended := &output{}, make(chan error, 1)
	go func() { ended <- run(ctx, []string{"-addr", "127.0.0.1:0"}, out) }()
	var url string
	eventually(t, "it says where it is", func() bool {
		url = regexp.MustCompile(`http://127\.0\.0\.1:[1-9]\d*`).FindString(out.String())
		return url != ""
	})
	if text := out.String(); !strings.Contains(text, "  Log in as ann with ann-likes-tea.\n  Log in as root with root-likes-keys.\n") {
		t.Errorf("it says\n%s", text)
	}
	wantPage(t, url)
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("it does not end")
	}
}

// wantPage wants the page to allow what is its own and no more.
func wantPage(t *testing.T, url string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if res.StatusCode != 200 || !strings.Contains(string(body), `<script src="/page/page.js" type="module">`) {
		t.Errorf("status %d\n%s", res.StatusCode, body)
	}
	csp := res.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("Content-Security-Policy %q, want %s", csp, want)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("Content-Security-Policy %q", csp)
	}
	if outside := regexp.MustCompile(`(?:src|href)="[^/]`).FindString(string(body)); outside != "" {
		t.Errorf("the page has %s", outside)
	}
}

func TestMistakesInTheFlagsAreTold(t *testing.T) {
	t.Parallel()
	for flags, want := range map[string]string{
		"-access-ttl 0.1s":       "AccessTTL",
		"-rotate 1s":             "-refresh-overlap",
		"-idle 2h -absolute 1h":  "Policy",
		"-database-url nonsense": "database",
	} {
		err := run(t.Context(), strings.Fields(flags), io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error about %s", flags, err, want)
		}
	}
}

// output is what the program prints.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
