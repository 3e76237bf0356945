package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/inga-auth/inga/internal/nilcheck"
)

// An Authenticator establishes who made a request.
//
// Its type must be comparable, usually a pointer: a guard inside another one recognizes by it
// that this authenticator has answered already.
//
// One that wraps another should have a method Unwrap() Authenticator, as writers have for
// [http.ResponseController]. Without it the wrapper hides [Challenger], [Renewer] and
// [SessionWatcher]: requests are still authenticated, but sessions are no longer renewed.
type Authenticator interface {
	// Authenticate returns the identity of the client that sent r, whose Subject is not empty.
	//
	// The error is a contract. [ErrNoCredentials] means that r has no credential of this kind, so
	// that [FirstOf] asks the next authenticator. [ErrInvalidCredentials], [ErrMalformedRequest]
	// and [ErrForbidden] are final. Any other error means that the authenticator could not tell,
	// and is answered with 503, or with 500 if it is [ErrInvalidArgument].
	//
	// Authenticate may be called concurrently. It must not change r.
	Authenticate(r *http.Request) (Identity, error)
}

// A Challenger is an [Authenticator] with a challenge for the WWW-Authenticate header, which a
// 401 must carry (RFC 9110, section 15.5.2).
type Challenger interface {
	// Challenge returns the challenge for the refusal d of r, or "" for none. It may be called
	// concurrently.
	Challenge(r *http.Request, d Denial) string
}

// maxWraps bounds the search along Unwrap, which may lead in a circle.
const maxWraps = 64

// as returns the first T among a and the authenticators it wraps.
func as[T any](a Authenticator) (t T, ok bool) {
	for range maxWraps {
		if t, ok = a.(T); ok {
			break
		}
		wrapper, wraps := a.(interface{ Unwrap() Authenticator })
		if !wraps {
			break
		}
		a = wrapper.Unwrap()
	}
	return t, ok
}

// FirstOf returns an Authenticator that asks the given ones in turn, until one returns an
// identity or an error other than [ErrNoCredentials]. Put explicit credentials before ambient
// ones, so that a Bearer token that a client chose to send takes precedence over a cookie that a
// browser attached.
func FirstOf(authenticators ...Authenticator) Authenticator {
	return &firstOf{list: slices.Clone(authenticators)}
}

type firstOf struct{ list []Authenticator }

func (f *firstOf) Authenticate(r *http.Request) (Identity, error) {
	for _, a := range f.list {
		id, err := ask(a, r)
		if !errors.Is(err, ErrNoCredentials) {
			return id, err
		}
	}
	return Identity{}, ErrNoCredentials
}

// Challenge returns the first challenge only: the preferred scheme comes first, and many clients
// do not parse more than one.
func (f *firstOf) Challenge(r *http.Request, d Denial) string {
	for _, a := range f.list {
		if c, ok := as[Challenger](a); ok {
			if s := c.Challenge(r, d); s != "" {
				return s
			}
		}
	}
	return ""
}

// authenticatorMistakes returns the mistakes in a, which messages call name, and in what it wraps.
func authenticatorMistakes(name string, a Authenticator) []error {
	what := name
	for range maxWraps {
		switch {
		case nilcheck.IsNil(a):
			return []error{fmt.Errorf("middleware: %s is nil, want an Authenticator", what)}
		case !isComparable(a):
			return []error{fmt.Errorf("middleware: %s is a %T, want a comparable type, like a pointer", what, a)}
		}
		if f, ok := a.(*firstOf); ok {
			return f.mistakes()
		}
		wrapper, ok := a.(interface{ Unwrap() Authenticator })
		if !ok {
			return nil
		}
		what, a = "what "+what+" wraps", wrapper.Unwrap()
	}
	return []error{fmt.Errorf("middleware: %s wraps itself, or more than %d authenticators", name, maxWraps)}
}

func (f *firstOf) mistakes() (errs []error) {
	if len(f.list) == 0 {
		errs = append(errs, errors.New("middleware: FirstOf has no authenticator, want at least one"))
	}
	for i, a := range f.list {
		errs = append(errs, authenticatorMistakes(fmt.Sprintf("authenticators[%d] of FirstOf", i), a)...)
	}
	return errs
}

// answered returns the pass of an outer guard if a authenticated the same credentials there, or
// nil. It never takes the answer of another authenticator for that of a.
func answered(a Authenticator, r *http.Request) *pass {
	p := passFrom(r.Context())
	// What a wrapper without Unwrap hides has not been checked by New, and may not be comparable.
	if p == nil || p.identity.by == nil || !isComparable(a) || p.config.Authenticator != a && (p.identity.by != a || !lists(p.config.Authenticator, a)) {
		return nil
	}
	if p.credentials != credentialsOf(r) {
		return nil // the context of one request, and the credentials of another
	}
	return p
}

// lists reports whether a FirstOf that was asked passes on the answer of a as it is. What wraps a
// may have changed it.
func lists(asked, a Authenticator) bool {
	if f, ok := asked.(*firstOf); ok {
		return slices.ContainsFunc(f.list, func(member Authenticator) bool { return lists(member, a) })
	}
	return asked == a
}

// isComparable reports whether == with a does not panic. Pointers, the usual case, do not allocate.
func isComparable(a Authenticator) bool {
	return reflect.TypeOf(a).Kind() == reflect.Pointer || reflect.ValueOf(a).Comparable()
}

// credentials are what an identity was established from: a request that differs in one of them
// is another request, even if it has the same context. The method counts because unsafe ones must
// pass more checks, and the host because it says which origin is our own. The URL does not:
// http.StripPrefix changes it.
type credentials struct{ method, host, cookie, authorization, subprotocol string }

func credentialsOf(r *http.Request) credentials {
	all := func(header string) string { return strings.Join(r.Header[header], "\n") }
	return credentials{r.Method, r.Host, all("Cookie"), all("Authorization"), all("Sec-Websocket-Protocol")}
}

// ask asks a about r, unless an outer guard has done so.
func ask(a Authenticator, r *http.Request) (id Identity, err error) {
	if p := answered(a, r); p != nil {
		return p.identity, nil
	}
	err = establish(&id, a, r)
	return id, err
}

// establish asks a about r. It fills an existing value, because identities are large.
func establish(id *Identity, a Authenticator, r *http.Request) (err error) {
	*id, err = a.Authenticate(r)
	if err == nil && id.Subject == "" {
		err = fmt.Errorf("%w: %T returned an identity without a Subject", ErrInvalidCredentials, a)
	}
	if err != nil {
		*id = Identity{}
		return err
	}
	if id.by == nil {
		id.by = a
	}
	return nil
}
