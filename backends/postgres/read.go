package postgres

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A querier is a pool or a transaction.
type querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// A runner is once or read.
type runner = func(ctx context.Context, f func(querier) error) error

func (s *Store) once(_ context.Context, f func(querier) error) error { return f(s.pool) }

// read calls f, which only reads, and once more if the connection was dead. That is how a pool
// learns of a server that restarted, or of a network that forgot. The second time it has a
// connection that answers: the next one from the pool may be as dead.
func (s *Store) read(ctx context.Context, f func(querier) error) error {
	err := f(s.pool)
	if ctx.Err() != nil || !dead(err) {
		return err
	}
	conn := s.answering(ctx)
	if conn == nil {
		return err
	}
	defer conn.Release()
	return f(conn)
}

// answering returns a connection that answers, or nil.
func (s *Store) answering(ctx context.Context) *pgxpool.Conn {
	for range s.pool.Stat().MaxConns() + 1 {
		conn, err := s.pool.Acquire(ctx)
		if err != nil {
			return nil
		}
		if conn.Ping(ctx) == nil {
			return conn
		}
		conn.Release() // which closes it
	}
	return nil
}

// dead reports whether err means that there was a connection and it has ended.
func dead(err error) bool {
	var (
		server  *pgconn.PgError
		connect *pgconn.ConnectError
		network *net.OpError
	)
	switch {
	case errors.As(err, &connect):
		return false
	case errors.As(err, &server):
		return server.Code == "57P01" || server.Code == "57P02" // the server went down, or ended it
	}
	return pgconn.SafeToRetry(err) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}
