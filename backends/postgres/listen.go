package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// listenerName is the application_name of the connection in pg_stat_activity.
const listenerName = "inga feed"

// How long a connection that listens may be silent before it is asked whether it still is one,
// and how long that, or a new one, may take.
const (
	silence     = time.Minute
	listenLimit = 5 * time.Second
)

// errPooler: a pooler that gives each transaction another connection loses notifications.
var errPooler = errors.New("this is a pooler")

// listen pokes the watch whenever a notification comes, until ctx ends. Not hearing any costs
// time alone: the next poll finds what there is.
func (w *watch) listen(ctx context.Context) {
	for ctx.Err() == nil {
		conn, err := w.store.listener(ctx)
		if errors.Is(err, errPooler) {
			return
		}
		if err == nil {
			w.hear(ctx, conn)
		}
		sleep(ctx, lastWait, nil)
	}
}

// listener returns a new connection that listens.
func (s *Store) listener(ctx context.Context) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, listenLimit)
	defer cancel()
	config, err := s.listenConfig(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	// A pooler makes up the process ID that clients get when they connect.
	var pid uint32
	err = conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid)
	if err == nil && pid != conn.PgConn().PID() {
		err = errPooler
	}
	if err == nil {
		_, err = conn.Exec(ctx, s.sql.listen)
	}
	if err != nil {
		closeConn(conn)
		return nil, err
	}
	return conn, nil
}

// listenConfig returns the configuration of the connection, which the caller may change.
func (s *Store) listenConfig(ctx context.Context) (*pgx.ConnConfig, error) {
	var config *pgx.ConnConfig
	if s.listen != nil {
		config = s.listen.Copy()
	} else {
		pool := s.pool.Config()
		config = pool.ConnConfig
		if pool.BeforeConnect != nil { // it may set a password that expires
			if err := pool.BeforeConnect(ctx, config); err != nil {
				return nil, err
			}
		}
	}
	config.Tracer, config.OnNotification = nil, nil // they are the application's
	config.RuntimeParams["application_name"] = listenerName
	return config, nil
}

// hear pokes the watch until the connection is lost, and closes it.
func (w *watch) hear(ctx context.Context, conn *pgx.Conn) {
	defer closeConn(conn)
	for {
		select {
		case w.poked <- struct{}{}:
		default:
		}
		waiting, cancel := context.WithTimeout(ctx, silence)
		_, err := conn.WaitForNotification(waiting)
		cancel()
		// A wait that times out leaves the connection as it was.
		if err != nil && (ctx.Err() != nil || conn.IsClosed() || w.store.listenAgain(ctx, conn) != nil) {
			return
		}
	}
}

// listenAgain asks the connection whether it still is one.
func (s *Store) listenAgain(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, listenLimit)
	defer cancel()
	_, err := conn.Exec(ctx, s.sql.listen)
	return err
}

func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx)
}
