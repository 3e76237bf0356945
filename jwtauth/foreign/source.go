package foreign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

const (
	fetchTimeout = 5 * time.Second
	maxAnswer    = 256 << 10 // bytes of a JWK set or of a discovery document
	maxRedirects = 3
)

// A source is where an issuer publishes its keys.
type source struct {
	Config
	client *http.Client
}

func newSource(c Config) *source {
	client := http.Client{Transport: &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		ForceAttemptHTTP2:      true,
		MaxResponseHeaderBytes: 64 << 10,
		IdleConnTimeout:        10 * time.Second, // the next fetch is minutes away
	}}
	if c.HTTPClient != nil {
		client = *c.HTTPClient
	}
	if client.CheckRedirect == nil {
		client.CheckRedirect = sameHost
	}
	return &source{c, &client}
}

// sameHost refuses redirects to other hosts: an open redirect at the issuer must not replace its
// keys.
func sameHost(r *http.Request, via []*http.Request) error {
	first := via[0].URL
	if r.URL.Host != first.Host || r.URL.Scheme != first.Scheme && r.URL.Scheme != "https" || len(via) > maxRedirects {
		return errors.New("redirect to another host, away from HTTPS, or one too many")
	}
	return nil
}

// fetch returns the keys that the issuer publishes now. Discovery is repeated each time, because
// the issuer may move them.
func (s *source) fetch(ctx context.Context) ([]publicKey, error) {
	address := s.JWKSURL
	if address == "" {
		var err error
		if address, err = s.discover(ctx); err != nil {
			return nil, err
		}
	}
	answer, err := s.ask(ctx, address)
	if err != nil {
		return nil, err
	}
	keys, err := parseSet(answer, s.Algorithms)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return keys, nil
}

// discover asks the issuer: OpenID Connect Discovery 1.0, section 4.
func (s *source) discover(ctx context.Context) (string, error) {
	address := discoveryURL(s.Issuer)
	answer, err := s.ask(ctx, address)
	if err != nil {
		return "", err
	}
	var document struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(answer, &document); err != nil {
		return "", fmt.Errorf("%s: %w", address, err)
	}
	// Section 4.3: exactly the same. The keys of another tenant must not verify anything here.
	if document.Issuer != s.Issuer {
		return "", fmt.Errorf("%s: issuer is %.200q, want %q", address, document.Issuer, s.Issuer)
	}
	u, err := checkURL(document.JWKSURI, s.DangerouslyAllowHTTP)
	if err == nil && u.Scheme != "https" && strings.HasPrefix(address, "https:") && !s.DangerouslyAllowHTTP {
		err = errors.New("it leads away from HTTPS")
	}
	if err != nil {
		return "", fmt.Errorf("%s: jwks_uri is %.200q: %w", address, document.JWKSURI, err)
	}
	return document.JWKSURI, nil
}

func (s *source) ask(ctx context.Context, address string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json, application/jwk-set+json")
	resp, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: status %d", address, resp.StatusCode)
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(answer) > maxAnswer {
		err = fmt.Errorf("answer has more than %d bytes", maxAnswer)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", address, err)
	}
	return answer, nil
}

func discoveryURL(issuer string) string {
	return strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
}

func checkDiscovery(issuer string, allowHTTP bool) error {
	u, err := checkURL(issuer, allowHTTP)
	if err == nil && (u.RawQuery != "" || u.ForceQuery) {
		err = errors.New("want a URL without a query")
	}
	return err
}

// checkURL parses an address from which keys may be fetched.
func checkURL(address string, allowHTTP bool) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, errors.New("want a URL")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, errors.New("want a URL that begins with https://")
	case u.User != nil || u.Fragment != "":
		return nil, errors.New("want a URL without user and fragment")
	case u.Scheme == "http" && !allowHTTP && !isLoopback(u.Hostname()):
		return nil, errors.New("want https, or DangerouslyAllowHTTP")
	}
	return u, nil
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
