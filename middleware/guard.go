package middleware

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/inga-auth/inga/internal/nilcheck"
)

// Config configures [New]. Authenticator is required.
type Config struct {
	// Authenticator establishes who made a request; see [FirstOf].
	Authenticator Authenticator

	// Roles lists all roles that exist. [Guard.Require] reports rules that name any other role,
	// which catches misspelled ones. Required if there are such rules.
	Roles []string

	// Realm names the protected space in challenges: printable ASCII without quotes and
	// backslashes. Default "inga".
	Realm string

	// Denier responds to refused requests. Default [Problem].
	Denier Denier

	// Logger logs refusals and their reasons: 401, and those whose client has gone, at level Debug;
	// other 500 and 503 at Error; the rest at Info. Default [slog.Default], which leaves out Debug
	// unless it is set to show it.
	Logger *slog.Logger

	// Events, if not nil, receives [EventRefused], [EventDenied], and [EventThrottled] for a
	// backends.WaitError that is passed to [Guard.Refuse]. Logger logs refusals with or without it.
	// [AllEvents] makes one hook of several.
	Events EventHook
}

// A Guard lets requests pass whose identity is established and to which none of its rules
// objects. It is safe for concurrent use.
type Guard struct {
	config *Config // the same in all guards that Require returns
	rules  []Authorizer
}

// New returns a guard without rules: any identity passes. [Guard.Require] adds rules. The error
// joins all mistakes in c, each naming its field.
func New(c Config) (*Guard, error) {
	if err := errors.Join(c.mistakes()...); err != nil {
		return nil, err
	}
	return &Guard{config: c.withDefaults()}, nil
}

func (c Config) withDefaults() *Config {
	c.Roles = slices.Clone(c.Roles)
	c.Realm = cmp.Or(c.Realm, "inga")
	c.Denier = cmp.Or[Denier](c.Denier, DenierFunc(Problem))
	c.Logger = cmp.Or(c.Logger, slog.Default())
	return &c
}

func (c Config) mistakes() []error {
	errs := authenticatorMistakes("Config.Authenticator", c.Authenticator)
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("middleware: Config."+format, args...))
	}
	for i, role := range c.Roles {
		if role == "" || strings.TrimSpace(role) != role || slices.Contains(c.Roles[:i], role) {
			bad("Roles[%d] is %q, want a new name without space around it", i, role)
		}
	}
	if !quotable(c.Realm) {
		bad("Realm is %q, want printable ASCII without quotes and backslashes", c.Realm)
	}
	if c.Denier != nil && nilcheck.IsNil(c.Denier) {
		bad("Denier is a nil %T, want a Denier, or none for the default", c.Denier)
	} else if v, ok := c.Denier.(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			bad("Denier: %w", err)
		}
	}
	return errs
}

