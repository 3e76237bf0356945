package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Values = (*Store)(nil)

// The upsert is one of a value; the session must be live, and is not touched.
const (
	setValueSQL = `
INSERT INTO {values} (session_id, key, value)
SELECT s.id, $3::text, $4::bytea FROM {sessions} s WHERE s.id = $2::text AND {live}
ON CONFLICT (session_id, key) DO UPDATE SET value = EXCLUDED.value`

	valueSQL = `
SELECT v.value FROM {sessions} s LEFT JOIN {values} v ON v.session_id = s.id AND v.key = $3::text
WHERE s.id = $2::text AND {live}`

	// Of two at once the second waits for the first, and then finds nothing to delete.
	takeValueSQL = `
WITH s AS (
	SELECT s.id FROM {sessions} s WHERE s.id = $2::text AND {live}
), taken AS (
	DELETE FROM {values} v USING s WHERE v.session_id = s.id AND v.key = $3::text
	RETURNING v.value
)
SELECT (SELECT value FROM taken) FROM s`
)

// SetValue implements [backends.Values].
func (s *Store) SetValue(ctx context.Context, now time.Time, id, key string, value []byte) error {
	if err := backends.ValidValue(key, value); err != nil {
		return err
	}
	if !backends.ValidID(id) {
		return backends.ErrNotLive
	}
	if value == nil {
		value = []byte{} // nil would be NULL
	}
	tag, err := s.exec(ctx, s.sql.setValue, at(now), id, key, value)
	if err != nil {
		return failed("set value", err)
	}
	if tag.RowsAffected() == 0 {
		return backends.ErrNotLive
	}
	return nil
}

// Value implements [backends.Values].
func (s *Store) Value(ctx context.Context, now time.Time, id, key string) ([]byte, error) {
	return s.valueOf(ctx, s.read, s.sql.value, now, id, key)
}

// TakeValue implements [backends.Values].
func (s *Store) TakeValue(ctx context.Context, now time.Time, id, key string) ([]byte, error) {
	return s.valueOf(ctx, s.once, s.sql.takeValue, now, id, key)
}

func (s *Store) valueOf(ctx context.Context, run runner, sql string, now time.Time, id, key string) ([]byte, error) {
	if !backends.ValidID(id) {
		return nil, backends.ErrNotLive
	}
	if !backends.ValidKey(key) {
		key = "" // nothing has it
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var value []byte
	err := run(ctx, func(q querier) error {
		return q.QueryRow(ctx, sql, at(now), id, key).Scan(&value)
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, backends.ErrNotLive
	case err != nil:
		return nil, failed("read value", err)
	case value == nil:
		return nil, backends.ErrNoValue
	}
	return value, nil
}
