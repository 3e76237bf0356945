package middleware

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
)

// Config is what [New] needs.
type Config struct {
	// Authenticator says who made a request. Required; see [FirstOf].
	Authenticator Authenticator

	// Roles are the names of all roles that exist. A rule that asks for another one is a
	// mistake that [Guard.Require] reports, so that a typing error never opens a door.
	// Required by [HasRole] and [HasAllRoles] only.
	Roles []string

	// Realm names the protected space in challenges: printable ASCII without quotes and
	// backslashes. Default "inga".
	Realm string

	// Denier answers refused requests. Default [Problem].
	Denier Denier

	// Logger gets the reasons of refusals. Default [slog.Default].
	Logger *slog.Logger

	// Events, if not nil, is told of [EventDenied].
	Events EventHook
}

// A Guard lets requests pass whose identity is established and to which no rule objects.
// It is safe for concurrent use.
type Guard struct {
	authenticator Authenticator
	roles         []string
	rules         []Authorizer
	realm         string
	denier        Denier
	logger        *slog.Logger
	events        EventHook
}

// New returns a guard that asks for an identity, and no more; see [Guard.Require]. The
// error joins all mistakes of the Config, each naming its field.
func New(c Config) (*Guard, error) {
	g := &Guard{
		authenticator: c.Authenticator,
		roles:         slices.Clone(c.Roles),
		realm:         c.Realm,
		denier:        c.Denier,
		logger:        c.Logger,
		events:        c.Events,
	}
	if g.realm == "" {
		g.realm = defaultRealm
	}
	if g.denier == nil {
		g.denier = DenierFunc(Problem)
	}
	if g.logger == nil {
		g.logger = slog.Default()
	}
	if err := errors.Join(c.mistakes()...); err != nil {
		return nil, err
	}
	return g, nil
}

const defaultRealm = "inga"

func (c Config) mistakes() []error {
	var errs []error
	if c.Authenticator == nil {
		errs = append(errs, errors.New("middleware: Config.Authenticator is nil, want one"))
	}
	if f, ok := c.Authenticator.(*firstOf); ok {
		errs = append(errs, f.mistakes()...)
	}
	for i, role := range c.Roles {
		if role == "" || strings.TrimSpace(role) != role || slices.Contains(c.Roles[:i], role) {
			errs = append(errs, fmt.Errorf("middleware: Config.Roles[%d] is %q, want a new name without space around it", i, role))
		}
	}
	if !quotable(c.Realm) {
		errs = append(errs, fmt.Errorf("middleware: Config.Realm is %q, want printable ASCII without quotes and backslashes", c.Realm))
	}
	if v, ok := c.Denier.(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			errs = append(errs, fmt.Errorf("middleware: Config.Denier: %w", err))
		}
	}
	return errs
}

// Require returns a guard that asks for all that g asks for, and that no rule objects. The
// rules are asked in their order. The error joins all mistakes: no rule at all, a nil one,
// an unknown role, a scope that no token can have.
func (g *Guard) Require(rules ...Authorizer) (*Guard, error) {
	var errs []error
	if len(rules) == 0 {
		errs = append(errs, errors.New("middleware: Require has no rule, want at least one"))
	}
	for i, rule := range rules {
		switch rule := rule.(type) {
		case nil:
			errs = append(errs, fmt.Errorf("middleware: Require: rule %d is nil, want an Authorizer", i))
		case interface{ mistakes(roles []string) []error }:
			errs = append(errs, rule.mistakes(g.roles)...)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	stricter := *g
	stricter.rules = slices.Concat(g.rules, rules)
	return &stricter, nil
}

// Check decides whether r may pass: it returns the identity, or the objection. It touches
// no response. Of the answers of guards further out it uses only those of its own
// authenticator, and none of their decisions.
func (g *Guard) Check(r *http.Request) (Identity, error) {
	p, err := g.check(r)
	if p == nil {
		return Identity{}, err
	}
	return p.identity, err
}

// check is Check. The pass is that of a guard further out, if it is good here, or a new one;
// nil if nobody is known.
func (g *Guard) check(r *http.Request) (*pass, error) {
	p := answered(g.authenticator, r)
	if p == nil {
		p = &pass{asked: g.authenticator, guard: g}
		if err := establish(&p.identity, g.authenticator, r); err != nil {
			return nil, fmt.Errorf("authenticate: %w", err)
		}
	}
	return p, g.authorize(r, p)
}

func (g *Guard) authorize(r *http.Request, p *pass) error {
	for _, rule := range g.rules {
		err := rule.Authorize(r, p.identity)
		switch {
		case err == nil:
		case errors.Is(err, ErrUnavailable):
			return fmt.Errorf("authorize: %w: %v", ErrUnavailable, err)
		default:
			return objection(err)
		}
	}
	return nil
}

// objection returns that of a rule as a refusal of the identity, whatever else it says: a rule
// that asks for a second credential cannot turn the refusal into "anonymous".
func objection(err error) error {
	kind := ErrForbidden
	if errors.Is(err, ErrInsufficientAuthentication) {
		kind = ErrInsufficientAuthentication
	}
	if errors.Is(err, kind) && !aboutCredentials(err) {
		return err
	}
	return fmt.Errorf("%w: %v", kind, err) // %v, not %w
}

func aboutCredentials(err error) bool {
	return errors.Is(err, ErrNoCredentials) || errors.Is(err, ErrInvalidCredentials) || errors.Is(err, ErrMalformedRequest) || saysInvalid(err)
}

// Handler passes requests to next if the guard finds nothing against them; [FromContext]
// then has their identity. Others are refused: see [Denial].
func (g *Guard) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := g.check(r)
		if err != nil {
			g.refuse(w, r, p.known(), err)
			return
		}
		private(w.Header())
		next.ServeHTTP(w, withPass(r, p))
	})
}

// Optional is Handler for pages that anonymous visitors may see as well: a request without
// a credential passes without an identity. A wrong credential does not pass, nor any
// credential while the backend cannot be asked: whoever sent one expects to be known. It is
// therefore not for the login page, where people come whose session has just ended; use
// [Guard.Check] there.
//
// The rules of [Guard.Require] hold for identities only.
func (g *Guard) Optional(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, err := g.check(r)
		private(w.Header())
		switch {
		case err == nil:
			next.ServeHTTP(w, withPass(r, p))
		case errors.Is(err, ErrNoCredentials):
			next.ServeHTTP(w, withPass(r, &pass{guard: g})) // nobody, and who let them pass
		default:
			g.refuse(w, r, p.known(), err)
		}
	})
}

// private marks a response as one that depends on who asked. It comes before the handler,
// which may override it knowingly.
func private(h http.Header) {
	if len(h["Vary"]) == 0 {
		values := [...]string{noStore, varyOn} // one allocation for both
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

const (
	noStore = "no-store"
	varyOn  = "Cookie, Authorization"
)

// Chain returns the middleware that does what the given ones do, the first outermost.
func Chain(outerToInner ...func(http.Handler) http.Handler) func(http.Handler) http.Handler {
	chain := slices.Clone(outerToInner)
	return func(next http.Handler) http.Handler {
		for _, wrap := range slices.Backward(chain) {
			next = wrap(next)
		}
		return next
	}
}