// Require returns a guard with the given rules after those of g, which stays as it is. They are
// asked in order until one objects. The error joins all mistakes: no rule, a nil rule, an unknown
// role, a scope that no token can have.
func (g *Guard) Require(rules ...Authorizer) (*Guard, error) {
	if g == nil || g.config == nil {
		return nil, errors.New("middleware: Require: this Guard is not from New")
	}
	var errs []error
	if len(rules) == 0 {
		errs = append(errs, errors.New("middleware: Require has no rule, want at least one"))
	}
	for i, rule := range rules {
		if nilcheck.IsNil(rule) {
			errs = append(errs, fmt.Errorf("middleware: Require: rule %d is nil, want an Authorizer", i))
		} else if checked, ok := rule.(interface{ mistakes(roles []string) []error }); ok {
			errs = append(errs, checked.mistakes(g.config.Roles)...)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Guard{g.config, slices.Concat(g.rules, rules)}, nil
}

// Check decides whether r may pass, without writing a response. It returns the identity and nil,
// or the reason to refuse r. If a rule refuses r, the identity is returned too.
func (g *Guard) Check(r *http.Request) (Identity, error) {
	p, err := g.check(r)
	return p.identity, err
}

// check implements Check. It returns the pass of an outer guard if that applies here, or a new
// one, which has no identity if there is none.
func (g *Guard) check(r *http.Request) (*pass, error) {
	a := g.config.Authenticator
	p := answered(a, r)
	if p == nil {
		p = &pass{config: g.config, request: r, credentials: credentialsOf(r)}
		if err := establish(&p.identity, a, r); err != nil {
			err = undecided(err)
			g.config.emitRefused(r, p, err)
			return p, fmt.Errorf("authenticate: %w", err)
		}
	} else if p.config != g.config {
		p = p.with(p.identity, g.config) // so that Refuse answers as g does
	}
	for _, rule := range g.rules {
		if err := rule.Authorize(r, p.identity); err != nil {
			return p, objection(err)
		}
	}
	return p, nil
}

// undecided makes an outage of an error that is none of those by which an [Authenticator] decides.
func undecided(err error) error {
	switch denialOf(err).Status {
	case http.StatusInternalServerError, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity:
		if !errors.Is(err, ErrInvalidArgument) {
			return fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
	}
	return err
}

// objection makes sure that the error of a rule refuses the identity, no matter what else it
// wraps. A rule that verifies a second credential may wrap ErrNoCredentials, for example, which
// must not make the request anonymous.
func objection(err error) error {
	switch {
	case errors.Is(err, ErrUnavailable):
		return fmt.Errorf("%w: %v", ErrUnavailable, err) // %v, not %w, here and below
	case errors.Is(err, ErrInsufficientAuthentication):
		return objectionOf(ErrInsufficientAuthentication, err)
	}
	return objectionOf(ErrForbidden, err)
}

func objectionOf(kind, err error) error {
	if !errors.Is(err, kind) || errors.Is(err, ErrNoCredentials) || errors.Is(err, ErrInvalidCredentials) || errors.Is(err, ErrMalformedRequest) || saysInvalid(err) {
		return fmt.Errorf("%w: %v", kind, err)
	}
	return err
}

// Handler returns a handler that passes requests on to next if they may pass, and refuses all
// others; see [Denial]. In next, [FromContext] returns the identity.
func (g *Guard) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := g.check(r)
		if err != nil {
			g.config.refuse(w, r, p.identity, err)
			return
		}
		private(w.Header(), &p.header)
		p.identity.acknowledge(w.Header())
		next.ServeHTTP(w, withPass(r, p))
	})
}

// Optional is like Handler, but for pages that are open to visitors: a request without a credential
// passes, without an identity, and no rule is asked. So does a request whose cookie is not good, or
// no longer is, because its session has ended in one way or another: its user did not ask to send it.
//
// A token that is not good is refused, because a client sent it on purpose, and so is every request
// with a credential of ours during an outage, when it is not known whose it is. [Guard.Check] tells a
// page how the session of a visitor has ended.
func (g *Guard) Optional(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := g.check(r)
		if err != nil && !errors.Is(err, ErrNoCredentials) && !errors.Is(err, ErrAmbientCredentials) {
			g.config.refuse(w, r, p.identity, err)
			return
		}
		private(w.Header(), &p.header)
		p.identity.acknowledge(w.Header())
		next.ServeHTTP(w, withPass(r, p)) // perhaps without an identity, but with a guard for Refuse
	})
}

// acknowledge lets the authenticator of a request with a proof add the nonce for the next one to the
// response: RFC 9449, section 8.2.
func (id *Identity) acknowledge(h http.Header) {
	if !id.Binding.Proved {
		return
	}
	if a, ok := as[interface{ OfferNonce(h http.Header) }](id.by); ok {
		a.OfferNonce(h)
	}
}

// private marks a response as dependent on the identity. It is called before the handler, which
// may override the headers. values is new, and has room for theirs.
func private(h http.Header, values *[2]string) {
	const noStore, varyOn = "no-store", "Cookie, Authorization"
	if len(h["Vary"]) == 0 {
		*values = [2]string{noStore, varyOn}
		h["Cache-Control"], h["Vary"] = values[0:1:1], values[1:2:2]
		return
	}
	if h.Get("Cache-Control") != noStore {
		h.Set("Cache-Control", noStore)
	}
	if !slices.Contains(h["Vary"], varyOn) {
		h.Add("Vary", varyOn)
	}
}

// Chain combines middleware. The first one is the outermost.
func Chain(outerToInner ...func(http.Handler) http.Handler) func(http.Handler) http.Handler {
	chain := slices.Clone(outerToInner)
	return func(next http.Handler) http.Handler {
		for _, wrap := range slices.Backward(chain) {
			next = wrap(next)
		}
		return next
	}
}
