package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// An Authenticator says who made a request.
//
// Its error is a contract. [ErrNoCredentials] means "nothing of my kind, ask the next".
// [ErrInvalidCredentials], [ErrMalformedRequest] and [ErrForbidden] are final: nobody
// else is asked. Any other error means that it could not find out, and the answer is 503.
//
// Authenticate is called concurrently, does not change r, and touches no response.
// The dynamic type must be comparable (a pointer, usually): guards recognise by it that
// a request was asked about already.
type Authenticator interface {
	Authenticate(r *http.Request) (Identity, error)
}

// A Renewer is an [Authenticator] that can prolong the identities it made.
type Renewer interface {
	// Renew counts the request as activity of the session behind id, whose idle deadline
	// becomes until, and puts what the client must present from now on into the header h of
	// the response, if that changes. It returns the identity as it is then, and ok false,
	// with h untouched, if there was nothing to renew: the session has ended, or another
	// request was faster.
	Renew(h http.Header, r *http.Request, id Identity, until time.Time) (renewed Identity, ok bool, err error)
}

// A Challenger is an [Authenticator] with a challenge for the WWW-Authenticate header of
// a refusal. One that has none, like that of a login form, does not implement it.
type Challenger interface {
	// Challenge returns the challenge with which r is refused, as d says.
	Challenge(r *http.Request, d Denial) string
}

// FirstOf returns an Authenticator that asks each of the given ones until one does not
// answer [ErrNoCredentials]. Put explicit credentials before ambient ones: a Bearer token
// that a client took the trouble to send decides, and not the cookie that came along.
//
// A nil among them is reported by [New].
func FirstOf(authenticators ...Authenticator) Authenticator {
	return &firstOf{list: append([]Authenticator(nil), authenticators...)}
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

func (f *firstOf) mistakes() []error {
	var errs []error
	if len(f.list) == 0 {
		errs = append(errs, errors.New("middleware: FirstOf has no authenticator, want at least one"))
	}
	for i, a := range f.list {
		if a == nil {
			errs = append(errs, fmt.Errorf("middleware: FirstOf: authenticator %d is nil", i))
		} else if inner, ok := a.(*firstOf); ok {
			errs = append(errs, inner.mistakes()...)
		}
	}
	return errs
}

// Challenge returns that of the first that has one: the way that is asked first is the one
// to recommend, and many clients read one challenge only.
func (f *firstOf) Challenge(r *http.Request, d Denial) string {
	for _, a := range f.list {
		if c, ok := a.(Challenger); ok {
			if s := c.Challenge(r, d); s != "" {
				return s
			}
		}
	}
	return ""
}

// answered returns the pass of a guard further out if a was the one to answer there, or nil.
// It never takes the answer of another authenticator for that of a.
func answered(a Authenticator, r *http.Request) *pass {
	if p := passFrom(r.Context()); p != nil && (p.asked == a || p.identity.by == a) {
		return p
	}
	return nil
}

// ask asks a about r, unless a guard further out has done so.
func ask(a Authenticator, r *http.Request) (id Identity, err error) {
	if p := answered(a, r); p != nil {
		return p.identity, nil
	}
	return id, establish(&id, a, r)
}

// establish asks a about r. It fills a value that is there, because identities are large.
func establish(id *Identity, a Authenticator, r *http.Request) (err error) {
	if *id, err = a.Authenticate(r); err != nil {
		*id = Identity{}
		return err
	}
	if id.by == nil {
		id.by = a
	}
	return nil
}
