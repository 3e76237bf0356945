package callback

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/middleware"
)

var (
	// ErrNotBegun: this browser has not begun this login, or has finished it, or too long ago. The
	// user should begin again.
	ErrNotBegun = fmt.Errorf("%w: callback: this browser has begun no such login", middleware.ErrInvalidCredentials)

	// ErrIssuer: the answer is not from the provider that was asked. It is a mistake in
	// Config.Issuer, or an attack (RFC 9207).
	ErrIssuer = fmt.Errorf("%w: callback: answer of another issuer", middleware.ErrInvalidCredentials)
)

// A Result is what came back for a login that this browser began. Printed, it shows nothing.
type Result struct {
	// Code is to be exchanged for tokens, together with Verifier.
	Code string `json:"-"`
	// Verifier is the code_verifier of the exchange: RFC 7636, section 4.5.
	Verifier string `json:"-"`
	// Nonce must be the claim nonce of the ID token.
	Nonce string `json:"-"`

	Intent // as it was given to Begin; its Next is a path on this server
}

// Format implements [fmt.Formatter], so that no verb prints the code.
func (res Result) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[login result]")) }

// LogValue implements [slog.LogValuer].
func (res Result) LogValue() slog.Value { return slog.StringValue("[login result]") }

// Finish checks that r finishes a login which this browser has begun, and tells the browser to forget
// it. It returns r with the mark that Login accepts, and the form parsed if it is a POST. It must be
// called before the response begins.
//
// Errors, with which r is returned as it is: [ErrNotBegun]; [ErrIssuer]; a [*ProviderError] if the
// provider answered with one; [middleware.ErrMalformedRequest] for another method than the one that
// Config.FormPost says, for a page that is loaded ahead, and for an answer that is incomplete or
// contradicts itself. A login that was not found is not forgotten.
func (l *Logins) Finish(w http.ResponseWriter, r *http.Request) (*http.Request, Result, error) {
	if l == nil || l.box == nil {
		return r, Result{}, errNotMade
	}
	answer, query, err := l.answer(w, r)
	if err != nil {
		return r, Result{}, err
	}
	m, err := l.recall(r, query.Get("state"))
	if err != nil {
		return r, Result{}, err
	}
	c := l.cookie
	c.Name = l.name(m.State)
	c.Clear(w.Header())
	if err := l.check(m, query); err != nil {
		return r, Result{}, err
	}
	res := Result{query.Get("code"), m.Verifier, m.Nonce, Intent{string(m.Next), string(m.Value)}}
	return browser.WithFinished(answer), res, nil
}

// maxForm is how long the form of a provider may be: an ID token and some parameters.
const maxForm = 64 << 10

// answer returns the parameters that the provider has sent, and r with its form parsed.
func (l *Logins) answer(w http.ResponseWriter, r *http.Request) (*http.Request, url.Values, error) {
	malformed := func(format string, args ...any) (*http.Request, url.Values, error) {
		return nil, nil, fmt.Errorf("%w: callback: "+format, append([]any{middleware.ErrMalformedRequest}, args...)...)
	}
	if err := deliberate(r); err != nil {
		return nil, nil, err
	}
	want := http.MethodGet
	if l.formPost {
		want = http.MethodPost
	}
	if r.Method != want {
		return malformed("answer comes with %s, want %s", r.Method, want)
	}
	answer := r.WithContext(r.Context()) // a copy: the request is not ours to change
	query, err := url.ParseQuery(r.URL.RawQuery)
	if l.formPost {
		if r.Body != nil { // as in a request that no server read
			answer.Body = http.MaxBytesReader(w, r.Body, maxForm)
		}
		err = answer.ParseForm()
		query = answer.PostForm
	}
	if err != nil {
		return malformed("%w", err)
	}
	for _, name := range []string{"state", "iss", "code", "error"} {
		if len(query[name]) > 1 { // RFC 6749, section 3.1
			return malformed("answer has %s more than once", name)
		}
	}
	return answer, query, nil
}

// recall returns what is remembered of the login with the state.
func (l *Logins) recall(r *http.Request, state string) (m memory, err error) {
	if len(state) != stateSize {
		return memory{}, ErrNotBegun
	}
	name := l.name(state)
	for text := range browser.Values(r, name) {
		content, _, ok := l.box.Open(name, text, time.Now())
		if !ok || json.Unmarshal(content, &m) != nil {
			continue
		}
		if subtle.ConstantTimeCompare([]byte(m.State), []byte(state)) == 1 {
			return m, nil
		}
	}
	return memory{}, ErrNotBegun
}

// check checks what the provider says about a login that has been found.
func (l *Logins) check(m memory, query url.Values) error {
	iss, sent := query.Get("iss"), query.Has("iss")
	switch {
	case m.Issuer != l.issuer:
		return fmt.Errorf("%w: %q was asked, and this is the callback of %q", ErrIssuer, m.Issuer, l.issuer)
	case !sent && !l.issuerOptional:
		return fmt.Errorf("%w: answer has no iss, which Config.IssuerOptional allows", ErrIssuer)
	case sent && iss != l.issuer: // RFC 9207, section 2.4: compared to the letter
		return fmt.Errorf("%w: iss is %.100q, want %q", ErrIssuer, iss, l.issuer)
	case query.Get("error") != "" && query.Has("code"):
		return fmt.Errorf("%w: callback: answer has both code and error", middleware.ErrMalformedRequest)
	case query.Get("error") != "":
		return providerError(query)
	case query.Get("code") == "":
		return fmt.Errorf("%w: callback: answer has neither code nor error", middleware.ErrMalformedRequest)
	}
	return nil
}
