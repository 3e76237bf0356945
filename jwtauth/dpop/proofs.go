package dpop

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/jose"
	"github.com/inga-auth/inga/internal/proof"
	"github.com/inga-auth/inga/middleware"
)

// NonceHeader is the response header with the nonce for the next proof.
const NonceHeader = "DPoP-Nonce"

const (
	header = "Dpop" // in its canonical form, by which http.Header keeps it

	// maxID is how long the jti of a proof may be, in bytes.
	maxID = 255
)

// Proofs checks the proofs of requests. It is safe for concurrent use.
type Proofs struct {
	base           *url.URL
	window, leeway time.Duration
	reader         proof.Reader
	nonces         nonces
	used           backends.Claims
}

// Sent reports whether r has a proof, good or not.
func (p *Proofs) Sent(r *http.Request) bool { return p != nil && len(r.Header[header]) > 0 }

// Check returns the key that made the proof of r: RFC 9449, section 4.3. The proof must be for the access
// token, or the token is "" for a request that brings none, and by the key with the thumbprint, or that
// is "" for any key. The binding has no times.
//
// A proof passes once; in a handler behind a guard that took it, it still is good. That is decided last, so
// that no proof that is refused is used up.
//
// Errors: [middleware.ErrUnproved] for a proof that is missing or not good, and
// [middleware.ErrUnavailable] if it cannot be told whether it was used before.
func (p *Proofs) Check(r *http.Request, token, thumbprint string) (backends.Binding, error) {
	read, until, err := p.verify(r, token, thumbprint)
	// Proved: a handler behind a guard may log its user in anew, or as another one.
	if err == nil && !Proved(r, read.Key.Thumbprint) {
		err = p.claim(r.Context(), &read, until)
	}
	if err != nil {
		return backends.Binding{}, err
	}
	return backends.Binding{Algorithm: read.Key.Algorithm, Thumbprint: read.Key.Thumbprint, Key: read.Key.JWK}, nil
}

// Proved reports whether a guard around the handler has seen the proof of the key in r: a proof passes
// once.
func Proved(r *http.Request, thumbprint string) bool {
	id, ok := middleware.FromContext(r.Context())
	return ok && id.Binding.Proved && id.Binding.Thumbprint == thumbprint
}

// Precheck returns the error that [Proofs.Check] would return for a login, and does not use the proof up. It is
// nil if r has no proof. Handlers call it before they look at a password or a code: a client that has yet to
// learn a nonce is refused, and repeats the request then.
func (p *Proofs) Precheck(r *http.Request) error {
	if !p.Sent(r) {
		return nil
	}
	_, _, err := p.verify(r, "", "")
	return err
}

// verify returns a proof that is good now, if it was not used before, and until when it will be.
func (p *Proofs) verify(r *http.Request, token, thumbprint string) (read proof.Proof, until time.Time, err error) {
	if p == nil {
		return read, until, &refusal{code: invalidToken, why: "proofs are not checked here"}
	}
	if read, err = p.read(r); err == nil {
		err = p.about(r, &read, token, thumbprint)
	}
	if err != nil {
		return read, until, p.refusal(invalidProof, err)
	}
	until, err = p.fresh(&read.Claims)
	return read, until, err
}

func (p *Proofs) refusal(code string, why error) error {
	return &refusal{code, why.Error(), p.nonces.at(time.Now())}
}

// Refuse returns the error for a token that was sent with another scheme than it needs: RFC 9449,
// sections 7.1 and 7.2.
func (p *Proofs) Refuse(why string) error {
	return &refusal{invalidToken, why, p.Nonce()}
}

func (p *Proofs) read(r *http.Request) (proof.Proof, error) {
	switch values := r.Header[header]; len(values) {
	case 0:
		return proof.Proof{}, errors.New("proof is missing")
	case 1:
		return p.reader.Read(values[0])
	}
	return proof.Proof{}, errors.New("more than one proof")
}

// about checks what the proof is for.
func (p *Proofs) about(r *http.Request, read *proof.Proof, token, thumbprint string) error {
	c := &read.Claims
	if c.Method != r.Method {
		return errors.New("htm is not the method of the request")
	}
	htu, err := normalURL(c.URL)
	switch {
	case err != nil:
		return err
	case htu != p.urlOf(r):
		return fmt.Errorf("htu is not the URL of the request, which by Config.URL is %q", p.urlOf(r))
	case thumbprint != "" && read.Key.Thumbprint != thumbprint:
		return errors.New("proof is by another key than the token is bound to")
	case token != "" && !isHash(c.TokenHash, token):
		return errors.New("ath is not the hash of the access token")
	case c.ID == "" || len(c.ID) > maxID:
		return fmt.Errorf("jti has %d bytes, want 1 to %d", len(c.ID), maxID)
	case c.IssuedAt.IsZero():
		return errors.New("proof has no iat")
	}
	return nil
}

func isHash(ath, token string) bool {
	sum := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare([]byte(ath), []byte(jose.Encode(sum[:]))) == 1
}

// fresh returns until when any server takes the proof.
func (p *Proofs) fresh(c *proof.Claims) (until time.Time, err error) {
	now := time.Now()
	if !c.Expires.IsZero() && !now.Before(c.Expires.Add(p.leeway)) || c.NotBefore.After(now.Add(p.leeway)) {
		return until, p.refusal(invalidProof, errors.New("proof has expired, or is not good yet"))
	}
	if len(p.nonces.keys) > 0 {
		until, ok := p.nonces.until(c.Nonce, now, p.leeway)
		if !ok {
			return until, p.refusal(useNonce, errors.New("nonce is missing, too old, or not one of ours"))
		}
		return until.Add(2 * p.leeway), nil // ours, and that of the server that is the most behind
	}
	until = c.IssuedAt.Add(p.window + p.leeway)
	if !now.Before(until) || c.IssuedAt.After(now.Add(p.leeway)) {
		return until, p.refusal(invalidProof, errors.New("iat is too far from the time here"))
	}
	return until.Add(p.leeway), nil // that of the server that is the most behind
}

// claim lets a proof pass once. Its key is a part of the name, so that no client can use up what another
// one will send.
func (p *Proofs) claim(ctx context.Context, read *proof.Proof, until time.Time) error {
	name := backends.HashName("dpop", read.Key.Thumbprint, read.Claims.ID)
	mine, err := p.used.Claim(ctx, time.Now(), name, until)
	switch {
	case err != nil:
		return fmt.Errorf("%w: dpop: %w", middleware.ErrUnavailable, err)
	case !mine:
		return p.refusal(invalidProof, errors.New("proof was used before"))
	}
	return nil
}

// Nonce returns the nonce for the next proof, or "" if proofs need none. It belongs into [NonceHeader].
func (p *Proofs) Nonce() string {
	if p == nil {
		return ""
	}
	return p.nonces.at(time.Now())
}

// Algorithms returns the names of those that are accepted, with a space between, as a challenge has
// them: RFC 9449, section 7.1. It is "" for a nil Proofs.
func (p *Proofs) Algorithms() string {
	if p == nil {
		return ""
	}
	return strings.Join(p.reader.Algorithms, " ")
}

// Format implements [fmt.Formatter], so that no verb prints a key.
func (p *Proofs) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[proofs]")) }

// LogValue implements [slog.LogValuer].
func (p *Proofs) LogValue() slog.Value { return slog.StringValue("[proofs]") }
