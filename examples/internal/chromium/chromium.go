// Package chromium starts a browser for a test.
package chromium

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Start starts a Chromium, which ends with the test, and returns its context. Without one on
// this machine the test is skipped, but in CI it fails.
func Start(t *testing.T) context.Context {
	t.Helper()
	ctx, _ := StartIn(t, Profile(t))
	return ctx
}

// StartIn is Start with a profile, and more options. The browser ends when end is called, which waits
// until it has gone, or with the test.
func StartIn(t *testing.T, profile string, more ...chromedp.ExecAllocatorOption) (_ context.Context, end func()) {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path(t)),
		chromedp.UserDataDir(profile),
		chromedp.NoSandbox, // it has no right to make one in a container, and only we are there
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-proxy-server", true),
	)
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), append(options, more...)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	end = sync.OnceFunc(func() {
		if err := chromedp.Cancel(ctx); err != nil { // waits until the browser has gone
			t.Errorf("close the browser: %v", err)
		}
	})
	t.Cleanup(end)
	return ctx, end
}

// BindsSessions are the options of a browser that binds sessions to a device, with keys in software: Linux
// has no others. It takes all names for this machine and accepts the certificate. If it is not limited,
// it proves its keys more often than the six times in nine minutes of other browsers.
func BindsSessions(certificate *x509.Certificate, limited bool) []chromedp.ExecAllocatorOption {
	features := "DeviceBoundSessions"
	if !limited {
		features += ":RefreshQuota/false"
	}
	sum := sha256.Sum256(certificate.RawSubjectPublicKeyInfo)
	return []chromedp.ExecAllocatorOption{
		chromedp.Flag("enable-features", features+",EnableBoundSessionCredentialsSoftwareKeysForManualTesting"),
		chromedp.Flag("ignore-certificate-errors-spki-list", base64.StdEncoding.EncodeToString(sum[:])), // with ignore-certificate-errors it binds nothing
		chromedp.Flag("host-resolver-rules", "MAP * 127.0.0.1"),
	}
}

func path(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("chromium is not installed")
	}
	t.Skip("chromium is not installed")
	return ""
}

// Profile is a directory for the browser, removed after it. Not t.TempDir: processes of the
// browser may write there for a moment after it has gone.
func Profile(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "browser-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 50 {
			if os.RemoveAll(dir) == nil {
				return
			}
			time.Sleep(100 * time.Millisecond)
		}
	})
	return dir
}
