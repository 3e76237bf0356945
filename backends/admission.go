package backends

import (
	"errors"
	"fmt"
)

// An Admission has the terms under which a session is created. The zero value is: for any
// existing user who is not disabled.
type Admission struct {
	// UserVersion, if not 0, which is no user's version, must still be the user's: whoever
	// checked a password at one version does not log in after it was changed.
	UserVersion int64

	// Replaces names a session of the same user that ends with [ReasonReplaced] when the new
	// one begins: the one that the same device had. It does not count against the limit. One
	// of another user is left alone.
	Replaces string

	// Limit, if not nil, says how many sessions the user may have. It is given the user of
	// this moment, must be quick, and must not call the store.
	Limit func(User) Limit
}

// A Limit bounds how many live sessions a user has at once. Sessions that have expired do
// not count. The zero Limit is none.
type Limit struct {
	// Total bounds the sessions of all kinds together, and PerKind those of the kind that is
	// opened. 0 is no bound.
	Total, PerKind int

	// Refuse has the login that would be one too many fail with [ErrLimit]. Otherwise it
	// succeeds, and the sessions that were used least recently end with [ReasonSuperseded].
	Refuse bool
}

// ForAll returns l for every user: an [Admission.Limit] that makes no difference between
// them. Limit{Total: 1}.ForAll is "no concurrent logins".
func (l Limit) ForAll(User) Limit { return l }

// Validate returns the mistakes of l, joined, each naming its field.
func (l Limit) Validate() error {
	var errs []error
	for _, f := range []struct {
		name  string
		value int
	}{{"Total", l.Total}, {"PerKind", l.PerKind}} {
		if f.value < 0 {
			errs = append(errs, fmt.Errorf("backends: Limit.%s is %d, want 0 for no bound, or more", f.name, f.value))
		}
	}
	return errors.Join(errs...)
}

// Evict returns the IDs of those of the live sessions that must end for one more of the kind
// to have room. live is in the order of [Directory].List. It is the one rule for all stores.
func (l Limit) Evict(live []Session, kind Kind) ([]string, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	var evicted []string
	all, same := 1, 1 // the new one
	for _, s := range live {
		full := l.Total > 0 && all >= l.Total || l.PerKind > 0 && same >= l.PerKind && s.Kind == kind
		switch {
		case full && l.Refuse:
			return nil, ErrLimit
		case full:
			evicted = append(evicted, s.ID)
			continue
		case s.Kind == kind:
			same++
		}
		all++
	}
	return evicted, nil
}
