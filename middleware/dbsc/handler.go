package dbsc

import (
	"errors"
	"fmt"
	"net/http"
	"path"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bound"
	"github.com/inga-auth/inga/internal/nilcheck"
	"github.com/inga-auth/inga/internal/proof"
	"github.com/inga-auth/inga/middleware"
)

// Cookies are those whose sessions are bound: of package cookie, or of jwtauth/tokencookie.
type Cookies interface {
	// Bound is for this package. It returns nil if the Bind of the cookies has no Path.
	Bound() *bound.Binder
}

// A Handler answers browsers that bind a session, or prove the key of one. It is safe for concurrent
// use.
type Handler struct {
	binder *bound.Binder
	method string // of the identities that the cookies prove
	claims backends.Claims
	proofs proof.Reader
}

// New returns the Handler for the sessions of the cookies, to be mounted at the Path of their Bind. It
// belongs neither inside a guard nor inside anything else that may answer in its place, such as a
// limiter: browsers take 401, 404, 429 and redirects for the end of the binding.
func New(of Cookies) (*Handler, error) {
	if nilcheck.IsNil(of) || of.Bound() == nil {
		return nil, errors.New("dbsc: New: the cookies are nil or bind no session, want some whose Bind has a Path")
	}
	b := of.Bound()
	claims, ok := b.Registry.Store().(backends.Claims)
	if !ok {
		return nil, fmt.Errorf("dbsc: New: a %T is no backends.Claims", b.Registry.Store())
	}
	method := b.Method.Identity(&backends.Session{}, &backends.User{}).Method
	return &Handler{b, method, claims, proof.Reader{Type: proof.DBSC, Algorithms: []string{"ES256", "RS256"}}}, nil
}

// ServeHTTP answers a POST to register and to refresh, below the Path of the cookies' Bind.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h == nil || h.binder == nil {
		middleware.Refuse(w, r, fmt.Errorf("%w: dbsc: this Handler is not from New", middleware.ErrInvalidArgument))
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	switch name := path.Base(r.URL.Path); {
	case r.Method == http.MethodPost && name == "register":
		h.register(w, r)
	case r.Method == http.MethodPost && name == "refresh":
		h.refresh(w, r)
	default:
		http.NotFound(w, r)
	}
}

// Format implements [fmt.Formatter], so that no verb prints what the store holds.
func (h *Handler) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[dbsc handler]")) }
