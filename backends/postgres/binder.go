package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Binder = (*Store)(nil)

// Of simultaneous calls the others wait for the first to commit, and then find the key.
const bindSQL = `
UPDATE {sessions} s SET key_algorithm = $3::text, key_thumbprint = $4::text, key_jwk = $5::text,
	bound_at = $6::timestamptz, proved_at = $7::timestamptz
WHERE s.id = $2::text AND s.key_thumbprint IS NULL AND {live}
RETURNING s.user_id`

// Bind implements [backends.Binder].
func (s *Store) Bind(ctx context.Context, now time.Time, id string, b backends.Binding) (bool, error) {
	if err := b.Validate(); err != nil {
		return false, err
	}
	if !backends.ValidID(id) {
		return false, nil
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var userID string
	err := s.pool.QueryRow(ctx, s.sql.bind, at(now), id, b.Algorithm, b.Thumbprint, b.Key, at(b.BoundAt), at(b.ProvedAt)).Scan(&userID)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err != nil:
		return false, failed("bind session", err)
	}
	s.subscribers.Call(userID)
	return true, nil
}

// The trigger of the feed does not ask about this column.
const provedSQL = `
UPDATE {sessions} s SET proved_at = $1::timestamptz
WHERE s.id = $2::text AND s.key_thumbprint = $3::text AND s.proved_at < $1::timestamptz AND {live}`

// Proved implements [backends.Binder].
func (s *Store) Proved(ctx context.Context, now time.Time, id, thumbprint string) error {
	if !backends.ValidID(id) || !backends.ValidText(thumbprint) {
		return nil // no session has it
	}
	_, err := s.exec(ctx, s.sql.proved, at(now), id, thumbprint)
	return failed("record a proof", err)
}
