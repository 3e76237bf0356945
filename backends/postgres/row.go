package postgres

import (
	"net/netip"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/inga-auth/inga/backends"
)

const (
	// sessionColumns are what a row scans, in its order, followed by how the session ended. The
	// hash of the secret is not among them: it is compared within the statements, and never read.
	sessionColumns = `s.id, s.user_id, s.kind, s.ip, s.user_agent, s.label, s.amr,
	s.created_at, s.authenticated_at, s.last_seen_at, s.idle_timeout, s.renewal_interval,
	s.idle_deadline, s.absolute_deadline, s.refresh_generation,
	s.refresh_rotated_at, s.refresh_seen_at,
	COALESCE(s.actor_id, ''), COALESCE(s.actor_session, ''), COALESCE(s.actor_version, 0),
	COALESCE(s.key_algorithm, ''), COALESCE(s.key_thumbprint, ''), COALESCE(s.key_jwk, ''), s.bound_at, s.proved_at, `

	// liveColumns are for a session s that has not ended with its epoch.
	liveColumns = sessionColumns + `s.ended_at, s.ended_reason`

	// userColumns are what is scanned of a user u, who may be missing from an outer join. NULL
	// counts as the safe value.
	userColumns = `COALESCE({name}, '') AS user_name, COALESCE(array_remove(u.roles::text[], NULL), '{}') AS user_roles,
	u.disabled IS NOT FALSE AS user_disabled, COALESCE(u.version::bigint, 0) AS user_version`

	// foundColumns and foundTables are a session, however it ended, and its user.
	foundColumns = sessionColumns + `LEAST(s.ended_at, e.ended_at) AS ended_at,
	CASE WHEN s.ended_at IS NULL OR e.ended_at < s.ended_at THEN COALESCE(e.ended_reason, '') ELSE s.ended_reason END AS ended_reason,
	u.id IS NOT NULL AS has_user, ` + userColumns

	foundTables = `{sessions} s LEFT JOIN {epochs} e ON e.epoch = s.epoch LEFT JOIN {users} u ON u.id = s.user_id`
)

// A row is a session as it is scanned.
type row struct {
	backends.Session
	ip                         string
	rotatedAt, seenAt, endedAt pgtype.Timestamptz
	boundAt, provedAt          pgtype.Timestamptz
}

// targets returns where [liveColumns] are scanned to, and then more.
func (r *row) targets(more ...any) []any {
	return slices.Concat([]any{
		&r.ID, &r.UserID, (*string)(&r.Kind), &r.ip, &r.Client.UserAgent, &r.Client.Label, &r.AMR,
		&r.CreatedAt, &r.AuthenticatedAt, &r.LastSeenAt, (*int64)(&r.IdleTimeout), (*int64)(&r.RenewalInterval),
		&r.IdleDeadline, &r.AbsoluteDeadline, &r.Refresh.Generation,
		&r.rotatedAt, &r.seenAt,
		&r.Actor.UserID, &r.Actor.SessionID, &r.Actor.UserVersion,
		&r.Binding.Algorithm, &r.Binding.Thumbprint, &r.Binding.Key, &r.boundAt, &r.provedAt,
		&r.endedAt, (*string)(&r.Ended.Reason),
	}, more)
}

// A found is a session with its user, as [foundColumns] are scanned.
type found struct {
	row
	user    backends.User
	hasUser bool
}

func (f *found) targets() []any {
	return f.row.targets(&f.hasUser, &f.user.Name, &f.user.Roles, &f.user.Disabled, &f.user.Version)
}

// live returns the session and its user after a scan, if the session is live at now.
func (f *found) live(now time.Time) (backends.Session, backends.User, error) {
	s, u := f.session(), &f.user
	if u.ID, u.Roles = s.UserID, nilIfEmpty(u.Roles); !f.hasUser {
		u = nil
	}
	if err := s.Live(u, now); err != nil {
		return s, backends.User{}, err
	}
	return s, *u, nil
}

// session returns the session after a scan.
func (r *row) session() backends.Session {
	s := r.Session
	s.Client.IP, _ = netip.ParseAddr(r.ip)
	s.CreatedAt = s.CreatedAt.UTC()
	s.AuthenticatedAt = s.AuthenticatedAt.UTC()
	s.LastSeenAt = s.LastSeenAt.UTC()
	s.IdleDeadline = s.IdleDeadline.UTC()
	s.AbsoluteDeadline = s.AbsoluteDeadline.UTC()
	s.IdleTimeout *= time.Microsecond
	s.RenewalInterval *= time.Microsecond
	s.Refresh.RotatedAt = fromNull(r.rotatedAt)
	s.Refresh.SeenAt = fromNull(r.seenAt)
	s.Binding.BoundAt, s.Binding.ProvedAt = fromNull(r.boundAt), fromNull(r.provedAt)
	s.Ended.At = fromNull(r.endedAt)
	if r.endedAt.InfinityModifier != pgtype.Finite {
		s.Ended.At = time.Unix(0, 0).UTC() // some time
	}
	s.AMR = nilIfEmpty(s.AMR)
	return s
}

// at is t as PostgreSQL keeps it. It is cut here because a text protocol may round.
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

// nullHash is h, or NULL for the hash of no secret.
func nullHash(h backends.SecretHash) []byte {
	if h.IsZero() {
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

// address is a as it is stored: "" if it is not known.
func address(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
