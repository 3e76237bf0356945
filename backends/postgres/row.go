package postgres

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/inga-auth/inga/backends"
)

// sessionColumns are what a row scans, in its order. The hash of the secret is not among
// them: nobody who reads a session needs it.
const sessionColumns = `s.id, s.user_id, s.kind, s.ip, s.user_agent, s.label, s.amr,
	s.created_at, s.authenticated_at, s.last_seen_at, s.idle_timeout, s.renewal_interval,
	s.idle_deadline, s.absolute_deadline, s.refresh_generation,
	s.refresh_rotated_at, s.refresh_seen_at, s.ended_at, s.ended_reason`

// A row is a session as it is scanned.
type row struct {
	backends.Session
	rotatedAt, seenAt, endedAt pgtype.Timestamptz
}

// targets returns where [sessionColumns] are scanned to, and then more.
func (r *row) targets(more ...any) []any {
	return slices.Concat([]any{
		&r.ID, &r.UserID, (*string)(&r.Kind), &r.Client.IP, &r.Client.UserAgent, &r.Client.Label, &r.AMR,
		&r.CreatedAt, &r.AuthenticatedAt, &r.LastSeenAt, (*int64)(&r.IdleTimeout), (*int64)(&r.RenewalInterval),
		&r.IdleDeadline, &r.AbsoluteDeadline, &r.Refresh.Generation,
		&r.rotatedAt, &r.seenAt, &r.endedAt, (*string)(&r.Ended.Reason),
	}, more)
}

// session returns the session after a scan.
func (r *row) session() backends.Session {
	s := r.Session
	s.CreatedAt = s.CreatedAt.UTC()
	s.AuthenticatedAt = s.AuthenticatedAt.UTC()
	s.LastSeenAt = s.LastSeenAt.UTC()
	s.IdleDeadline = s.IdleDeadline.UTC()
	s.AbsoluteDeadline = s.AbsoluteDeadline.UTC()
	s.IdleTimeout *= time.Microsecond
	s.RenewalInterval *= time.Microsecond
	s.Refresh.RotatedAt = fromNull(r.rotatedAt)
	s.Refresh.SeenAt = fromNull(r.seenAt)
	s.Ended.At = fromNull(r.endedAt)
	s.AMR = nilIfEmpty(s.AMR)
	return s
}

// storable returns an error that names each text of s that is not to be kept. Nothing
// is changed silently: whoever wants it cleaned calls [backends.NewClient].
func storable(s *backends.Session) error {
	var errs []error
	if !backends.ValidID(s.ID) {
		errs = append(errs, errors.New("postgres: Session.ID is not from backends.NewID"))
	}
	for _, f := range []struct {
		name, text string
		most       int // bytes
	}{
		{"Kind", string(s.Kind), 64},
		{"Client.IP", s.Client.IP, 64},
		{"Client.UserAgent", s.Client.UserAgent, 512},
		{"Client.Label", s.Client.Label, 128},
		{"AMR", strings.Join(s.AMR, " "), 1024},
	} {
		if !isText(f.text) {
			errs = append(errs, fmt.Errorf("postgres: Session.%s has a NUL or is not UTF-8", f.name))
		}
		if len(f.text) > f.most {
			errs = append(errs, fmt.Errorf("postgres: Session.%s has %d bytes, want at most %d", f.name, len(f.text), f.most))
		}
	}
	return errors.Join(errs...)
}

// isText reports whether PostgreSQL can keep s in a column of type text.
func isText(s string) bool {
	return utf8.ValidString(s) && !strings.Contains(s, "\x00")
}

// at is t as PostgreSQL keeps it. The cut is made here because a text protocol may round.
func at(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// null is t, or NULL if it is zero.
func null(t time.Time) pgtype.Timestamptz {
	return pgtype.Timestamptz{Time: at(t), Valid: !t.IsZero()}
}

func fromNull(t pgtype.Timestamptz) time.Time {
	if !t.Valid {
		return time.Time{}
	}
	return t.Time.UTC()
}

// nullHash is h, or NULL for a session that no secret opens.
func nullHash(h backends.SecretHash) []byte {
	if h == (backends.SecretHash{}) {
		return nil
	}
	return h[:]
}

// notNull is the empty array for none: a nil slice would be NULL.
func notNull(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func nilIfEmpty(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}
