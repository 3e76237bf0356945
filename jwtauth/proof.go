package jwtauth

import (
	"errors"
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bearer"
	"github.com/inga-auth/inga/jwtauth/dpop"
	"github.com/inga-auth/inga/middleware"
)

// A DPoP says whether tokens are bound to a key of the client, whose proof each request then needs:
// RFC 9449.
type DPoP int

// The values of [Config].DPoP.
const (
	// DPoPOff binds no tokens, and refuses those that were bound before.
	DPoPOff DPoP = iota
	// DPoPOffered binds the tokens of clients that send a proof when they log in. Others get tokens that
	// work for anyone who has them.
	DPoPOffered
	// DPoPRequired refuses logins without a proof, and tokens that are not bound.
	DPoPRequired
)

func (d DPoP) valid() bool { return d >= DPoPOff && d <= DPoPRequired }

// schemes returns those of the Authorization header that are tokens of ours, the preferred one first. A
// client that sends the other one learns more than one that sends nothing.
func (d DPoP) schemes() []bearer.Scheme {
	switch d {
	case DPoPOffered:
		return []bearer.Scheme{bearer.Bearer, bearer.DPoP}
	case DPoPRequired:
		return []bearer.Scheme{bearer.DPoP, bearer.Bearer}
	}
	return []bearer.Scheme{bearer.Bearer}
}

// binds reports whether tokens that are issued because of r are to be bound.
func (t *Tokens) binds(r *http.Request) bool {
	return t.dpop == DPoPRequired || t.dpop == DPoPOffered && t.proofs.Sent(r)
}

// bind returns the key that tokens which are issued because of r are to be bound to, zero for none. r may
// bring the access token.
func (t *Tokens) bind(r *http.Request, token string, about middleware.Identity) (backends.Binding, error) {
	if !t.binds(r) {
		return backends.Binding{}, nil
	}
	b, err := t.proofs.Check(r, token, "")
	return b, t.unproved(r, about, err)
}

// prove returns an error unless r proves the key that its access token is bound to, "" for none.
func (t *Tokens) prove(r *http.Request, token string, scheme bearer.Scheme, key string, about middleware.Identity) error {
	if key != "" && dpop.Proved(r, key) {
		return nil
	}
	var err error
	switch {
	case key == "" && t.dpop == DPoPRequired:
		err = t.proofs.Refuse("token is bound to no key")
	case key == "" && scheme == bearer.DPoP:
		err = t.proofs.Refuse("token is bound to no key, and was sent as one that is")
	case key == "":
		return nil
	case scheme != bearer.DPoP:
		err = t.proofs.Refuse("token is bound to a key, and was sent as one that is not")
	default:
		_, err = t.proofs.Check(r, token, key)
	}
	return t.unproved(r, about, err)
}

// proveRefresh returns an error unless r, which presents a refresh token of s, proves the key of s.
func (t *Tokens) proveRefresh(r *http.Request, s *backends.Session) error {
	about := middleware.Identity{Subject: s.UserID, SessionID: s.ID}
	switch key := s.Binding.Thumbprint; {
	case key != "":
		_, err := t.proofs.Check(r, "", key)
		return t.unproved(r, about, err)
	case t.dpop == DPoPRequired:
		return t.unproved(r, about, t.proofs.Refuse("refresh token is bound to no key"))
	}
	return nil
}

// rebind prepares s, which the access token in r names, for the re-authentication of its user: it stays
// bound to its key, which r proves, or is bound to that of a proof in r.
func (t *Tokens) rebind(r *http.Request, token string, scheme bearer.Scheme, s *backends.Session) error {
	about := middleware.Identity{Subject: s.UserID, SessionID: s.ID}
	if key := s.Binding.Thumbprint; key != "" && s.Kind == backends.KindToken {
		return t.prove(r, token, scheme, key, about)
	}
	b, err := t.bind(r, token, about)
	s.Binding = b
	return err
}

// unproved emits the event that a request was refused because of err. A client that has yet to learn a
// nonce is refused as a matter of course.
func (t *Tokens) unproved(r *http.Request, about middleware.Identity, err error) error {
	var refusal interface{ DenialCode() string }
	if errors.As(err, &refusal) && refusal.DenialCode() != "use_dpop_nonce" {
		reason := middleware.ReasonInvalidProof
		if !t.proofs.Sent(r) {
			reason = middleware.ReasonProofRequired
		}
		t.engine.Sessions.Unproved(r, about, reason)
	}
	return err
}

// OfferNonce puts the nonce for the next proof into the header of a response, if Config.Proofs asks for
// one. Guards do, and so do [Response.Write] and refusals.
func (t *Tokens) OfferNonce(h http.Header) {
	if nonce := t.proofs.Nonce(); nonce != "" {
		h.Set(dpop.NonceHeader, nonce)
	}
}
