package backends

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// A Page says which part of a list of sessions to return. The zero Page is the first one.
type Page struct {
	// After is what List returned as next with the page before; "" to begin. It holds the ID
	// of a session and a time, and no secret.
	After string

	// Limit bounds the sessions of the page: 1 to [MaxPage]. Default: 100.
	Limit int
}

// MaxPage is the largest [Page].Limit.
const MaxPage = 1000

const defaultPage = 100

// Start returns where the list goes on: the sessions of the page are last seen before seen, or
// at that time with an ID less than id. limit is p.Limit or its default. A store that selects
// limit+1 rows by it and passes them to [Page.Cut] reads no more than it needs. Error:
// ErrInvalidArgument.
func (p Page) Start() (seen time.Time, id string, limit int, err error) {
	limit = cmp.Or(p.Limit, defaultPage)
	if limit < 1 || limit > MaxPage {
		return seen, "", 0, fmt.Errorf("%w: Page.Limit is %d, want 1 to %d", ErrInvalidArgument, p.Limit, MaxPage)
	}
	if p.After == "" {
		return time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC), "", limit, nil // after every valid time
	}
	if len(p.After) > idLen {
		id = p.After[:idLen]
		seen, err = time.Parse(time.RFC3339Nano, p.After[idLen:])
	}
	if err != nil || !ValidID(id) {
		return seen, "", 0, fmt.Errorf("%w: Page.After is %.80q, want what List returned", ErrInvalidArgument, p.After)
	}
	return seen.UTC(), id, limit, nil
}

// Cut returns the page out of the live sessions of a user, in any order, and the After of the
// next page, "" if there is none. live may lack sessions that come before the page or more than
// one session after it. Error: ErrInvalidArgument. Every store uses this rule.
func (p Page) Cut(live []Session) (page []Session, next string, err error) {
	seen, id, limit, err := p.Start()
	if err != nil {
		return nil, "", err
	}
	from := Session{ID: id, LastSeenAt: seen}
	page = slices.DeleteFunc(live, func(s Session) bool { return bySeen(s, from) <= 0 })
	slices.SortFunc(page, bySeen)
	if len(page) <= limit {
		return page, "", nil
	}
	last := &page[limit-1]
	return page[:limit:limit], last.ID + last.LastSeenAt.UTC().Format(time.RFC3339Nano), nil
}

// bySeen orders the most recently seen first. The ID makes the order total.
func bySeen(a, b Session) int {
	return cmp.Or(b.LastSeenAt.Compare(a.LastSeenAt), cmp.Compare(b.ID, a.ID))
}
