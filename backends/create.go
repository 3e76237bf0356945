package backends

// CreateOptions are the conditions under which a session is created. The zero value admits
// any existing user who is not disabled.
type CreateOptions struct {
	// UserVersion, if not 0, must still be the user's version. A password that was checked at
	// one version therefore opens no session after it has changed. No user has version 0.
	UserVersion int64

	// Replaces is the ID of a session of the same user that ends with [ReasonReplaced] when the
	// new one begins, usually the previous one of the same device. It does not count against the
	// limit. A session of another user is left alone.
	Replaces string

	// Limit, if not nil, returns how many sessions the user may have. It receives the user as
	// stored at that moment. It must be fast and must not call the store. It is not asked about a
	// session that has an [Actor].
	Limit func(User) Limit
}

// A Limit bounds how many live sessions a user has at once. Expired sessions do not count, nor do
// those that have an [Actor].
// The zero Limit does not limit anything.
type Limit struct {
	// Total bounds the sessions of all kinds together, PerKind those of the kind that is
	// opened. 0 means no bound. API keys and the like count in Total, and a login can end them:
	// PerKind keeps each kind to itself.
	Total, PerKind int

	// Refuse makes a login over the limit fail with [ErrLimit]. By default it succeeds, and the
	// least recently used sessions end with [ReasonSuperseded].
	Refuse bool
}

// ForAll returns l for every user, so that Limit{Total: 1}.ForAll is a [CreateOptions.Limit]
// that allows no concurrent logins.
func (l Limit) ForAll(User) Limit { return l }

// Evict returns the IDs of the live sessions that must end before one more of the given kind
// fits. live is ordered by LastSeenAt, the latest first. Every store uses this rule.
func (l Limit) Evict(live []Session, kind Kind) ([]string, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	var evicted []string
	all, same := 1, 1 // the new one
	for _, s := range live {
		if s.Actor != (Actor{}) {
			continue // not the user's own
		}
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
