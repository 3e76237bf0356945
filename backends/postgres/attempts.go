package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/backends"
)

var _ backends.Attempts = (*Store)(nil)

// A name that is not stored has no row to lock, so calls with a name in common take turns by a
// lock on the name. It is a statement of its own: the next one then sees what the former holders
// have committed. The rows are locked as well, against a success, which takes no turn.
//
// Everything locks in the order of the names, so that no two calls wait for each other.
const (
	lockNamesSQL = `SELECT pg_advisory_xact_lock(lock) FROM unnest($1::bigint[]) lock`

	triesSQL     = `SELECT name, tries, last_at, ends_at FROM {attempts} WHERE name = ANY ($1::bytea[])`
	lockTriesSQL = triesSQL + ` ORDER BY name FOR UPDATE`

	saveTriesSQL = `
INSERT INTO {attempts} (name, tries, last_at, ends_at)
SELECT * FROM unnest($1::bytea[], $2::integer[], $3::timestamptz[], $4::timestamptz[])
ON CONFLICT (name) DO UPDATE SET tries = EXCLUDED.tries, last_at = EXCLUDED.last_at, ends_at = EXCLUDED.ends_at`

	forgetTriesSQL = `DELETE FROM {attempts} WHERE name = $1::bytea`

	returnTurnSQL = `
UPDATE {attempts} SET tries = tries - 1, ends_at = ends_at - $2::bigint * interval '1 microsecond'
WHERE name = $1::bytea AND tries > 0`
)

// Attempt implements [backends.Attempts]. A try that is refused is one statement without a lock,
// so a flood of them holds up no other. A turn is a transaction of five more, in which the rule of
// package backends decides.
func (s *Store) Attempt(ctx context.Context, now time.Time, budgets ...backends.Budget) error {
	if err := backends.ValidBudgets(budgets); err != nil {
		return err
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	budgets = inOrder(budgets)
	_, err := s.decide(ctx, s.pool, s.sql.tries, now, budgets)
	if err == nil {
		err = pgx.BeginTxFunc(ctx, s.pool, readCommitted, func(tx pgx.Tx) error {
			return s.takeTurns(ctx, tx, now, budgets)
		})
	}
	if err == nil || errors.Is(err, backends.ErrTooManyAttempts) {
		return err
	}
	return failed("count attempt", err)
}

func (s *Store) takeTurns(ctx context.Context, tx pgx.Tx, now time.Time, budgets []backends.Budget) error {
	locks := make([]int64, len(budgets))
	for i, b := range budgets {
		locks[i] = int64(binary.BigEndian.Uint64(b.Name[:]))
	}
	if _, err := tx.Exec(ctx, lockNamesSQL, locks); err != nil {
		return err
	}
	taken, err := s.decide(ctx, tx, s.sql.lockTries, now, budgets)
	if err != nil {
		return err
	}
	counts, last, ends := make([]int32, len(taken)), make([]time.Time, len(taken)), make([]time.Time, len(taken))
	for i, t := range taken {
		counts[i], last[i], ends[i] = int32(t.Count), at(t.Last), at(t.End)
	}
	_, err = tx.Exec(ctx, s.sql.saveTries, namesOf(budgets), counts, last, ends)
	return err
}

// decide returns what to store after a try at now, or why it is refused, by what the statement
// reads.
func (s *Store) decide(ctx context.Context, q querier, sql string, now time.Time, budgets []backends.Budget) ([]backends.Tries, error) {
	rows, err := q.Query(ctx, sql, namesOf(budgets))
	if err != nil {
		return nil, err
	}
	var (
		has  = make([]backends.Tries, len(budgets))
		name []byte
		t    backends.Tries
	)
	_, err = pgx.ForEachRow(rows, []any{&name, &t.Count, &t.Last, &t.End}, func() error {
		i := slices.IndexFunc(budgets, func(b backends.Budget) bool { return bytes.Equal(b.Name[:], name) })
		has[i] = t
		return nil
	})
	if err != nil {
		return nil, err
	}
	return backends.TakeTurns(now, budgets, has)
}

// Succeed implements [backends.Attempts]. It is one round trip.
func (s *Store) Succeed(ctx context.Context, _ time.Time, budgets ...backends.Budget) error {
	if err := backends.ValidBudgets(budgets); err != nil {
		return err
	}
	ctx, cancel := s.bound(ctx)
	defer cancel()
	var batch pgx.Batch
	for _, b := range inOrder(budgets) {
		if b.Shared {
			batch.Queue(s.sql.returnTurn, b.Name[:], b.Forget.Microseconds())
		} else {
			batch.Queue(s.sql.forgetTries, b.Name[:])
		}
	}
	return failed("count success", s.pool.SendBatch(ctx, &batch).Close())
}

func inOrder(budgets []backends.Budget) []backends.Budget {
	return slices.SortedFunc(slices.Values(budgets), func(a, b backends.Budget) int {
		return bytes.Compare(a.Name[:], b.Name[:])
	})
}

func namesOf(budgets []backends.Budget) [][]byte {
	names := make([][]byte, len(budgets))
	for i := range budgets {
		names[i] = budgets[i].Name[:]
	}
	return names
}
