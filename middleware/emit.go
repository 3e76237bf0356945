package middleware

import (
	"errors"
	"net/http"
	"strings"
)

// emitDenied emits EventDenied for 403s and step-up 401s, and EventThrottled for 429s.
func (c *Config) emitDenied(r *http.Request, id Identity, d Denial) {
	t := EventDenied
	switch {
	case d.Status == http.StatusTooManyRequests:
		t = EventThrottled
	case d.Status != http.StatusForbidden && d.Code != insufficientAuthentication:
		return
	}
	if c.Events == nil {
		return
	}
	c.emit(r, t, id, d)
}

// emitRefused emits EventRefused if err says that a credential of r is not good, unless a guard around
// this one has done so. p is the pass of r, which has no identity.
func (c *Config) emitRefused(r *http.Request, p *pass, err error) {
	if c.Events == nil || errors.Is(err, ErrNoCredentials) {
		return
	}
	d := denialOf(err)
	if d.Code != "invalid_token" && d.Code != "invalid_request" && d.Code != "invalid_dpop_proof" {
		return
	}
	p.refused = true
	if outer := passFrom(r.Context()); outer != nil && outer.refused && outer.credentials == p.credentials {
		return
	}
	c.emit(r, EventRefused, Identity{}, d)
}

func (c *Config) emit(r *http.Request, t EventType, id Identity, d Denial) {
	e := NewEvent(r, t, id)
	e.Reason = strings.ReplaceAll(strings.TrimPrefix(d.Type, problemBase), "-", "_")
	c.Events(r.Context(), e)
}
