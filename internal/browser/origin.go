package browser

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/inga-auth/inga/middleware"
)

// Origins decides which pages may make a browser send unsafe requests with a cookie: those of
// our own origin, and those of trusted origins. It must not be copied.
type Origins struct{ protection http.CrossOriginProtection }

// Trust adds trusted origins, and returns what is wrong with them. Each error begins with
// prefix and the index.
func (o *Origins) Trust(prefix string, origins []string) (errs []error) {
	for i, origin := range origins {
		sent, ok := serialized(origin)
		if !ok {
			errs = append(errs, fmt.Errorf("%s[%d] is %q, want an origin as browsers send it, like https://app.example or http://localhost:3000", prefix, i, origin))
		} else if err := o.protection.AddTrustedOrigin(sent); err != nil {
			errs = append(errs, fmt.Errorf("%s[%d]: %w", prefix, i, err))
		}
	}
	return errs
}

// serialized returns the origin as browsers send it: RFC 6454, section 6.2. It knows no wildcards,
// and names that are not ASCII only as xn--.
func serialized(origin string) (sent string, ok bool) {
	origin = strings.ToLower(origin)
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || origin != u.Scheme+"://"+u.Host {
		return "", false
	}
	host := u.Hostname()
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() {
		host = "[" + ip.String() + "]"
		ok = ip.Zone() == "" && !ip.Is4In6()
	} else {
		labels := strings.Split(host, ".")
		number := strings.Trim(labels[len(labels)-1], "0123456789") == "" // which makes it an IPv4 address
		ok = strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == "" && !slices.Contains(labels, "") && number == (err == nil)
	}
	switch port := u.Port(); {
	case port == "", u.Scheme == "https" && port == "443", u.Scheme == "http" && port == "80":
		return u.Scheme + "://" + host, ok
	default:
		n, err := strconv.ParseUint(port, 10, 16)
		return fmt.Sprintf("%s://%s:%d", u.Scheme, host, n), ok && err == nil && n > 0
	}
}

// Check returns [middleware.ErrCrossOrigin] for unsafe requests from other origins, and for
// their WebSocket handshakes, which are GET requests and yet open a channel to write to.
func (o *Origins) Check(r *http.Request) error {
	host, webSocket := ownHost(r), isWebSocket(r)
	if webSocket || host != r.Host {
		as := *r // a copy: the request is not ours to change
		as.Host = host
		if webSocket {
			as.Method = http.MethodPost
		}
		r = &as
	}
	if err := o.protection.Check(r); err != nil {
		return fmt.Errorf("%w: %w", middleware.ErrCrossOrigin, err)
	}
	return nil
}

// ownHost returns the host that the Origin of r must have to be our own. net/http compares hosts
// only: here the scheme counts too, where r.TLS says what it is, and its default port does not.
func ownHost(r *http.Request) string {
	origin := r.Header["Origin"]
	if len(origin) == 0 {
		return r.Host
	}
	switch scheme, _, _ := strings.Cut(origin[0], "://"); {
	case scheme == "https":
		return strings.TrimSuffix(r.Host, ":443")
	case scheme == "http" && r.TLS == nil:
		return strings.TrimSuffix(r.Host, ":80")
	}
	return " " // which no origin has
}

func isWebSocket(r *http.Request) bool {
	// RFC 8441: over HTTP/2 the handshake is a CONNECT, which is not a safe method anyway.
	upgrade := r.Header["Upgrade"]
	return len(upgrade) > 0 && strings.EqualFold(upgrade[0], "websocket")
}

// Challenge returns the challenge for a request without a good cookie. A 401 must carry one (RFC
// 9110, section 15.5.2); this one does not make browsers ask for a password.
func Challenge(d middleware.Denial) string {
	if d.Status == http.StatusUnauthorized {
		return fmt.Sprintf("Cookie realm=%q", d.Realm)
	}
	return ""
}

// Ambient marks err, of cookies that are not good, as about what the browser sent by itself.
func Ambient(err error) error {
	if errors.Is(err, middleware.ErrInvalidCredentials) {
		return ambient{err}
	}
	return err
}

// ambient has the text of the error that it marks.
type ambient struct{ error }

func (a ambient) Unwrap() []error { return []error{a.error, middleware.ErrAmbientCredentials} }

// Unsafe returns an error if r has a safe method (RFC 9110, section 9.2.1): following a link
// logs no one in or out.
func Unsafe(r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return fmt.Errorf("%w: a session cannot change with %s", middleware.ErrMalformedRequest, r.Method)
	}
	return nil
}

// CheckUnsafe is [Unsafe] and then Check.
func (o *Origins) CheckUnsafe(r *http.Request) error {
	if err := Unsafe(r); err != nil {
		return err
	}
	return o.Check(r)
}
