package browser

import (
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
)

// A Warning is logged once. It must not be copied.
type Warning struct{ once sync.Once }

// OfHTTP warns that browsers drop a Secure cookie if r comes from a page of ours without TLS.
// setting is the name of DangerouslyAllowHTTP. The Origin says how the browser reached the page, which
// r.TLS does not behind a proxy. On localhost browsers keep the cookie.
func (w *Warning) OfHTTP(r *http.Request, c Cookie, setting string) {
	u, err := url.Parse(r.Header.Get("Origin"))
	if !c.Secure || err != nil || u.Scheme != "http" || u.Host != r.Host {
		return
	}
	host := u.Hostname()
	if ip, _ := netip.ParseAddr(host); ip.IsLoopback() || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return
	}
	w.once.Do(func() {
		slog.WarnContext(r.Context(), "browsers drop the Secure cookie of a page without TLS: use TLS, or see the setting",
			"setting", setting, "cookie", c.Name, "origin", u.String())
	})
}
