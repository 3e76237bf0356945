package memory

import (
	"slices"
	"strings"
	"time"
	"unique"

	"github.com/inga-auth/inga/backends"
)

// A row is a backends.Session in about half of the space: times are microseconds since
// 1970, what a cookie session does not have is one pointer, and the user agents, of which
// a million browsers have a few thousand, are shared. The owner's lock guards all fields
// but owner and id, which never change.
type row struct {
	owner *account
	id    string
	place int // in owner.rows, or nowhere

	secret backends.SecretHash
	kind   backends.Kind
	ip     string
	label  string
	agent  unique.Handle[string]
	amr    []string

	created, authenticated, seen int64
	idleEnd, absoluteEnd         int64
	idle, interval               time.Duration

	refresh *backends.Refresh
	ended   *backends.Ended
	values  map[string][]byte
}

// nowhere is the place of a row that is not, or no longer, in the store.
const nowhere = -1

func newRow(owner *account, s backends.Session, h backends.SecretHash) *row {
	r := &row{
		owner:   owner,
		id:      s.ID,
		place:   nowhere,
		secret:  h,
		kind:    s.Kind,
		ip:      s.Client.IP,
		label:   strings.Clone(s.Client.Label), // it may be a small part of something large
		agent:   unique.Make(s.Client.UserAgent),
		created: s.CreatedAt.UnixMicro(),
	}
	r.begin(s)
	return r
}

// begin sets what an authentication sets.
func (r *row) begin(s backends.Session) {
	r.amr = slices.Clone(s.AMR)
	r.authenticated, r.seen = s.AuthenticatedAt.UnixMicro(), s.LastSeenAt.UnixMicro()
	r.idle, r.interval = s.IdleTimeout, s.RenewalInterval
	r.absoluteEnd = s.AbsoluteDeadline.UnixMicro()
	r.idleEnd = min(s.IdleDeadline.UnixMicro(), r.absoluteEnd)
	r.refresh = nil
	if s.Refresh.Generation != 0 {
		r.refresh = &backends.Refresh{
			Generation: s.Refresh.Generation,
			RotatedAt:  instant(s.Refresh.RotatedAt.UnixMicro()),
			SeenAt:     instant(s.Refresh.SeenAt.UnixMicro()),
		}
	}
}

// session returns the row as a session that shares its slices with it.
func (r *row) session() (s backends.Session) {
	s = backends.Session{
		ID:               r.id,
		UserID:           r.owner.user.ID,
		Kind:             r.kind,
		Client:           backends.Client{IP: r.ip, UserAgent: r.agent.Value(), Label: r.label},
		AMR:              r.amr,
		CreatedAt:        instant(r.created),
		AuthenticatedAt:  instant(r.authenticated),
		LastSeenAt:       instant(r.seen),
		IdleTimeout:      r.idle,
		RenewalInterval:  r.interval,
		IdleDeadline:     instant(r.idleEnd),
		AbsoluteDeadline: instant(r.absoluteEnd),
	}
	if r.refresh != nil {
		s.Refresh = *r.refresh
	}
	if r.ended != nil {
		s.Ended = *r.ended
	}
	return s
}

// answer is what a finder answers about the row.
func (r *row) answer(now time.Time) (s backends.Session, u backends.User, err error) {
	if r.place == nowhere {
		return s, u, backends.ErrNotFound
	}
	s = r.session()
	s.AMR = slices.Clone(s.AMR)
	owner := r.owner.existing()
	if err = s.Live(owner, now); err == nil {
		u = owner.Clone()
	}
	return s, u, err
}

func (r *row) live(now time.Time) bool {
	s := r.session()
	return r.place != nowhere && s.Live(r.owner.existing(), now) == nil
}

func (r *row) dead(now time.Time) bool {
	s := r.session()
	return s.Dead(now)
}

// end ends the row for good and reports whether that made a difference at now. A row that
// expired is ended too: its deadline would not hold against a clock that is set back.
func (r *row) end(now time.Time, why backends.Reason) bool {
	if r.place == nowhere || r.ended != nil {
		return false
	}
	was := r.live(now)
	r.ended = &backends.Ended{At: instant(now.UnixMicro()), Reason: why}
	r.values = nil // nobody can read them any more
	return was
}

func instant(micro int64) time.Time { return time.UnixMicro(micro).UTC() }
